package engine

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// conn carries a session by a pair of goroutines: one reads from the socket and
// one writes to it, and a lock makes them take turns with the session.
type conn struct {
	// Fixed after newConn.
	pairs      *pairs
	engine     *Engine
	socket     net.Conn
	closed     func() // Opening.Closed
	ended      chan struct{}
	answersAll bool // the dialect answers every proposal, and not refused ones alone

	// Any goroutine.
	more  chan struct{}          // holds one: there may be something to write
	goOn  chan struct{}          // holds one: the session may go on with what it received
	waits atomic.Bool            // the reading goroutine, for goOn
	gone  atomic.Bool            // it is at its end
	why   atomic.Pointer[string] // the first reason to cut the connection
	left  left                   // what the session has yet to hear

	// Guarded by mu.
	mu      sync.Mutex
	session *session
	timer   *time.Timer
	armed   time.Time // when timer fires; zero once the session is ending
}

// left is what others have for the session. They must not wait for one that is
// busy with what its peer sent.
type left struct {
	mu       sync.Mutex
	outcomes []outcome // of proposals, in their order; at most maxInflight
	told     newest    // signals
}

const (
	// The kernel keeps this much of what a slow reader has yet to read. The rest
	// waits in the room's log, once for everybody.
	sendBuffer = 64 << 10
	readBuffer = 4 << 10

	// A peer has this long to read our last frame, to answer it and to hang up, and
	// may send so much meanwhile.
	lingerTimeout = 5 * time.Second
	lingerBytes   = 32 << 20
)

func newConn(ps *pairs, o *Opening, now time.Time) *conn {
	e := ps.engine
	c := &conn{pairs: ps, engine: e, socket: o.Conn, closed: o.Closed, ended: make(chan struct{}), answersAll: o.Dialect == protocol.V1,
		more: make(chan struct{}, 1), goOn: make(chan struct{}, 1)}
	setSendBuffer(o.Conn)
	c.mu.Lock() // the timer may fire before we are through
	defer c.mu.Unlock()
	c.session = new(session)
	c.session.begin(e, c, o, now)
	c.armed = c.session.Deadline()
	c.timer = time.AfterFunc(c.armed.Sub(now), c.tick)
	return c
}

// setSendBuffer bounds what the kernel keeps for a socket, under TLS too.
func setSendBuffer(c net.Conn) {
	for {
		above, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = above.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a wish: the kernel's own size works too
	}
}

// turn is one turn of the session, after which it may go on with what it received.
func (c *conn) turn(step func(s *session, now time.Time)) {
	c.take(step)
	if c.waits.Load() {
		signal(c.goOn)
	}
}

// take has the session to itself for one step.
func (c *conn) take(step func(s *session, now time.Time)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.hear()
	c.session.turn = math.MaxInt32 // the scheduler sees to it that others have theirs
	step(c.session, now)
	if c.armed.IsZero() {
		return
	}
	if c.session.state != alive {
		c.armed = time.Time{}
		c.timer.Stop()
		_ = c.socket.SetDeadline(now.Add(lingerTimeout))
		return
	}
	if at := c.session.Deadline(); at.Before(c.armed) || !now.Before(c.armed) {
		c.armed = at
		c.timer.Reset(at.Sub(now))
	}
}

// hear tells the session what others left for it.
func (c *conn) hear() {
	c.left.mu.Lock()
	outcomes, told := c.left.outcomes, c.left.told
	c.left.outcomes, c.left.told = nil, nil
	c.left.mu.Unlock()
	for i := range outcomes {
		c.session.Appended(&outcomes[i])
	}
	for room, payload := range told {
		c.session.Told(room, payload)
	}
}

// signal puts a token into a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Wake implements carrier, and waker for a session that is in one room. Any
// goroutine may call it.
func (c *conn) Wake() { signal(c.more) }

// Nudge implements waker.
func (c *conn) Nudge() { c.Wake() }

// Moves implements carrier.
func (*conn) Moves(*liveRoom) bool { return false }

// Enters implements carrier.
func (c *conn) Enters(_ *presence, x *seat) waker {
	if x == nil {
		return c
	}
	return seatWaker{c, x}
}

// Left implements carrier.
func (*conn) Left(*presence) {}

// seatWaker wakes a session for one of its rooms.
type seatWaker struct {
	conn *conn
	seat *seat
}

// Nudge implements waker: a pair serves one session, which nobody waits for.
func (w seatWaker) Nudge() { w.Wake() }

func (w seatWaker) Wake() {
	w.seat.dirty.Store(true)
	w.conn.Wake()
}

// Tell implements carrier.
func (c *conn) Tell(room string, payload []byte) {
	c.left.mu.Lock()
	c.left.told.put(room, payload)
	c.left.mu.Unlock()
	signal(c.more)
}

