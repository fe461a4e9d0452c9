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
	want := map[float64]uint64{50e-6: 3, 100e-6: 5, 0.4096: 5, 0.8192: 5, 1.6384: 6, 26.2144: 6}
	for _, b := range h.Bucket {
		if n, ok := want[b.GetUpperBound()]; ok && n != b.GetCumulativeCount() {
			t.Errorf("%d are not longer than %v s, want %d", b.GetCumulativeCount(), b.GetUpperBound(), n)
		}
		delete(want, b.GetUpperBound())
	}
	if len(want) > 0 {
		t.Errorf("no buckets for %v", want)
	}
	if sum := h.GetSampleSum(); h.GetSampleCount() != 8 || sum < 3661 || sum > 3661.001 {
		t.Errorf("%d with a sum of %v s", h.GetSampleCount(), sum)
	}
}
