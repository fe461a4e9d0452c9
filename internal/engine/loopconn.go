package engine

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/poll"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
)

// loopConn is a connection that a loop carries, and the session on it. But for
// Tell and Appended, which leave a note, only the loop's goroutine touches it.
type loopConn struct {
	session   session
	loop      *loop                 // whose goroutine it belongs to
	notes     atomic.Pointer[notes] // that loop's, for others
	socket    poll.Socket
	timer     timer
	rest      [][]byte // of what was to be written, the socket took only a part
	moves     *loop    // where it goes on; nil: here
	signals   newest   // that came meanwhile
	closed    func()   // Opening.Closed
	discarded int32    // bytes behind the end
	blockedAt int32    // the wheel's tick of it, of a socket that has no room

	readable bool // there may be something to read
	ended    bool // … up to the peer's end
	blocked  bool // the socket has no room
	queued   bool // on the loop's list
	reading  bool // the store is asked for what it has yet to write
	lingers  bool // it has no more to say: timer is the peer's time to hang up
	hungUp   bool // our half of it is closed
	gone     bool
}

// Wake implements carrier.
func (c *loopConn) Wake() { c.loop.queue(c) }

// Enters implements carrier.
func (c *loopConn) Enters(p *presence, x *seat) waker {
	a := c.loop.audienceOf(p.room)
	a.add(member{conn: c, seat: x, presence: p})
	return a
}

// Left implements carrier.
func (c *loopConn) Left(p *presence) {
	a := p.waker.(*audience) //nolint:forcetypeassert // what Enters gave
	if a.remove(p); len(a.members) == 0 {
		c.loop.forget(a)
	}
}

// Tell implements carrier.
func (c *loopConn) Tell(room string, payload []byte) { c.notes.Load().tell(c, room, payload) }

// Check implements carrier.
func (c *loopConn) Check() {
	n := c.notes.Load()
	n.task(func(now time.Time) {
		if c.notes.Load() != n { // it has moved meanwhile
			c.Check()
			return
		}
		c.check(now)
	})
}

func (c *loopConn) check(now time.Time) {
	if !c.gone && c.session.check() {
		c.step(now)
	}
}

// Appended implements carrier.
func (c *loopConn) Appended(_ *roomlog.Proposal, r *store.Result, err error) {
	c.notes.Load().append(c, outcomeOf(r, err))
}

// told hands a signal on a room to the session, once it can be written.
func (c *loopConn) told(room string, payload []byte) {
	if !c.blocked {
		c.session.Told(room, payload)
		c.loop.queue(c)
		return
	}
	c.signals.put(room, payload)
}

// step is a turn of the session: it goes on with what it has, reads once, and
// writes once.
func (c *loopConn) step(now time.Time) {
	s := &c.session
	if c.moves != nil && !c.gone { // an errand's answer has it go: what it holds back is for there
		c.move()
		return
	}
	s.turn = maxTurn
	s.Proceed(now)
	if !c.gone && c.readable && !s.Waiting(now) {
		c.read(now)
	}
	if c.moves != nil && !c.gone {
		c.move()
		return
	}
	if e := s.Errand(); e != nil {
		c.loop.runErrand(c, e)
	}
	c.flush()
	c.settle(now)
}

// deliver writes what its room has for the session.
func (c *loopConn) deliver(now time.Time) {
	if c.blocked || c.gone {
		return // the socket's room, or its end, is told of
	}
	c.flush()
	if c.readable || len(c.session.inbox) > 0 || c.session.state != alive {
		c.settle(now) // what held it up may be written now
	}
}

// settle is behind each turn: what is left to do has its place in a list.
func (c *loopConn) settle(now time.Time) {
	if c.gone {
		return
	}
	s := &c.session
	if s.state != alive {
		if !c.lingers {
			c.lingers = true
			c.loop.wheel.set(c, now.Add(lingerTimeout))
		}
	} else if at := s.Deadline(); c.timer.due == 0 || c.loop.wheel.tickAt(at) < c.timer.due {
		c.loop.wheel.set(c, at)
	}
	if (c.readable || len(s.inbox) > 0) && s.MayReceive(now) {
		c.loop.queue(c)
	}
}

// fire is the timer's.
func (c *loopConn) fire(now time.Time) {
	s := &c.session
	switch {
	case c.lingers:
		c.cut("did not hang up")
	case !now.Before(s.Deadline()) && s.Tick(now):
		c.cut("silent for a whole heartbeat")
	default:
		c.loop.queue(c)
		c.settle(now)
	}
}

// read reads once from the socket.
func (c *loopConn) read(now time.Time) {
	buf := c.loop.buf
	n, err := c.socket.Read(buf)
	switch {
	case errors.Is(err, poll.ErrWouldBlock):
		c.readable = false
	case errors.Is(err, io.EOF):
		c.cut("hung up")
	case err != nil:
		c.cut(err.Error())
	default:
		c.readable = n == len(buf) || c.ended // else the next of it is told of
		c.receive(buf[:n], now)
	}
}

// receive hands the session what came. What comes behind its end is thrown away, and
// not left to the kernel, which would answer it with a reset that could destroy our
// close frame on its way.
func (c *loopConn) receive(p []byte, now time.Time) {
	s := &c.session
	if s.state != closed {
		s.Receive(p, now)
	}
	if s.state != alive {
		if c.discarded += int32(len(p)); c.discarded > lingerBytes {
			c.cut("went on after the end")
		}
	}
}

// flush writes once what the session has, unless the socket is full, or the store is
// being asked: its answer must find the session where it was.
func (c *loopConn) flush() {
	if c.blocked || c.gone || c.reading || len(c.rest) > 0 && !c.push(c.rest) {
		return
	}
	for room, payload := range c.signals {
		c.session.Told(room, payload)
	}
	c.signals = nil
	l := c.loop
	pieces, b := c.session.Next(l.pieces[:0], &l.repeat)
	l.pieces = pieces[:0]
	if len(pieces) > 0 {
		l.counts.wrote(&b)
		if !c.push(pieces) {
			return
		}
	}
	switch {
	case b.More:
		l.queue(c)
	case c.session.cold != nil:
		c.readStore()
	case c.session.state == alive:
		c.session.taker.Through()
	case !c.hungUp:
		c.hungUp = true // the close frame was the last
		if c.socket.CloseWrite() != nil {
			c.cut("hung up")
		}
	}
}

// push writes pieces, and keeps those that the socket has no room for. It reports
// whether there were none.
func (c *loopConn) push(pieces [][]byte) (all bool) {
	for len(pieces) > 0 {
		n, err := c.socket.Write(pieces)
		if err != nil {
			c.cut(err.Error())
			return false
		}
		before := len(pieces)
		if pieces = poll.Advance(pieces, n); len(pieces) > 0 && before-len(pieces) < poll.MaxPieces {
			c.blocked, c.blockedAt = true, int32(c.loop.wheel.now)
			c.session.taker.Full()
			c.rest = slices.Clone(pieces)
			return false
		}
	}
	c.rest = nil
	return true
}

// readStore asks the store for what the logs no longer have.
func (c *loopConn) readStore() {
	cold, ok := c.session.NeedsCold()
	if !ok {
		return
	}
	c.reading = true
	c.loop.readStore(c, cold)
}

// cut ends the connection without a word.
func (c *loopConn) cut(reason string) {
	if c.gone {
		return
	}
	c.gone = true
	c.session.Gone(reason)
	c.rest = nil
	c.loop.remove(c)
	_ = c.socket.Close() // nobody is left to be told
	c.loop.engine.ended(&c.session)
	if c.closed != nil {
		c.closed()
	}
}
