package engine

import (
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store/memory"
)

// startEngine runs an engine for the length of a test.
func startEngine(t *testing.T, change ...func(*Config)) *Engine {
	t.Helper()
	c := Config{
		Store:     memory.New(64 << 20),
		Metrics:   metrics.New(),
		Log:       slog.New(slog.DiscardHandler),
		Rate:      room.Window{N: 10, Per: 10 * time.Second},
		RateLabel: "10 msgs/10s",
		Heartbeat: 30 * time.Second,
		Memory:    &roomlog.Budget{MemoryBytes: 8 << 20, Total: 64 << 20},
	}
	for _, f := range change {
		f(&c)
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if e.draining {
			return // the test did
		}
		ctx := t.Context() // is over: what has not gone is cut off
		if err := e.Drain(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	return e
}

// peer is a client at the other end of a connection, speaking frames.
type peer struct {
	t        *testing.T
	conn     net.Conn
	decoder  frame.Decoder
	unread   []byte
	received int // bytes
	buf      []byte
}

// pipe opens a session over net.Pipe, which works on a simulated clock.
func pipe(t *testing.T, e *Engine, change ...func(*Opening)) *peer {
	t.Helper()
	ours, theirs := net.Pipe()
	return open(t, e, ours, theirs, change)
}

// tcp opens a session over a loopback socket.
func tcp(t *testing.T, e *Engine, change ...func(*Opening)) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return open(t, e, ours, theirs, change)
}

func open(t *testing.T, e *Engine, ours, theirs net.Conn, change []func(*Opening)) *peer {
	o := Opening{Conn: ours, Identity: guest("Anonymous")}
	for _, f := range change {
		f(&o)
	}
	e.Open(o)
	p := &peer{t: t, conn: theirs, buf: make([]byte, 64<<10),
		decoder: frame.NewDecoder(frame.Client, o.Deflate, frame.Limits{MessageBytes: 1 << 20, Fragments: 1})}
	t.Cleanup(func() { theirs.Close() })
	return p
}

// guest is somebody whom nobody knows yet.
func guest(name string) auth.Identity {
	return auth.Identity{Guest: true, User: "guest." + rand.Text(), Name: name}
}

func as(id auth.Identity) func(*Opening) { return func(o *Opening) { o.Identity = id } }

func (p *peer) send(text string) { p.sendFrame(frame.Text, text) }

func (p *peer) sendFrame(op frame.Opcode, payload string) {
	p.t.Helper()
	p.sendBytes(frame.AppendMaskedFrame(nil, op, []byte(payload), [4]byte{1, 2, 3, 4}))
}

func (p *peer) sendBytes(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// read is the next message or control frame; io.EOF and the like at the end.
func (p *peer) read() (frame.Opcode, string, error) {
	for {
		for len(p.unread) > 0 {
			n, m, ok, err := p.decoder.Decode(p.unread)
			p.unread = p.unread[n:]
			if err != nil {
				p.t.Fatalf("the engine wrote a bad frame: %v", err)
			}
			if ok {
				return m.Op, string(m.Payload), nil
			}
		}
		n, err := p.conn.Read(p.buf)
		if n == 0 {
			return 0, "", err
		}
		p.unread = p.buf[:n]
		p.received += n
	}
}

// next is the next text; pings are answered on the way.
func (p *peer) next() string {
	p.t.Helper()
	for {
		op, payload, err := p.read()
		switch {
		case err != nil:
			p.t.Fatalf("read: %v", err)
		case op == frame.Text:
			return payload
		case op == frame.Ping:
			p.sendFrame(frame.Pong, payload)
		default:
			p.t.Fatalf("opcode %d with %q, want a text", op, payload)
		}
	}
}

// want reads the next texts.
func (p *peer) want(texts ...string) {
	p.t.Helper()
	for _, want := range texts {
		if got := p.next(); got != want {
			p.t.Fatalf("\n got %s\nwant %s", got, want)
		}
	}
}

// wantClose reads up to a close frame, and hangs up.
func (p *peer) wantClose(code uint16) {
	p.t.Helper()
	for {
		op, payload, err := p.read()
		if err != nil {
			p.t.Fatalf("read: %v, want close %d", err, code)
		}
		if op != frame.Close {
			continue
		}
		got, reason, err := frame.ParseClose([]byte(payload))
		if err != nil || got != code {
			p.t.Fatalf("close %d %q, %v; want %d", got, reason, err, code)
		}
		p.conn.Close()
		return
	}
}

// wantEnd reads up to the end of a connection that was cut off without a word.
func (p *peer) wantEnd() {
	p.t.Helper()
	op, payload, err := p.read()
	for err == nil && op == frame.Ping {
		op, payload, err = p.read()
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("opcode %d with %q, %v; want the end", op, payload, err)
	}
	if !errors.Is(err, io.EOF) {
		p.t.Logf("ended with %v", err)
	}
}

// openSessions is how many sessions e carries.
func openSessions(e *Engine) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sessions
}
