package gateway

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"time"

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

func (g *Gateway) standing(addr netip.Addr) int {
	g.crowd.mu.Lock()
	defer g.crowd.mu.Unlock()
	if n := g.crowd.addresses[netip.PrefixFrom(addr, 32)]; n != nil {
		return n.conns
	}
	return 0
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
	if n := g.standing(here); n != 1 {
		t.Errorf("%d connections are counted, want 1", n)
	}
	conn.Close()
	wantState(t, states, http.StateClosed)
	if n := g.standing(here); n != 0 {
		t.Errorf("%d connections are counted when it has gone, want 0", n)
	}
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
	if n := g.standing(here); n != protocol.MaxSessionsPerAddress {
		t.Errorf("%d connections are counted, want %d", n, protocol.MaxSessionsPerAddress)
	}
	g.crowd.disconnect(here)
	conn := dial()
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || len(got) == 0 {
		t.Errorf("after one has gone: %q, %v; want an answer", got, err)
	}
}

func TestTrustedProxyMayHoldAllItsClientsConnections(t *testing.T) {
	g := newGateway(t, Config{TrustedProxies: []string{here.String()}})
	dial, states := serveAfar(t, g)
	dial()
	wantState(t, states, http.StateNew)
	if n := g.standing(here); n != 0 {
		t.Errorf("%d connections of a proxy are counted, want 0", n)
	}
}
