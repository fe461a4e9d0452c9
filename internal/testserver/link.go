package testserver

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Link is a way to a server on which things go wrong when a test says so. It is whole
// at first.
type Link struct {
	t    testing.TB
	Addr string // where it listens; what comes goes to the server
	got  atomic.Int64
	lost atomic.Int64

	mu     sync.Mutex
	target string
	conns  map[net.Conn]bool
	state  state
	moved  chan struct{} // closed when state changes
}

type state struct {
	cut    bool          // nothing goes through, and nobody is told
	closed bool          // who comes is turned away
	delay  time.Duration // of each piece, up to twice as much
	loss   float64       // how likely a piece is to be the connection's last
}

// NewLink makes a link to the server at addr.
func NewLink(t testing.TB, addr string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{t: t, Addr: listener.Addr().String(), target: addr, conns: map[net.Conn]bool{}, moved: make(chan struct{})}
	t.Cleanup(func() {
		_ = listener.Close()
		l.Close()
	})
	go l.accept(listener)
	return l
}

// Got is how many bytes the server has sent so far.
func (l *Link) Got() int64 { return l.got.Load() }

// Lost is how many connections were ended by loss.
func (l *Link) Lost() int64 { return l.lost.Load() }

// Cut has nothing go through, as a broken cable does: connections stay, and wait.
func (l *Link) Cut() { l.set(func(s *state) { s.cut = true }) }

// Close ends all connections, and turns away who comes.
func (l *Link) Close() {
	l.set(func(s *state) { s.closed = true })
	l.drop()
}

// Drop ends all connections, once.
func (l *Link) Drop() { l.drop() }

// Slow delays each piece that goes through, by d to 2d, and ends a connection at one
// piece in a thousand times loss.
func (l *Link) Slow(d time.Duration, loss float64) {
	l.set(func(s *state) { s.delay, s.loss = d, loss })
}

// Lead has who comes from now on be led to another server, as a name that is another
// machine's now does. Connections stay with the one that they have.
func (l *Link) Lead(addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target = addr
}

// Mend makes the link whole.
func (l *Link) Mend() { l.set(func(s *state) { *s = state{} }) }

func (l *Link) set(change func(*state)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.state)
	close(l.moved)
	l.moved = make(chan struct{})
}

func (l *Link) now() (state, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.moved
}

func (l *Link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close()
	}
}

func (l *Link) accept(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		go l.carry(near)
	}
}

func (l *Link) carry(near net.Conn) {
	defer near.Close()
	if s, _ := l.now(); s.closed {
		return
	}
	l.mu.Lock()
	target := l.target
	l.mu.Unlock()
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer far.Close()
	l.mu.Lock()
	l.conns[near], l.conns[far] = true, true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.conns, near)
		delete(l.conns, far)
		l.mu.Unlock()
	}()
	done := make(chan struct{}, 2)
	pump := func(to, from net.Conn, count *atomic.Int64) {
		l.pump(to, from, count)
		done <- struct{}{}
	}
	go pump(near, far, &l.got)
	go pump(far, near, new(atomic.Int64))
	<-done
}

func (l *Link) pump(to, from net.Conn, count *atomic.Int64) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		for {
			s, moved := l.now()
			if s.closed {
				return
			}
			if !s.cut {
				if s.loss > 0 && rand.Float64() < s.loss/1000 {
					l.lost.Add(1)
					return
				}
				if s.delay > 0 {
					time.Sleep(s.delay + rand.N(s.delay))
				}
				break
			}
			<-moved
		}
		count.Add(int64(n))
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
