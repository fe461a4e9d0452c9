package engine

import (
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/poll"
)

// handLoop is a loop that goes round when its test says so, at times of the test's
// own: what its sessions do is the same every time.
type handLoop struct {
	*loop
	t   *testing.T
	now time.Time
}

func newHandLoop(t *testing.T, e *Engine) *handLoop {
	t.Helper()
	l, err := newLoop(e, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	h := &handLoop{loop: l, t: t, now: time.Now()}
	t.Cleanup(func() {
		h.each(func(c *loopConn) { c.cut("the test is over") })
		e.crew.do(func() {}) // what the crew has yet to say stays unread
		if err := l.poller.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// round is one round.
func (h *handLoop) round() {
	h.t.Helper()
	events, _, err := h.poller.Wait(h.now, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	h.loop.round(events, h.now)
}

// until goes round until holds, and counts the rounds.
func (h *handLoop) until(what string, holds func() bool) (rounds int) {
	h.t.Helper()
	for late := time.Now().Add(patience); !holds(); rounds++ {
		if time.Now().After(late) {
			h.t.Fatalf("in %d rounds it never came to this: %s", rounds, what)
		}
		h.round()
		runtime.Gosched()
	}
	return rounds
}

// rest goes round as long as there is something to do at once.
func (h *handLoop) rest() {
	h.t.Helper()
	h.round()
	h.until("nothing is left to do", func() bool { return !h.busy() })
}

// dial opens a session on this loop, and gives its client and its connection.
func (h *handLoop) dial(change ...func(*Opening)) (*peer, *loopConn) {
	h.t.Helper()
	ours, theirs := sockets(h.t, 0)
	p := &peer{t: h.t, conn: theirs, buf: make([]byte, 64<<10)}
	return p, h.take(p, ours, change)
}

// narrow is dial, and the client's system takes few bytes ahead of its reading.
func (h *handLoop) narrow(change ...func(*Opening)) (*peer, *loopConn) {
	h.t.Helper()
	ours, theirs := sockets(h.t, 4<<10)
	p := &peer{t: h.t, conn: theirs, buf: make([]byte, 64<<10)}
	return p, h.take(p, ours, change)
}

func (h *handLoop) take(p *peer, ours net.Conn, change []func(*Opening)) *loopConn {
	h.t.Helper()
	o := Opening{Conn: ours, Identity: guest("Anonymous")}
	for _, f := range change {
		f(&o)
	}
	p.decoder = frame.NewDecoder(frame.Client, o.Deflate, frame.Limits{MessageBytes: 1 << 20, Fragments: 1})
	h.engine.mu.Lock()
	h.engine.sessions++ // as Open does
	h.engine.mu.Unlock()
	socket, err := poll.Take(ours)
	if err != nil {
		h.t.Fatal(err)
	}
	h.open(socket, &o)
	h.round()
	return h.conns[socket]
}

// sockets is a connection over loopback: ours, and the client's, whose system takes
// about so many bytes ahead of its reading; 0 for as many as usual.
func sockets(t *testing.T, ahead int) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if ahead == 0 {
			return nil
		}
		_ = raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, ahead) })
		return err
	}}
	if theirs, err = d.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	if ours, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// narrow is tcp, and the client's system takes few bytes ahead of its reading.
func narrow(t *testing.T, e *Engine, change ...func(*Opening)) *peer {
	t.Helper()
	ours, theirs := sockets(t, 4<<10)
	return open(t, e, ours, theirs, change)
}
