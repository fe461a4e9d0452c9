package load

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAQuantileIsWithinABucketOfTheExactOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 1, 200).Draw(t, "values")
		q := rapid.Float64Range(0.01, 1).Draw(t, "q")
		var h histogram
		for _, v := range values {
			h.add(time.Duration(v))
		}
		slices.Sort(values)
		exact := time.Duration(values[max(int(q*float64(len(values)))-1, 0)])
		if got := h.quantile(q); got < exact || got > exact+exact/(1<<subBits) {
			t.Fatalf("quantile %v of %v is %v, exactly %v", q, values, got, exact)
		}
	})
}

func TestBucketsFollowOneAnotherWithoutAHole(t *testing.T) {
	for b := range 40 << subBits {
		top := topOf(b)
		if bucketOf(top) != b || bucketOf(top+1) != b+1 {
			t.Fatalf("bucket %d ends at %d, but %d is in %d and %d in %d", b, top, top, bucketOf(top), top+1, bucketOf(top+1))
		}
	}
}

func TestAnEmptyHistogramHasNoQuantile(t *testing.T) {
	var h histogram
	if got := h.quantile(0.99); got != 0 {
		t.Errorf("got %v", got)
	}
}
