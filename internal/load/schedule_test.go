package load

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAMessageIsDueFromItsTimeOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedule{rate: rapid.Float64Range(0.5, 1e5).Draw(t, "rate")}
		k := rapid.Uint64Range(0, 1e6).Draw(t, "k")
		if got := s.due(s.at(k)); got < k+1 {
			t.Fatalf("at the time of message %d, %d are due", k, got)
		}
		if got := s.due(s.at(k) - 1); got > k {
			t.Fatalf("before the time of message %d, %d are due", k, got)
		}
	})
}

func TestARateIsKeptOverTime(t *testing.T) {
	s := schedule{rate: 250}
	for elapsed, want := range map[time.Duration]uint64{
		-1: 0, 0: 1, 4*time.Millisecond - 1: 1, 4 * time.Millisecond: 2, time.Minute: 15001,
	} {
		if got := s.due(elapsed); got != want {
			t.Errorf("after %v %d are due, want %d", elapsed, got, want)
		}
	}
}
