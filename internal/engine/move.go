package engine

import (
	"slices"
	"time"
)

// A room is small, and its members are carried by one loop, until so many are in it:
// a message of theirs then wakes one loop and not all. A bigger one is worth the
// work of several.
const smallRoom = 64

// homeFor is the loop that carries who comes into r next, or asks for it first.
func (r *liveRoom) homeFor(l *loop) *loop {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.home == nil {
		r.home = l
	}
	if r.here() >= smallRoom {
		return l
	}
	return r.home
}

// Moves implements carrier.
func (c *loopConn) Moves(r *liveRoom) bool {
	if c.reading { // the answer comes to this loop
		return false
	}
	if home := r.homeFor(c.loop); home != c.loop {
		c.moves = home
	}
	return c.moves != nil
}

// move hands the connection to another loop: nobody else knows of it at this moment,
// but for those who have a signal for its user.
func (c *loopConn) move() {
	from, to := c.loop, c.moves
	c.moves = nil
	from.remove(c)
	if c.queued { // again, behind the step that it takes now
		c.queued = false
		from.forgetStep(c)
	}
	if err := from.poller.Remove(c.socket); err != nil {
		from.own(c) // it stays
		c.cut(err.Error())
		return
	}
	// At once: who has a signal for it leaves that with the new loop only behind this.
	to.notes.leave(func(p *pile) {
		c.notes.Store(&to.notes)
		p.tasks = append(p.tasks, func(now time.Time) { to.adopt(c, now) })
	})
}

// forgetStep takes c's last place out of the list, and leaves those before it, who may
// be taking their steps, where they are.
func (l *loop) forgetStep(c *loopConn) {
	for i := len(l.steps) - 1; i >= 0; i-- {
		if l.steps[i] == c {
			l.steps = slices.Delete(l.steps, i, i+1)
			return
		}
	}
}

// adopt goes on with a connection of another loop.
func (l *loop) adopt(c *loopConn, now time.Time) {
	l.own(c)
	if l.engine.hasToldAll() { // which may have passed it over
		c.session.drain()
	}
	c.session.check() // the same
	if l.attend(c) {
		l.queue(c)
		c.settle(now)
	}
}
