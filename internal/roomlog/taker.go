package roomlog

import (
	"sync/atomic"
	"time"
)

// Taker is whether a session takes what it is given as fast as it comes. Whoever
// writes to its socket says so; who wants to know may be any goroutine. The zero value
// takes everything.
type Taker struct {
	state atomic.Int64 // 0: it takes everything; else when its socket was full first, doubled, and slowBit
}

// slowBit says that it had no room for slowAfter, and has yet to catch up: that is its
// own fault. Before, it may be the machine's.
const slowBit = 1

// slowAfter is how long a socket may be full until its reader counts as slow. One that
// reads as fast as it can has room again within a fraction of it.
const slowAfter = 500 * time.Millisecond

// Full says that the socket takes no more now.
func (t *Taker) Full() {
	if t.state.Load() == 0 {
		t.state.Store(int64(Since()) * 2)
	}
}

// Room says that the socket takes more again.
func (t *Taker) Room() {
	state := t.state.Load()
	switch {
	case state == 0 || state&slowBit != 0:
	case fullFor(state, Since()) >= slowAfter:
		t.state.Store(state | slowBit)
	default:
		t.state.Store(0)
	}
}

// Through says that the socket took all that there was.
func (t *Taker) Through() {
	if t.state.Load() != 0 {
		t.state.Store(0)
	}
}

// takes reports whether the session would take more if it were given it.
func (t *Taker) takes(now time.Duration) bool {
	state := t.state.Load()
	return state == 0 || state&slowBit == 0 && fullFor(state, now) < slowAfter
}

func fullFor(state int64, now time.Duration) time.Duration { return now - time.Duration(state/2) }
