package room

import "time"

// Window allows at most N of something in any stretch of time as long as Per: a
// sliding window, exact to the clock's tick. The zero value of N allows all.
type Window struct {
	N   int
	Per time.Duration

	times []time.Time // the last N that were allowed, a ring once it is full
	next  int
}

// Allow takes one at now, unless N were allowed less than Per ago.
func (w *Window) Allow(now time.Time) bool {
	if w.Wait(now) > 0 {
		return false
	}
	switch {
	case w.N == 0:
	case len(w.times) < w.N:
		w.times = append(w.times, now)
	default:
		w.times[w.next] = now
		w.next = (w.next + 1) % w.N
	}
	return true
}

// Wait is how long after now Allow would say yes.
func (w *Window) Wait(now time.Time) time.Duration {
	if w.N == 0 || len(w.times) < w.N {
		return 0
	}
	return max(0, w.Per-now.Sub(w.times[w.next]))
}

// Idle reports whether nothing that was allowed counts any more at now.
func (w *Window) Idle(now time.Time) bool {
	for _, t := range w.times {
		if now.Sub(t) < w.Per {
			return false
		}
	}
	return true
}
