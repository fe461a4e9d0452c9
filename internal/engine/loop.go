package engine

import (
	"context"
	"runtime"
	"time"

	"github.com/parley-chat/parley/internal/poll"
	"github.com/parley-chat/parley/internal/roomlog"
)

// loop carries sessions on sockets that never block. It goes round: what sockets and
// others tell of, a step of each session that has something to do, a part of the
// passes through rooms, the timers. Each is bounded in a round, so that no session
// and no room keeps the others waiting.
type loop struct {
	// Fixed after newLoop.
	engine *Engine
	number int
	gather time.Duration
	poller *poll.Poller
	notes  notes
	done   chan struct{}

	unrest unrest // the loop tells, and Engine.Busy asks

	// Owned by run.
	conns     []*loopConn // by socket
	count     int         // of them
	audiences map[*liveRoom]*audience
	steps     []*loopConn // sessions that have something to do
	passes    []*audience // passes under way, the next one to go on with first
	put       []*audience // those that are put off: passes without events
	gathers   []*audience // those that wait for more to write at once
	worked    []*audience // those that count in load
	load      load
	wheel     wheel
	counts    counts
	watch     *watch   // nil while nobody looks
	pile      pile     // the notes of the last round, for their memory
	buf       []byte   // what is read
	pieces    [][]byte // what is written
	repeat    roomlog.Repeat
	stopped   bool
}

const (
	loopBuffer = 16 << 10 // what is read of a session in one step …
	maxTurn    = 64 << 10 // … and about what its messages may come to: a few bytes can inflate to much
	maxSteps   = 64       // sessions that take a step in one round
	maxServed  = 64       // members of rooms that are served in one round

	// The Writer, and whoever comes in, need a core too. To yield costs a message to a
	// small room a tenth of what it costs in all, so a loop that soon parks doesn't.
	yieldEvery = 250 * time.Microsecond
)

func newLoop(e *Engine, number int, gather time.Duration) (*loop, error) {
	poller, err := poll.New()
	if err != nil {
		return nil, err
	}
	l := &loop{
		engine:    e,
		number:    number,
		gather:    gather,
		poller:    poller,
		done:      make(chan struct{}),
		audiences: map[*liveRoom]*audience{},
		buf:       make([]byte, loopBuffer),
	}
	l.notes.wake = poller.Wake
	l.wheel.start = time.Now()
	l.counts = counts{metrics: e.metrics, delays: e.metrics.Delivery.Part()}
	return l, nil
}

func (l *loop) run() {
	defer close(l.done)
	defer l.poller.Close() //nolint:errcheck // nobody waits for it any more
	yielded := time.Now()
	for !l.stopped {
		now := time.Now()
		if now.Sub(yielded) >= yieldEvery {
			runtime.Gosched()
			yielded, now = now, time.Now()
		}
		events, parked, err := l.poller.Wait(l.idleUntil(now), now)
		if err != nil {
			loopFailed(err)
		}
		if now = time.Now(); parked {
			yielded = now
		}
		l.round(events, now)
	}
}

// round is one round.
func (l *loop) round(events []poll.Event, now time.Time) {
	l.unrest.works(now)
	l.ready(events)
	l.read(now)
	l.step(now)
	l.pass(now)
	l.wheel.advance(now, func(c *loopConn) { c.fire(now) })
	l.weigh(now)
	l.watched(now)
	if !l.busy() {
		l.unrest.rests(time.Now())
	}
	l.counts.publish()
	l.repeat.Clear() // so that no log's bytes are held while there is nothing to do
	clear(l.pieces[:cap(l.pieces)])
}

// busy reports whether the last round left something for the next one.
func (l *loop) busy() bool { return len(l.steps)+len(l.passes)+len(l.put) > 0 }

// hasEnded reports whether the loop runs no more.
func (l *loop) hasEnded() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// idleUntil is when the loop must go on although nobody tells it.
func (l *loop) idleUntil(now time.Time) time.Time {
	if l.busy() {
		return now
	}
	until := l.wheel.next()
	for _, a := range l.gathers {
		if until.IsZero() || a.until.Before(until) {
			until = a.until
		}
	}
	return until
}

// ready notes what sockets tell of.
func (l *loop) ready(events []poll.Event) {
	for _, e := range events {
		c := l.conns[e.Socket]
		if c == nil {
			continue // it was closed, or has moved, in the round before
		}
		c.readable = c.readable || e.Readable
		c.ended = c.ended || e.Ended
		if e.Writable {
			c.blocked = false
			c.session.taker.Room()
		}
		if e.Readable || len(c.rest) > 0 {
			l.queue(c)
		}
	}
}

