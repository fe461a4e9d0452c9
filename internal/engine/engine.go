package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Config is what an engine is made of.
type Config struct {
	Store     store.Store
	Metrics   *metrics.Metrics
	Log       *slog.Logger
	Rate      room.Window   // chats of a user; the zero value allows all
	RateLabel string        // as the refusal names it, such as "10 msgs/10s"
	Heartbeat time.Duration // between two pings
	Memory    *roomlog.Budget
	Transport Transport
	Gather    time.Duration // what a busy loop may wait for more to write at once; 0: it never does

	// Pass gives a guest a proof of who they are; nil where guests get none.
	Pass func(protocol.User) string

	// Spread is over how long Drain tells sessions to go, in no order. 0: all at once.
	Spread time.Duration

	// Vouch says whom a token or a pass speaks of; nil where there are none. Its errors are
	// auth.Verifier's.
	Vouch func(ctx context.Context, token string) (auth.Identity, error)

	// Cluster is the other nodes; nil where there are none. It is started, and in the
	// end closed, by the engine.
	Cluster *cluster.Cluster
}

// Engine holds a node's sessions and live rooms. A lock is taken before those that
// stand behind it: conn.mu, then rooms.mu, liveRoom.mu or users.mu, then the log's, the
// Writer's, conn.left's or notes.mu. Nothing waits for the store under any of them, but
// for a store.Instant, which is no wait. A proposer who appends for others may take
// the conn.mu of one who has gone, and so proposes nothing, while it holds its own.
type Engine struct {
	// Fixed after New.
	metrics   *metrics.Metrics
	log       *slog.Logger
	rate      room.Window
	rateLabel string
	spread    time.Duration
	heartbeat time.Duration
	store     store.Store
	writer    *roomlog.Writer
	rooms     *rooms
	users     *users
	pass      func(protocol.User) string
	vouch     func(ctx context.Context, token string) (auth.Identity, error)
	revoked   *revocations
	lines     *lines
	slow      chan struct{} // holds who asks the store for what may take long
	stopped   chan struct{} // closed by Drain
	crew      crew
	slowCrew  crew
	pageCrew  crew
	waitCrew  crew
	pressure  pressure
	cutting   atomic.Pointer[string] // why who is here, or yet comes, is cut off; nil: nobody is
	pairs     *pairs
	loops     *loops // nil where there are none
	viewer    viewer
	peers     *peers // nil where the node is alone

	change func(*session, *Opening) // nil but in tests, which have new sessions speak something else

	mu       sync.Mutex
	sessions int
	moves    uint64 // sessions that have come, and that have gone
	calls    int    // commands without a session, at this moment
	draining bool
	toldAll  bool          // a draining engine has told all sessions to go
	empty    chan struct{} // closed, once, when a draining engine has no session and no call
}

// New starts an engine. Drain ends it.
func New(c Config) (*Engine, error) {
	e := &Engine{
		metrics:   c.Metrics,
		log:       c.Log,
		rate:      c.Rate,
		rateLabel: c.RateLabel,
		spread:    c.Spread,
		heartbeat: c.Heartbeat,
		store:     c.Store,
		users:     &users{rate: c.Rate, byID: map[string]*user{}},
		pass:      c.Pass,
		vouch:     c.Vouch,
		lines:     newLines(c.Log),
		slow:      make(chan struct{}, maxSlow),
		crew:      crew{size: maxCrew},
		slowCrew:  crew{size: maxSlow},
		pageCrew:  crew{size: maxPages},
		waitCrew:  crew{size: maxWaits},
		stopped:   make(chan struct{}),
		empty:     make(chan struct{}),
	}
	e.writer = roomlog.NewWriter(c.Store, func(events int) { c.Metrics.Events.Add(float64(events)) }, e.storeFailed)
	e.rooms = &rooms{
		budget: c.Memory,
		count:  func(n int) { c.Metrics.Rooms.Set(float64(n)) },
		byName: map[string]*liveRoom{},
	}
	e.pairs = newPairs(e)
	if err := e.startLoops(c.Transport, c.Gather); err != nil {
		e.writer.Close()
		return nil, err
	}
	e.revoked = newRevocations(e)
	if err := e.startPeers(c.Cluster); err != nil {
		return nil, errors.Join(err, e.Drain(context.Background()))
	}
	if err := e.revoked.start(); err != nil {
		return nil, errors.Join(err, e.Drain(context.Background()))
	}
	go e.keepHouse()
	return e, nil
}

