package engine

import "testing"

func TestMemoryIsGivenBackWhenACrowdHasSettled(t *testing.T) {
	var r release
	moves := uint64(0)
	look := func(more uint64, sessions int, want bool) {
		t.Helper()
		moves += more
		if got := r.due(moves, sessions); got != want {
			t.Errorf("after %d more of %d, and %d quiet looks: %v", more, moves, r.quiet, got)
		}
	}
	look(0, 0, false)
	look(0, 0, false) // nobody has come
	look(10_000, 10_000, false)
	look(5_000, 15_000, false)
	look(3, 15_003, false)
	look(0, 15_003, true)
	for range lastRelease - firstRelease - 1 {
		look(2, 15_000, false)
	}
	look(0, 15_000, true)
	for range 500 {
		look(2, 15_000, false) // too few for so many
	}
	for range 100 {
		look(200, 15_000, false) // it is never quiet
	}
	look(0, 15_000, false)
	look(0, 15_000, true)
	for range 10 {
		look(60, 15_000, false) // a few come now and then
		look(0, 15_000, false)
		look(0, 15_000, false)
	}
}
