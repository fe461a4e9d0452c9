package engine

import (
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
)

// unrest is for how long a loop has not come to rest: then what it carries waits for it.
// Its loop tells; whoever may put something off asks.
type unrest struct {
	since atomic.Int64 // as roomlog.Since counts, doubled, and 1 more; 0: it rests

	// The loop's own.
	was  int64     // since, before it rested
	from time.Time // it rested then
}

const (
	rested    = 50 * time.Microsecond // what is shorter is none: there was something to do already
	busyAfter = 5 * time.Millisecond
)

// works is told of a round's begin.
func (u *unrest) works(now time.Time) {
	switch {
	case u.since.Load() != 0: // it had no rest
	case u.was != 0 && now.Sub(u.from) < rested:
		u.since.Store(u.was)
	default:
		u.since.Store(int64(roomlog.Since())*2 | 1)
	}
}

// rests is told of the end of a round that left nothing for the next.
func (u *unrest) rests(now time.Time) { u.was, u.from = u.since.Swap(0), now }

func (u *unrest) isBusy(now time.Duration) bool {
	since := u.since.Load()
	return since != 0 && now-time.Duration(since>>1) >= busyAfter
}

// Busy reports whether those who are in wait for a loop, so that whoever comes may
// better wait at the door.
func (e *Engine) Busy() bool {
	if e.loops == nil {
		return false
	}
	now := roomlog.Since()
	for _, l := range e.loops.list {
		if l.unrest.isBusy(now) {
			return true
		}
	}
	return false
}
