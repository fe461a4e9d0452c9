package engine

import "time"

// audienceOf gives the audience of a room, made at need.
func (l *loop) audienceOf(r *liveRoom) *audience {
	a := l.audiences[r]
	if a == nil {
		a = &audience{loop: l, room: r}
		l.audiences[r] = a
	}
	return a
}

// forget forgets an audience that nobody is in.
func (l *loop) forget(a *audience) { delete(l.audiences, a.room) }

// hear has a marked audience begin a pass, now or when it may. What is appended from
// here on marks it again.
func (l *loop) hear(a *audience, now time.Time) {
	a.heard += int(a.marks.Swap(0))
	if a.state == resting {
		l.schedule(a, now)
	}
}

// schedule has an audience begin a pass as soon as it may.
func (l *loop) schedule(a *audience, now time.Time) {
	if a.until = a.waitsUntil(); a.until.After(now) {
		a.state = gathering
		l.gathers = append(l.gathers, a)
		return
	}
	l.begin(a, now)
}

func (l *loop) begin(a *audience, now time.Time) {
	a.state, a.at, a.took = passing, 0, 0
	a.asked, a.heard = a.heard, 0
	a.load.since = now
	l.passes = append(l.passes, a)
}

// pass goes on with the passes, each in turn, until maxServed members were served.
func (l *loop) pass(now time.Time) {
	l.gathered(now)
	if len(l.passes) == 0 {
		return
	}
	l.counts.begin()
	now = time.Now() // what came before in this round is none of a room's work
	taken := 0
	for left := maxServed; left > 0 && taken < len(l.passes); taken++ {
		a := l.passes[taken]
		served, done := a.serve(left, now)
		left -= max(served, 1)
		after := time.Now()
		a.took += after.Sub(now)
		now = after
		if done {
			l.passed(a, now)
		} else {
			l.passes = append(l.passes, a)
		}
	}
	rest := copy(l.passes, l.passes[taken:])
	clear(l.passes[rest:])
	l.passes = l.passes[:rest]
}

// passed ends a pass.
func (l *loop) passed(a *audience, now time.Time) {
	a.state = resting
	a.count(a.took, a.asked)
	if a.heard > 0 {
		l.schedule(a, now)
	}
}

// gathered begins the passes of those that have waited long enough.
func (l *loop) gathered(now time.Time) {
	kept := l.gathers[:0]
	for _, a := range l.gathers {
		if a.until.After(now) {
			kept = append(kept, a)
		} else {
			l.begin(a, now)
		}
	}
	clear(l.gathers[len(kept):])
	l.gathers = kept
}
