package load

import (
	"math"
	"math/bits"
	"time"
)

// A histogram counts durations in buckets that are at most 1/1024 of their value
// wide, from a nanosecond to hours: what HDR histograms do, with three digits. It
// is ours since an add is one shift and one increment, on the path of every
// delivery.
type histogram struct {
	buckets [buckets]uint64
	count   uint64
	max     time.Duration
}

const (
	subBits = 10
	longest = 4 * time.Hour // what is longer counts as this; it has 44 bits
	buckets = (44 - subBits + 1) << subBits
)

func (h *histogram) add(d time.Duration) {
	d = min(max(d, 0), longest)
	h.buckets[bucketOf(uint64(d))]++
	h.count++
	h.max = max(h.max, d)
}

// merge adds all that other counted.
func (h *histogram) merge(other *histogram) {
	if other.count == 0 {
		return
	}
	for i, n := range other.buckets[:bucketOf(uint64(other.max))+1] {
		h.buckets[i] += n
	}
	h.count += other.count
	h.max = max(h.max, other.max)
}

// reset forgets all.
func (h *histogram) reset() {
	clear(h.buckets[:bucketOf(uint64(h.max))+1])
	h.count, h.max = 0, 0
}

// quantile returns a duration that at least the share q of all is not above, exact
// to a bucket's width; 0 for none.
func (h *histogram) quantile(q float64) time.Duration {
	want := rank(q, h.count)
	var below uint64
	for i, n := range h.buckets[:bucketOf(uint64(h.max))+1] {
		if below += n; n > 0 && below >= want {
			return min(time.Duration(topOf(i)), h.max)
		}
	}
	return h.max
}

// rank is how many of count are the share q at least.
func rank(q float64, count uint64) uint64 {
	const rounding = 1e-12 // q is rarely exact
	return uint64(math.Ceil(q*float64(count) - rounding*float64(count)))
}

// latency sums up. The curve has the percentiles that HDR plots show: four to each
// halving of what is left above.
func (h *histogram) latency() Latency {
	l := Latency{
		Count: h.count, P50: h.quantile(0.50), P90: h.quantile(0.90),
		P99: h.quantile(0.99), P999: h.quantile(0.999), Max: h.max,
	}
	const parts = 4
	for left := 1.0; left*float64(h.count) >= 1; left /= 2 {
		for i := range parts {
			q := 1 - left + left/2*float64(i)/parts
			l.Curve = append(l.Curve, Point{Quantile: q, Value: h.quantile(q)})
		}
	}
	if h.count > 0 {
		l.Curve = append(l.Curve, Point{Quantile: 1, Value: h.max})
	}
	return l
}

// bucketOf gives small values a bucket each, and every further power of two
// 1<<subBits buckets.
func bucketOf(v uint64) int {
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// topOf is the greatest value in a bucket.
func topOf(bucket int) uint64 {
	shift := max(bucket>>subBits-1, 0)
	return uint64(bucket-shift<<subBits+1)<<shift - 1
}
