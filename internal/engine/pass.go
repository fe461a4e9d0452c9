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

// hear has an audience begin a pass, now or when it may: one with events before all
// those without. What is appended from here on is told of again.
func (l *loop) hear(a *audience, now time.Time) {
	a.told.Store(false)
	a.heard += int(a.marks.Swap(0))
	a.more = a.nudged.Swap(false) || a.more
	if a.state == resting || a.state == putOff {
		l.next(a, now)
	}
}

// next has an audience begin what it was last told to.
func (l *loop) next(a *audience, now time.Time) {
	switch {
	case a.heard > 0:
		l.schedule(a, now)
	case a.more && a.state != putOff:
		a.begin(putOff)
		if !a.queued {
			a.queued = true
			l.put = append(l.put, a)
		}
	}
}

// schedule has an audience begin a pass as soon as it may.
func (l *loop) schedule(a *audience, now time.Time) {
	if a.until = a.waitsUntil(); a.until.After(now) {
		a.state = gathering
		l.gathers = append(l.gathers, a)
		return
	}
	l.begin(a)
}

func (l *loop) begin(a *audience) {
	a.begin(passing)
	l.passes = append(l.passes, a)
}

func (a *audience) begin(state passState) {
	a.state, a.at, a.took = state, 0, 0
	a.asked, a.heard, a.more = a.heard, 0, false
}

// pass goes on with the passes, each in turn, until maxServed members were served. Those
// that are put off get a quarter of it while there are others.
func (l *loop) pass(now time.Time) {
	l.gathered(now)
	if len(l.passes)+len(l.put) == 0 {
		return
	}
	l.counts.begin()
	now = time.Now() // what came before in this round is none of a room's work
	left := maxServed
	if len(l.put) > 0 {
		left -= maxServed / 4
	}
	left, now = l.serve(&l.passes, passing, left, now)
	if len(l.put) > 0 {
		l.serve(&l.put, putOff, left+maxServed/4, now)
	}
}

// serve goes on with the passes of a list that are in this state, until so many members
// were served, and says how many are left. A pass that ends may put the next one on the
// list.
func (l *loop) serve(list *[]*audience, state passState, left int, now time.Time) (int, time.Time) {
	taken := 0
	for ; left > 0 && taken < len(*list); taken++ {
		a := (*list)[taken]
		if state == putOff {
			a.queued = false
		}
		if a.state != state {
			continue // it has events by now, and its place is elsewhere
		}
		served, done := a.serve(left, now)
		left -= max(served, 1)
		after := time.Now()
		a.took += after.Sub(now)
		now = after
		if done {
			l.passed(a, now)
			continue
		}
		a.queued = state == putOff
		*list = append(*list, a)
	}
	rest := copy(*list, (*list)[taken:])
	clear((*list)[rest:])
	*list = (*list)[:rest]
	return left, now
}

// passed ends a pass.
func (l *loop) passed(a *audience, now time.Time) {
	a.state, a.load.since = resting, now
	a.count(a.took, a.asked)
	l.next(a, now)
}

// gathered begins the passes of those that have waited long enough.
func (l *loop) gathered(now time.Time) {
	kept := l.gathers[:0]
	for _, a := range l.gathers {
		if a.until.After(now) {
			kept = append(kept, a)
		} else {
			l.begin(a)
		}
	}
	clear(l.gathers[len(kept):])
	l.gathers = kept
}