// storeFailed tells the log when the store begins to fail, and when it recovers:
// once each, however many chats are refused in between.
func (e *Engine) storeFailed(err error) {
	e.pressure.fails(err != nil)
	if err != nil {
		e.log.Error("the store can't write: chats are refused", "err", err)
		return
	}
	e.log.Info("the store writes again")
}

// storeFails has the log know why something was refused that should not have been;
// but not that somebody didn't wait for it.
func (e *Engine) storeFails(what string, err error) {
	if _, refused := errors.AsType[*protocol.Error](err); !refused && !errors.Is(err, context.Canceled) {
		e.lines.warn(what, err)
	}
}

// forgetEvery is how long a quiet room's log keeps what all have read, at most.
const forgetEvery = 5 * time.Second

func (e *Engine) keepHouse() {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	var r release
	for {
		select {
		case <-tick.C:
			e.rooms.forget()
			e.users.sweep(time.Now())
			if r.due(e.comings()) {
				giveBack()
			}
			e.viewer.forget()
		case <-e.stopped:
			return
		}
	}
}

func (e *Engine) comings() (moves uint64, sessions int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.moves, e.sessions
}

// Open takes over an upgraded connection and starts its session.
func (e *Engine) Open(o Opening) {
	e.mu.Lock()
	e.sessions++
	e.moves++
	e.metrics.Sessions.Set(float64(e.sessions))
	e.mu.Unlock()
	if e.loops != nil && e.loops.take(&o) {
		return
	}
	e.pairs.open(&o)
}

// began is told of each session, in its first turn.
func (e *Engine) began(s *session) {
	e.lines.say("session opened", s.attrs())
	if e.isDraining() {
		s.drain()
	}
	s.check() // it may have been revoked on its way in
}

// isDraining reports whether whoever comes is told to go.
func (e *Engine) isDraining() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining
}

// ended is told of each session, behind its last turn.
func (e *Engine) ended(s *session) {
	end := s.closing
	if end.byPeer {
		e.metrics.ClosedByClient()
	} else {
		e.metrics.Closed(end.code)
	}
	now := time.Now()
	attrs := append(s.attrs(), "after", now.Sub(s.opened.time()).Round(time.Millisecond))
	e.users.leave(s, now)
	e.lines.say("session closed", append(attrs, "code", int(end.code), "reason", end.reason))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sessions--
	e.moves++
	e.metrics.Sessions.Set(float64(e.sessions))
	e.closeIfEmpty()
}

// closeIfEmpty lets Drain go on. A session that was let in just before may still
// come, and go at once; so it may be called again.
func (e *Engine) closeIfEmpty() {
	if !e.draining || e.sessions > 0 || e.calls > 0 || e.isEmpty() {
		return
	}
	close(e.empty)
}

func (e *Engine) isEmpty() bool {
	select {
	case <-e.empty:
		return true
	default:
		return false
	}
}

// call counts a command without a session until done is called. ok: there still is
// somebody to do it.
func (e *Engine) call() (done func(), ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isEmpty() {
		return nil, false
	}
	e.calls++
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.calls--
		e.closeIfEmpty()
	}, true
}

// Drain ends every session with close code 1001, over the time of Config.Spread, waits
// for the commands that are being done without one, then stops. Until a session's turn
// comes, it goes on as it did. Sessions that have not gone when ctx ends are cut off, and
// ctx's error is returned. It is called once.
func (e *Engine) Drain(ctx context.Context) error {
	e.mu.Lock()
	e.draining = true
	e.closeIfEmpty()
	e.mu.Unlock()
	e.tellToGo(ctx)
	err := e.waitEmpty(ctx)
	close(e.stopped)
	e.revoked.close()
	e.writer.Close()
	for _, t := range e.transports() {
		t.close()
	}
	if e.peers != nil {
		err = errors.Join(err, e.peers.close())
	}
	return err
}

func (e *Engine) waitEmpty(ctx context.Context) error {
	select {
	case <-e.empty:
		return nil
	case <-ctx.Done():
	}
	why := "had not gone when the node did"
	e.cutting.Store(&why)
	for _, t := range e.transports() {
		t.cut(why)
	}
	select {
	case <-e.empty:
	case <-time.After(cutTimeout):
	}
	return ctx.Err()
}

// cutTimeout is for the last steps of sessions whose sockets are closed.
const cutTimeout = 500 * time.Millisecond
