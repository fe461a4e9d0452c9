package engine

import (
	"sync/atomic"
	"time"
)

// audience is those of a room whom one loop carries. The room tells it once that
// there is more, and the loop goes through its members: a pass.
type audience struct {
	// Fixed after the loop made it.
	loop *loop
	room *liveRoom

	// Any goroutine.
	marks  atomic.Int32 // how often there were events since the loop's last look
	nudged atomic.Bool  // there was something else since then
	told   atomic.Bool  // the loop is told of it

	// Owned by the loop.
	members []member
	state   passState
	at      int           // members before this one were served in this pass
	took    time.Duration // for them
	heard   int           // marks since this pass began
	more    bool          // it was nudged since then
	queued  bool          // it has a place among those who are put off
	asked   int           // marks that it was begun for
	until   time.Time     // it gathers until then
	load    load
}

// passState is where an audience is with its passes.
type passState uint8

const (
	resting   passState = iota
	gathering           // waits for more to write at once
	passing             // on the loop's list of passes
	putOff              // the same, behind all others: there are no events in it
)

// member is one of an audience.
type member struct {
	conn     *loopConn
	seat     *seat // nil for a session that is in no other room
	presence *presence
}

// Wake implements waker.
func (a *audience) Wake() {
	a.marks.Add(1)
	a.tell()
}

// Nudge implements waker.
func (a *audience) Nudge() {
	a.nudged.Store(true)
	a.tell()
}

// tell tells the loop, which looks behind taking told back: so it misses nothing.
func (a *audience) tell() {
	if !a.told.Swap(true) {
		a.loop.notes.mark(a)
	}
}

// add takes in a member, whom the present pass will come to.
func (a *audience) add(m member) {
	m.presence.member.Aside = int32(len(a.members))
	a.members = append(a.members, m)
}

// remove takes p out. Nobody else is passed over: those behind the pass stay behind
// it, and those before it before it.
func (a *audience) remove(p *presence) {
	i := int(p.member.Aside)
	if i < a.at {
		a.at--
		a.move(a.at, i)
		i = a.at
	}
	last := len(a.members) - 1
	if i < last {
		a.move(last, i)
	}
	a.members[last] = member{}
	a.members = a.members[:last]
}

func (a *audience) move(from, to int) {
	a.members[to] = a.members[from]
	a.members[to].presence.member.Aside = int32(to)
}

// serve serves the next n members of a pass, or as many as there are, and reports
// whether that was the last of it.
func (a *audience) serve(n int, now time.Time) (served int, done bool) {
	for ; served < n && a.at < len(a.members); served++ {
		m := &a.members[a.at]
		a.at++
		if m.seat != nil {
			m.seat.dirty.Store(true)
		}
		m.conn.deliver(now)
	}
	return served, a.at >= len(a.members)
}
