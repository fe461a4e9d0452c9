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
		exact := time.Duration(values[max(rank(q, uint64(len(values))), 1)-1])
		if got := h.quantile(q); got < exact || got > exact+exact/(1<<subBits) {
			t.Fatalf("quantile %v of %v is %v, exactly %v", q, values, got, exact)
		}
	})
}

func TestBucketsFollowOneAnotherWithoutAHole(t *testing.T) {
	for b := range buckets - 1 {
		top := topOf(b)
		if bucketOf(top) != b || bucketOf(top+1) != b+1 {
			t.Fatalf("bucket %d ends at %d, but %d is in %d and %d in %d",
				b, top, top, bucketOf(top), top+1, bucketOf(top+1))
		}
	}
}

func TestAnEmptyHistogramHasNoQuantile(t *testing.T) {
	var h histogram
	if got := h.quantile(0.99); got != 0 {
		t.Errorf("got %v", got)
	}
}

func TestMergedHistogramsAreAsOneThatSawAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var one, other, all, sum histogram
		for _, into := range []*histogram{&one, &other} {
			for _, v := range rapid.SliceOfN(rapid.Int64Range(-1, int64(2*longest)), 0, 50).Draw(t, "values") {
				into.add(time.Duration(v))
				all.add(time.Duration(v))
			}
		}
		sum.add(time.Minute)
		sum.reset()
		sum.merge(&one)
		sum.merge(&other)
		if sum != all {
			t.Fatalf("merged they are %d to %v, want %d to %v", sum.count, sum.max, all.count, all.max)
		}
	})
}

func TestACurveRisesToTheGreatest(t *testing.T) {
	var h histogram
	for i := range 1000 {
		h.add(time.Duration(i) * time.Millisecond)
	}
	curve := h.latency().Curve
	for i, p := range curve[1:] {
		if p.Quantile <= curve[i].Quantile || p.Value < curve[i].Value {
			t.Fatalf("%v follows %v", p, curve[i])
		}
	}
	if last := curve[len(curve)-1]; last.Quantile != 1 || last.Value != 999*time.Millisecond {
		t.Errorf("it ends with %v", last)
	}
}

func BenchmarkHistogramAdd(b *testing.B) {
	var h histogram
	d := time.Duration(1)
	for b.Loop() {
		d = d*3%time.Second + 1
		h.add(d)
	}
}

func TestTheRankOfAQuantileIsTheShareAtLeast(t *testing.T) {
	for _, c := range []struct {
		q           float64
		count, want uint64
	}{
		{0.5, 0, 0}, {0.5, 1, 1}, {0.5, 2, 1}, {0.5, 3, 2}, {0.9, 10, 9}, {0.99, 50, 50}, {0.99, 100, 99},
		{0.999, 1000, 999}, {0.999, 1e9, 999e6}, {1, 7, 7},
	} {
		if got := rank(c.q, c.count); got != c.want {
			t.Errorf("%v of %d is %d, want %d", c.q, c.count, got, c.want)
		}
	}
}
