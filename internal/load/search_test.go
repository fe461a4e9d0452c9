package load

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestASearchFindsTheHighestRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Float64Range(1, 1e6).Draw(t, "limit")
		first := rapid.Float64Range(1, 1e6).Draw(t, "first")
		told := 0
		all, err := search(first, func(Step) { told++ }, func(rate float64) (Step, error) {
			return Step{Offered: rate, Kept: rate <= limit}, nil
		})
		best := 0.0
		for _, s := range all {
			if s.Kept {
				best = max(best, s.Offered)
			}
		}
		if err != nil || best > limit || best < limit/near {
			t.Fatalf("of %v it found %v, %v", limit, best, err)
		}
		if told != len(all) || len(all) == steps {
			t.Fatalf("%d steps, %d told", len(all), told)
		}
	})
}

func TestASearchEndsWhereNothingIsKept(t *testing.T) {
	all, err := search(100, nil, func(rate float64) (Step, error) { return Step{Offered: rate}, nil })
	if err != nil || len(all) == 0 || all[len(all)-1].Offered >= 2*slowest {
		t.Errorf("%d steps, %v", len(all), err)
	}
}

func TestASearchGivesTheStepsBeforeAnError(t *testing.T) {
	broken := errors.New("broken")
	all, err := search(100, nil, func(rate float64) (Step, error) {
		if rate > 300 {
			return Step{}, broken
		}
		return Step{Offered: rate, Kept: true}, nil
	})
	if !errors.Is(err, broken) || len(all) != 2 {
		t.Errorf("%d steps, %v", len(all), err)
	}
}
