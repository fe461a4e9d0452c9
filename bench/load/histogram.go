package load

import (
	"math/bits"
	"time"
)

// A histogram counts durations in buckets that are at most 1/32 of their value wide, from a nanosecond to hours.
type histogram struct {
	buckets [64 << subBits]uint64
	count   uint64
	max     time.Duration
}

const subBits = 5

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucketOf(uint64(d))]++
	h.count++
	h.max = max(h.max, d)
}

// quantile returns a duration that the share q of all is not above, exact to a bucket's width; 0 for none.
func (h *histogram) quantile(q float64) time.Duration {
	want := uint64(q * float64(h.count))
	var below uint64
	for i, n := range h.buckets {
		if below += n; n > 0 && below >= want {
			return min(time.Duration(topOf(i)), h.max)
		}
	}
	return h.max
}

// bucketOf gives small values a bucket each, and every further power of two 1<<subBits buckets.
func bucketOf(v uint64) int {
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// topOf is the greatest value in a bucket.
func topOf(bucket int) uint64 {
	shift := max(bucket>>subBits-1, 0)
	return uint64(bucket-shift<<subBits+1)<<shift - 1
}
