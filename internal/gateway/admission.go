package gateway

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/protocol"
)

// admission has handshakes come in one after the other, so that a crowd of newcomers
// takes no more of the machine than those who are in can spare. What else is asked for
// over HTTP doesn't wait here.
type admission struct {
	// Fixed after newAdmission.
	busy    func() bool
	metrics *metrics.Metrics

	// Any goroutine.
	slots   chan struct{} // holds one for each handshake that is worked on
	waiting atomic.Int32
}

const (
	slotsPerCore = 2
	maxLine      = 12_000      // handshakes that wait; with a connection that costs about 12 KB
	slotFor      = time.Second // one that waits itself, as for the key of a token, gives its slot back

	// While the loops are busy, a handshake whose turn has come waits for them, so long at
	// most; less if it has stood in the line for patience. So a crowd comes in as fast as
	// the loops find rest, and after that time by some 500 a second and core.
	yieldFor  = 50 * time.Millisecond
	yieldLess = 4 * time.Millisecond
	patience  = 8 * time.Second
	yieldStep = time.Millisecond / 2
)

func newAdmission(busy func() bool, m *metrics.Metrics) *admission {
	if busy == nil {
		busy = func() bool { return false }
	}
	return &admission{busy: busy, metrics: m, slots: make(chan struct{}, slotsPerCore*runtime.GOMAXPROCS(0))}
}

// enter waits for a slot. ok: there was a place in the line.
func (a *admission) enter() (ok bool) {
	if a.waiting.Add(1) > maxLine {
		a.waiting.Add(-1)
		return false
	}
	a.metrics.Handshakes.Inc()
	came := time.Now()
	a.slots <- struct{}{}
	a.yield(came)
	a.waiting.Add(-1)
	a.metrics.Handshakes.Dec()
	return true
}

// yield lets those who are in go first.
func (a *admission) yield(came time.Time) {
	now := time.Now()
	end := now.Add(yieldFor)
	if now.Sub(came) >= patience {
		end = now.Add(yieldLess)
	}
	for ; a.busy() && now.Before(end); now = time.Now() {
		time.Sleep(yieldStep)
	}
}

func (a *admission) leave() { <-a.slots }

// Listener gives g's admission to what l accepts. TLS stands above it: there a slot is
// for the handshake of TLS, which costs most.
func (g *Gateway) Listener(l net.Listener) net.Listener { return &line{l, g} }

type line struct {
	net.Listener
	gateway *Gateway
}

func (l *line) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // net/http looks at what it is
	}
	runtime.Gosched() // the next one comes after those who are in had their turn
	return &newcomer{Conn: c, gateway: l.gateway}, nil
}

// newcomer is a connection that has asked for nothing yet. What it asks for first
// decides whether it waits.
type newcomer struct {
	net.Conn
	gateway *Gateway
	known   atomic.Bool                // it has asked
	slot    atomic.Pointer[time.Timer] // gives it back in time; nil: it has none
	overTLS bool                       // owned by whoever reads
}

// Read implements net.Conn.
func (n *newcomer) Read(p []byte) (int, error) {
	if n.known.Load() {
		if n.overTLS {
			n.giveBack()
		}
		return n.Conn.Read(p) //nolint:wrapcheck // as if it were the connection itself
	}
	count, err := n.Conn.Read(p)
	if count > 0 {
		n.known.Store(true)
		if first := p[:count]; isClientHello(first) || isHandshake(first) {
			n.overTLS = isClientHello(first)
			if !n.wait() {
				return 0, io.EOF
			}
		}
	}
	return count, err //nolint:wrapcheck // the same
}

// wait waits for a slot, or has the peer told that there is no place to wait in.
func (n *newcomer) wait() bool {
	a := n.gateway.admission
	if !a.enter() {
		n.turnAway()
		return false
	}
	_ = n.SetReadDeadline(time.Now().Add(protocol.HandshakeTimeout)) // the time in the line was ours
	timer := time.AfterFunc(slotFor, n.giveBack)
	n.slot.Store(timer)
	return true
}

// giveBack gives the slot back, if there is one.
func (n *newcomer) giveBack() {
	if timer := n.slot.Swap(nil); timer != nil {
		timer.Stop()
		n.gateway.admission.leave()
	}
}

// Close implements net.Conn.
func (n *newcomer) Close() error {
	n.giveBack()
	return n.Conn.Close() //nolint:wrapcheck // as above
}

// NetConn is the connection itself, for those who set its buffers.
func (n *newcomer) NetConn() net.Conn { return n.Conn }

// busyAnswer is for whom there is no place in the line. It is the same for all, since
// there are many.
const busyAnswer = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 46\r\n\r\nToo many come in at once. Wait, then try again"

func (n *newcomer) turnAway() {
	why := &refusal{code: protocol.CodeOverloaded, log: "more came in at once than may wait"}
	n.gateway.count(addressOf(n.RemoteAddr().String()), why)
	if !n.overTLS {
		_ = n.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(n.Conn, busyAnswer) // who doesn't hear it tries again, too
	}
}

// isHandshake reports whether a request wants a WebSocket, and is all there. One that
// comes in pieces, as no client sends it, doesn't wait.
func isHandshake(p []byte) bool {
	if !bytes.HasPrefix(p, []byte("GET ")) || !bytes.HasSuffix(p, []byte("\r\n\r\n")) {
		return false
	}
	for _, name := range [...]string{"\r\nSec-WebSocket-Key:", "\r\nsec-websocket-key:", "\r\nSec-Websocket-Key:"} {
		if bytes.Contains(p, []byte(name)) {
			return true
		}
	}
	return false
}

// isClientHello reports whether bytes begin a handshake of TLS (RFC 8446 §5.1).
func isClientHello(p []byte) bool { return p[0] == 22 }

// comeIn takes a connection that was upgraded out of its admission. done is called
// once its session has begun.
func comeIn(c net.Conn) (in net.Conn, done func()) {
	if n, ok := c.(*newcomer); ok {
		return n.Conn, n.giveBack
	}
	return c, func() {}
}