// read reads the notes that others left.
func (l *loop) read(now time.Time) {
	l.pile = l.notes.read(l.pile)
	for _, task := range l.pile.tasks {
		task(now)
	}
	for i := range l.pile.outcomes {
		n := &l.pile.outcomes[i]
		n.conn.session.Appended(&n.outcome)
		l.queue(n.conn)
	}
	for to, payload := range l.pile.told {
		if to.conn.notes.Load() != &l.notes { // it has moved meanwhile
			to.conn.Tell(to.room, payload)
			continue
		}
		to.conn.told(to.room, payload)
	}
	l.pile.told = nil
	for _, a := range l.pile.marked {
		l.hear(a, now)
	}
}

// queue has c take a step soon.
func (l *loop) queue(c *loopConn) {
	if !c.queued && !c.gone {
		c.queued = true
		l.steps = append(l.steps, c)
	}
}

// step has each session that has something to do take a step: those who were in the
// list when it began, and not more than maxSteps.
func (l *loop) step(now time.Time) {
	n := min(len(l.steps), maxSteps)
	if n > 0 {
		l.counts.begin()
	}
	for i := range n {
		c := l.steps[i]
		if c.queued = false; !c.gone {
			c.step(now)
		}
	}
	rest := copy(l.steps, l.steps[n:])
	clear(l.steps[rest:])
	l.steps = l.steps[:rest]
}

// open starts a session on a socket.
func (l *loop) open(socket poll.Socket, o *Opening) {
	opening := *o
	l.notes.task(func(now time.Time) {
		c := &loopConn{socket: socket, closed: opening.Closed}
		_ = socket.SetSendBuffer(sendBuffer) // a wish: the kernel's own size works too
		l.own(c)
		c.session.begin(l.engine, c, &opening, now)
		l.engine.began(&c.session)
		if !l.attend(c) {
			return
		}
		if len(opening.Early) > 0 {
			c.receive(opening.Early, now)
		}
		l.queue(c) // and no step, of which there are so many a round
		c.settle(now)
	})
}

// own makes a connection this loop's.
func (l *loop) own(c *loopConn) {
	c.loop = l
	c.notes.Store(&l.notes)
	if need := int(c.socket) + 1; need > len(l.conns) {
		l.conns = append(l.conns, make([]*loopConn, need-len(l.conns))...)
	}
	l.conns[c.socket] = c
	l.count++
}

// attend has the socket of a connection told of from now on, unless everybody is cut
// off.
func (l *loop) attend(c *loopConn) bool {
	if why := l.engine.cutting.Load(); why != nil {
		c.cut(*why)
	} else if err := l.poller.Add(c.socket); err != nil {
		c.cut(err.Error())
	}
	return !c.gone
}

// remove forgets a connection that is at its end, or goes elsewhere.
func (l *loop) remove(c *loopConn) {
	l.wheel.clear(c)
	l.conns[c.socket] = nil
	l.count--
}

// each calls f for every connection. f may end it.
func (l *loop) each(f func(c *loopConn)) {
	for _, c := range l.conns {
		if c != nil {
			f(c)
		}
	}
}

// readStore asks the store, away from the loop, for what c has yet to write.
func (l *loop) readStore(c *loopConn, cold roomlog.ColdRead) {
	l.away(c, &l.engine.pageCrew, func() func(time.Time) {
		events, err := l.engine.store.Read(context.Background(), cold.Room, cold.Cursor, cold.Limit)
		return func(time.Time) {
			c.reading = false
			c.session.Warm(cold, events, err)
		}
	})
}

// runErrand runs an errand away from the loop.
func (l *loop) runErrand(c *loopConn, e *errand) {
	ctx, cancel := context.WithTimeout(context.Background(), errandTimeout)
	l.away(c, l.engine.crewFor(e.kind), func() func(time.Time) {
		defer cancel()
		e.run(ctx)
		return e.done
	})
}

// away has a crew do some work for c, and the loop what is left to do then. Until that,
// the work counts among the crew's: the store may be faster than the loop, and what it
// gave is memory.
func (l *loop) away(c *loopConn, by *crew, work func() (then func(now time.Time))) {
	by.do(func() {
		then := work()
		taken := make(chan struct{})
		l.notes.task(func(now time.Time) {
			then(now)
			l.queue(c)
			close(taken)
		})
		select {
		case <-taken:
		case <-l.done:
		}
	})
}
