package debug

import (
	"math"
	"strings"
	"testing"
)

func TestQuantilesOfAHistogram(t *testing.T) {
	bounds := []float64{1, 2, 4, math.Inf(1)}
	for name, c := range map[string]struct {
		counts  []uint64
		q, want float64
	}{
		"of nothing":              {[]uint64{0, 0, 0, 0}, 0.5, 0},
		"of one bucket, the half": {[]uint64{0, 10, 0, 0}, 0.5, 1.5},
		"all":                     {[]uint64{0, 10, 0, 0}, 1, 2},
		"over two":                {[]uint64{50, 50, 0, 0}, 0.5, 1},
		"of the last":             {[]uint64{98, 0, 2, 0}, 0.99, 3},
		"above every bound":       {[]uint64{1, 0, 0, 99}, 0.99, 4},
	} {
		h := histogram{bounds, c.counts}
		if got := h.quantile(c.q); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	now, before := histogram{bounds, []uint64{5, 5, 0, 0}}, histogram{bounds, []uint64{5, 0, 0, 0}}
	if d := now.since(&before); d.counts[0] != 0 || d.counts[1] != 5 {
		t.Errorf("since: %v", d.counts)
	}
}

func TestNumbersAreWrittenAsPeopleReadThem(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(999): "999", count(1000): "1,000", count(uint64(1234567)): "1,234,567", count(3.25): "3.2", count(10.4): "10",
		ms(0): "0", ms(0.05): "0.05 ms", ms(42.4): "42 ms", ms(1500): "1.5 s", ms(600_000): "10 min",
		size(12): "12 B", size(2048): "2.0 KiB", size(int64(300 << 20)): "300 MiB", size(5e9): "4.7 GiB", size(5e13): "46566.1 GiB",
		share(0): "0 %", share(0.004): "0.4 %", share(0.5): "50 %", share(2.15): "215 %",
		bar(-1): "0.0", bar(0.5): "50.0", bar(3): "100.0",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestALineGoesFromThePastToNow(t *testing.T) {
	of := func(m *moment) float64 { return m.Events }
	if got := polyline([]moment{{Events: 1}}, of) + polyline([]moment{{}, {}}, of); got != "" {
		t.Errorf("of one moment, and of nothing: %q", got)
	}
	points := strings.Fields(polyline([]moment{{Events: 0}, {Events: 5}, {Events: 10}}, of))
	if len(points) != 3 || points[0] != "115.9,26.0" || points[2] != "120.0,2.0" {
		t.Errorf("points %q", points)
	}
}