// Appended implements carrier. The Writer has all rooms to serve: it leaves a note,
// and one of our goroutines takes it from there.
func (c *conn) Appended(_ *roomlog.Proposal, r *store.Result, err error) {
	o := outcomeOf(r, err)
	c.left.mu.Lock()
	c.left.outcomes = append(c.left.outcomes, o)
	c.left.mu.Unlock()
	if c.gone.Load() {
		c.take(func(*session, time.Time) {}) // there is nobody else
		return
	}
	if c.waits.Load() {
		signal(c.goOn) // which it may be past looking for
	}
	if err != nil || c.answersAll {
		signal(c.more)
	}
}

// Check implements carrier. It has a goroutine of its own, since the session's may wait
// for a socket that nobody reads.
func (c *conn) Check() { go c.turn(func(s *session, _ time.Time) { s.check() }) }

// drain asks the session to end because its node does.
func (c *conn) drain() { c.turn(func(s *session, _ time.Time) { s.drain() }) }

// cut ends the connection without a word. It closes the socket first, so that
// whoever uses it now comes to an end.
func (c *conn) cut(reason string) {
	c.why.CompareAndSwap(nil, &reason)
	_ = c.socket.Close()
	c.turn(func(s *session, _ time.Time) { s.Gone(*c.why.Load()) })
}

// tick is the timer's.
func (c *conn) tick() {
	silent := false
	c.turn(func(s *session, now time.Time) { silent = s.Tick(now) })
	if silent {
		c.cut("silent for a whole heartbeat")
	}
}

// read hands what comes to the session until the socket is at its end, and says
// why it is. early is what the peer sent behind its handshake.
func (c *conn) read(early []byte) (reason string) {
	state, discarded := alive, 0
	if len(early) > 0 {
		state = c.receive(early)
	}
	buf := make([]byte, readBuffer)
	for {
		n, err := c.socket.Read(buf)
		switch {
		case n > 0 && state != closed:
			state = c.receive(buf[:n])
		case errors.Is(err, io.EOF):
			return "hung up"
		case err != nil:
			return err.Error()
		}
		// What comes behind the end is thrown away, and not left to the kernel, which
		// would answer it with a reset that could destroy our close frame on its way.
		if state != alive {
			if discarded += n; discarded > lingerBytes {
				return "went on after the end"
			}
		}
	}
}

// receive says how far the session's end has come, once it takes more.
func (c *conn) receive(p []byte) (come state) {
	c.take(func(s *session, now time.Time) { s.Receive(p, now) })
	c.waits.Store(true) // before the look below: what comes after it is signalled
	defer c.waits.Store(false)
	for {
		waiting := false
		var errand *errand
		c.take(func(s *session, now time.Time) {
			s.Proceed(now)
			waiting, come = s.Waiting(now), s.state
			errand = s.Errand()
		})
		switch {
		case errand != nil:
			c.run(errand)
		case !waiting:
			return come
		default:
			<-c.goOn
		}
	}
}

// errandTimeout is how long one may keep a session waiting.
const errandTimeout = 5 * time.Second

func (c *conn) run(e *errand) {
	ctx, cancel := context.WithTimeout(context.Background(), errandTimeout)
	defer cancel()
	e.run(ctx)
	c.take(func(_ *session, now time.Time) { e.done(now) })
}

// write writes what the session has, as often as it is woken.
func (c *conn) write() {
	var batch [][]byte
	for {
		var cold roomlog.ColdRead
		var isCold, isLast bool
		c.turn(func(s *session, _ time.Time) {
			batch = c.next(s, batch[:0])
			cold, isCold = s.NeedsCold()
			isLast = s.state != alive && s.answers.empty() && s.warm == nil && !isCold
		})
		switch {
		case len(batch) > 0:
			c.session.taker.Full()
			left := net.Buffers(batch) // WriteTo uses it up
			if _, err := left.WriteTo(c.socket); err != nil {
				c.cut(err.Error())
				return
			}
			c.session.taker.Room()
			clear(batch) // the log's pieces are not held while there is nothing to do
		case isCold:
			events, err := c.engine.store.Read(context.Background(), cold.Room, cold.Cursor, cold.Limit)
			c.turn(func(s *session, _ time.Time) { s.Warm(cold, events, err) })
		case isLast:
			c.hangUp()
			return
		default:
			c.session.taker.Through()
			select {
			case <-c.more:
			case <-c.ended:
				return
			}
		}
	}
}

// next is what the session writes now, counted.
func (c *conn) next(s *session, dst [][]byte) [][]byte {
	dst, b := s.Next(dst, nil)
	m := c.engine.metrics
	if b.Frames > 0 {
		m.Deliveries.Add(float64(b.Frames))
		c.pairs.delays.Add(roomlog.Since() - b.Oldest)
	}
	if len(dst) > 0 {
		m.Writes.Inc()
	}
	return dst
}

// hangUp ends our half of the connection: the close frame was the last.
func (c *conn) hangUp() {
	half, ok := c.socket.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_ = c.socket.Close()
	}
}

// carry carries the session from its first byte to its end.
func (c *conn) carry(early []byte) {
	go c.write()
	c.cut(c.read(early))
	close(c.ended)
	c.gone.Store(true)
	c.take(func(*session, time.Time) {}) // hears what came before that
	c.pairs.remove(c)
	c.engine.ended(c.session)
	if c.closed != nil {
		c.closed()
	}
}
