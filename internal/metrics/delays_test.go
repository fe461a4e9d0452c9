package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func TestADelayIsInTheBucketsThatAreNotShorter(t *testing.T) {
	d := newDelays("delays", "Delays.")
	one, other := d.Part(), d.Part()
	for _, delay := range []time.Duration{-1, 0, 50 * time.Microsecond, 50*time.Microsecond + 1, 100 * time.Microsecond, time.Second, time.Hour} {
		one.Add(delay)
	}
	other.Add(time.Minute)
	reg := prometheus.NewRegistry()
	reg.MustRegister(d)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var h *dto.Histogram
	for _, f := range families {
		h = f.Metric[0].Histogram
	}
	want := []uint64{3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6} // 1 s is in that of 50 µs × 2¹⁵
	for i, b := range h.Bucket {
		if i >= len(want) || b.GetCumulativeCount() != want[i] || b.GetUpperBound() != (50*time.Microsecond<<i).Seconds() {
			t.Errorf("bucket %d: %d are not longer than %v s, want %v", i, b.GetCumulativeCount(), b.GetUpperBound(), want)
		}
	}
	if sum := h.GetSampleSum(); h.GetSampleCount() != 8 || sum < 3661 || sum > 3661.001 {
		t.Errorf("%d with a sum of %v s", h.GetSampleCount(), sum)
	}
}
