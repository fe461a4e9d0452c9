package load

import "time"

// A schedule says when each message of a fixed rate is due. Latency counts from then, so that a server which holds
// the generator up is not forgiven the messages that it delayed.
type schedule struct {
	rate float64 // messages a second
}

// at is when message k is due, counted from the start.
func (s schedule) at(k uint64) time.Duration {
	return time.Duration(float64(k) / s.rate * float64(time.Second))
}

// due is how many messages are due by then: those with at(k) ≤ elapsed.
func (s schedule) due(elapsed time.Duration) uint64 {
	if elapsed < 0 {
		return 0
	}
	k := uint64(elapsed.Seconds() * s.rate)
	for s.at(k) <= elapsed { // rounding may leave k one short
		k++
	}
	for k > 0 && s.at(k-1) > elapsed {
		k--
	}
	return k
}
