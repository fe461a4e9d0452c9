package roomlog

import (
	"sync/atomic"
	"time"
)

// Taker is whether a session takes what it is given as fast as it comes. Whoever
// writes to its socket says so; who wants to know may be any goroutine. The zero value
// takes everything.
type Taker struct {
	state atomic.Int32
	since atomic.Int64 // full since then, as Since counts
}

const (
	takesAll    int32 = iota
	takesNone         // its socket has no room, which may be the machine's fault
	takesSlowly       // it had none for slowAfter, and has yet to catch up: that is its own
)

// slowAfter is how long a socket may be full until its reader counts as slow. One that
// reads as fast as it can has room again within a fraction of it.
const slowAfter = 250 * time.Millisecond

// Full says that the socket takes no more now.
func (t *Taker) Full() {
	if t.state.Load() == takesAll {
		t.since.Store(int64(Since()))
		t.state.Store(takesNone)
	}
}

// Room says that the socket takes more again.
func (t *Taker) Room() {
	if t.state.Load() != takesNone {
		return
	}
	next := takesAll
	if !t.mayBeOurs(Since()) {
		next = takesSlowly
	}
	t.state.Store(next)
}

// Through says that the socket took all that there was.
func (t *Taker) Through() {
	if t.state.Load() != takesAll {
		t.state.Store(takesAll)
	}
}

// takes reports whether the session would take more if it were given it.
func (t *Taker) takes(now time.Duration) bool {
	switch t.state.Load() {
	case takesAll:
		return true
	case takesNone:
		return t.mayBeOurs(now)
	}
	return false
}

func (t *Taker) mayBeOurs(now time.Duration) bool {
	return now-time.Duration(t.since.Load()) < slowAfter
}
