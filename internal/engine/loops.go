package engine

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/poll"
)

// loops is the transport that carries plain sockets by one loop for each core.
type loops struct {
	engine *Engine
	list   []*loop
	next   atomic.Uint64 // whose turn it is to get a connection
}

func newLoops(e *Engine, gather time.Duration) (*loops, error) {
	ls := &loops{engine: e}
	for i := range runtime.GOMAXPROCS(0) {
		l, err := newLoop(e, i, gather)
		if err != nil {
			ls.close()
			return nil, err
		}
		ls.list = append(ls.list, l)
		go l.run()
	}
	return ls, nil
}

// take takes a connection over, if it is a plain socket and the loops still run.
func (ls *loops) take(o *Opening) bool {
	l := ls.list[ls.next.Add(1)%uint64(len(ls.list))]
	if l.hasEnded() {
		return false
	}
	socket, err := poll.Take(o.Conn)
	if err != nil {
		return false
	}
	l.open(socket, o)
	return true
}

// drain implements transport.
func (ls *loops) drain(s share) {
	for _, l := range ls.list {
		l.notes.task(func(now time.Time) {
			l.each(func(c *loopConn) {
				if c.session.state == alive && s.takes() {
					c.session.drain()
					c.step(now)
				}
			})
		})
	}
}

// check implements transport.
func (ls *loops) check() {
	for _, l := range ls.list {
		l.notes.task(func(now time.Time) { l.each(func(c *loopConn) { c.check(now) }) })
	}
}

// cut implements transport.
func (ls *loops) cut(reason string) {
	for _, l := range ls.list {
		l.notes.task(func(time.Time) { l.each(func(c *loopConn) { c.cut(reason) }) })
	}
}

// close implements transport.
func (ls *loops) close() {
	for _, l := range ls.list {
		l.notes.task(func(time.Time) { l.stopped = true })
		<-l.done
	}
}

// loopFailed stops the node: a loop that can't wait for its sockets carries nobody.
func loopFailed(err error) { panic(fmt.Sprintf("event loop: %v", err)) }
