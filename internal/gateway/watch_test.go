package gateway

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// fromAfar is a listener whose peers seem to come from an address that isn't
// loopback.
type fromAfar struct {
	net.Listener
	addr netip.AddrPort
}

func (l fromAfar) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return connFrom{conn, l.addr}, err
}

type connFrom struct {
	net.Conn
	addr netip.AddrPort
}

func (c connFrom) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.addr) }

// serveAfar serves g to peers that come from here, and tells of each connection
// when the gateway has seen to its state.
func serveAfar(t *testing.T, g *Gateway) (dial func() net.Conn, states <-chan http.ConnState) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, seen := Server(g), make(chan http.ConnState, 100)
	watch := server.ConnState
	server.ConnState = func(c net.Conn, state http.ConnState) {
		watch(c, state)
		seen <- state
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(fromAfar{l, netip.AddrPortFrom(here, 5000)})
	}()
	t.Cleanup(func() { server.Close(); <-served })
	return func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		return conn
	}, seen
}

// counted is what g knows of the peers that come from here.
func (g *Gateway) counted() (conns, sessions int) {
	g.crowd.mu.Lock()
	defer g.crowd.mu.Unlock()
	if n := g.crowd.addresses[netip.PrefixFrom(here, 32)]; n != nil {
		return n.conns, n.sessions
	}
	return 0, 0
}

func (g *Gateway) wantCounted(t *testing.T, conns, sessions int, when string) {
	t.Helper()
	if c, s := g.counted(); c != conns || s != sessions {
		t.Errorf("%s: %d connections and %d sessions are counted, want %d and %d", when, c, s, conns, sessions)
	}
}

func wantState(t *testing.T, states <-chan http.ConnState, want http.ConnState) {
	t.Helper()
	for {
		select {
		case got := <-states:
			if got == want {
				return
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no connection became %v", want)
		}
	}
}

func TestConnectionThatSaysNothingIsCountedUntilItGoes(t *testing.T) {
	g := newGateway(t, Config{})
	dial, states := serveAfar(t, g)
	conn := dial()
	wantState(t, states, http.StateNew)
	g.wantCounted(t, 1, 0, "while it stands there")
	conn.Close()
	wantState(t, states, http.StateClosed)
	g.wantCounted(t, 0, 0, "when it has gone")
}

func TestAddressThatHoldsTooManyConnectionsIsHungUpOn(t *testing.T) {
	g := newGateway(t, Config{})
	dial, states := serveAfar(t, g)
	now := time.Now()
	for range protocol.MaxSessionsPerAddress {
		g.crowd.connect(here, now)
	}
	if got, err := io.ReadAll(dial()); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %q, %v; want the end", got, err)
	}
	wantState(t, states, http.StateClosed)
	g.wantCounted(t, protocol.MaxSessionsPerAddress, 0, "when it has gone")
	g.crowd.disconnect(here)
	conn := dial()
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || len(got) == 0 {
		t.Errorf("after one has gone: %q, %v; want an answer", got, err)
	}
}

const handshake = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// telling is an engine that says when its only session has given its place back.
type telling struct {
	*engine.Engine
	gone chan struct{}
}

func (e telling) Open(o engine.Opening) {
	closed := o.Closed
	o.Closed = func() { closed(); close(e.gone) }
	e.Engine.Open(o)
}

func TestSessionCountsAsOneUntilItEnds(t *testing.T) {
	for _, way := range []engine.Transport{engine.TransportAuto, engine.TransportGoroutines} {
		t.Run(string(way), func(t *testing.T) { countsUntilItEnds(t, way) })
	}
}

func countsUntilItEnds(t *testing.T, way engine.Transport) {
	m, log := metrics.New(), slog.New(slog.DiscardHandler)
	running, err := engine.New(engine.Config{Store: memory.New(memory.DefaultBudget), Metrics: m, Log: log, Heartbeat: time.Minute,
		Memory: &roomlog.Budget{MemoryBytes: 1 << 20, Total: 1 << 20}, Transport: way})
	if err != nil {
		t.Fatal(err)
	}
	e := telling{running, make(chan struct{})}
	g := newGateway(t, Config{Sessions: e})
	dial, states := serveAfar(t, g)
	conn := dial()
	if _, err := io.WriteString(conn, handshake+"\r\n"); err != nil {
		t.Fatal(err)
	}
	wantState(t, states, http.StateHijacked)
	g.wantCounted(t, 0, 1, "once it is a session")
	conn.Close()
	<-e.gone
	g.wantCounted(t, 0, 0, "when it has gone")
	if err := e.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRefusedHandshakeLeavesNothingBehind(t *testing.T) {
	g := newGateway(t, Config{})
	dial, states := serveAfar(t, g)
	for range 3 {
		conn := dial()
		if _, err := io.WriteString(conn, handshake+"Origin: https://evil.example\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 403 ") {
			t.Errorf("got %q, %v; want 403", got, err)
		}
		conn.Close()
		wantState(t, states, http.StateClosed)
	}
	g.wantCounted(t, 0, 0, "after three")
}

func TestTrustedProxyMayHoldAllItsClientsConnections(t *testing.T) {
	g := newGateway(t, Config{TrustedProxies: []string{here.String()}})
	dial, states := serveAfar(t, g)
	dial()
	wantState(t, states, http.StateNew)
	g.wantCounted(t, 0, 0, "a proxy")
}
