package engine

import "time"

// load is what passes cost, to know whether to gather. A write costs about the same
// whatever it carries, so under load it pays to wait for more. What counts is not how
// busy the loop is, which gathering changes, but how busy it would be without: each
// pass counts as often as there was something new for it.
type load struct {
	work  time.Duration // since the window began
	share float64       // of the last window, without gathering
	since time.Time     // the loop's window began, or the audience's last pass ended
	known bool          // an audience is on its loop's list
}

const (
	loadWindow = 100 * time.Millisecond

	// Beyond this share of its time a loop gathers, for rooms that need this much of it.
	busyLoop = 0.5
	busyRoom = 0.02
)

// count adds a pass that took so long and had been asked for so often.
func (a *audience) count(took time.Duration, marks int) {
	l := a.loop
	l.watch.passed(a.room, took)
	work := took * time.Duration(max(marks, 1))
	if !a.load.known {
		a.load.known = true
		l.worked = append(l.worked, a)
	}
	a.load.work += work
	l.load.work += work
}

// weigh closes a window of the loop's load.
func (l *loop) weigh(now time.Time) {
	window := now.Sub(l.load.since)
	if window < loadWindow {
		return
	}
	l.load.since = now
	l.load.share, l.load.work = float64(l.load.work)/float64(window), 0
	kept := l.worked[:0]
	for _, a := range l.worked {
		a.load.share, a.load.work = float64(a.load.work)/float64(window), 0
		if a.load.known = a.load.share > 0; a.load.known { // looked at once more, so that it can become quiet
			kept = append(kept, a)
		}
	}
	clear(l.worked[len(kept):])
	l.worked = kept
}

// waitsUntil is when the next pass may begin: the zero time for at once.
func (a *audience) waitsUntil() time.Time {
	l := a.loop
	if l.gather == 0 || l.load.share < busyLoop || a.load.share < busyRoom {
		return time.Time{}
	}
	return a.load.since.Add(l.gather)
}
