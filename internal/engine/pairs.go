package engine

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/metrics"
)

// pairs is the transport that gives each connection a pair of goroutines. It works
// on any net.Conn: TLS, pipes, and systems without an event loop of ours.
type pairs struct {
	engine *Engine
	delays *metrics.Part

	mu    sync.Mutex
	conns map[*conn]struct{}
}

func newPairs(e *Engine) *pairs {
	return &pairs{engine: e, delays: e.metrics.Delivery.Part(), conns: map[*conn]struct{}{}}
}

func (ps *pairs) open(o *Opening) {
	c := newConn(ps, o, time.Now())
	ps.mu.Lock()
	ps.conns[c] = struct{}{}
	ps.mu.Unlock()
	c.turn(func(s *session, _ time.Time) { ps.engine.began(s) }) // whoever drains knows of it by now
	go c.carry(o.Early)
}

func (ps *pairs) remove(c *conn) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.conns, c)
}

func (ps *pairs) all() []*conn {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return slices.Collect(maps.Keys(ps.conns))
}

// drain gives each its own goroutine, since one that is busy must not keep the
// others from hearing of it. So does cut.
func (ps *pairs) drain(s share) {
	for _, c := range ps.all() {
		if s.takes() {
			go c.drain()
		}
	}
}

func (ps *pairs) check() {
	for _, c := range ps.all() {
		c.Check()
	}
}

func (ps *pairs) cut(reason string) {
	for _, c := range ps.all() {
		go c.cut(reason)
	}
}

func (*pairs) close() {} // a pair ends with its connection
