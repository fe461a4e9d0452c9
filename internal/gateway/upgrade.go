package gateway

import (
	"bufio"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/protocol"
)

// upgrade lets a session in: draining, limits by address, a well-formed
// handshake, the origin, the token or pass, the name, the user's sessions, in this
// order.
func (g *Gateway) upgrade(w http.ResponseWriter, r *http.Request) {
	addr := g.client(r)
	place, why := g.enter(addr)
	if why != nil {
		g.refuse(w, r, why)
		return
	}
	dialect := dialectOf(r)
	if why = checkHandshake(r); why == nil {
		why = g.origins.check(r, dialect)
	}
	var who auth.Identity
	if why == nil {
		who, why = g.comesIn(r, dialect)
	}
	if why == nil {
		why = place.seat(who.User)
	}
	if why != nil {
		place.leave()
		g.refuse(w, r, why)
		return
	}
	g.open(w, r, engine.Opening{Dialect: dialect, Identity: who, Addr: addr, Closed: place.leave})
}

// enter takes a place for whoever comes from addr, unless the node is going away.
func (g *Gateway) enter(addr netip.Addr) (*place, *refusal) {
	if g.draining.Load() {
		return nil, &refusal{code: protocol.CodeDraining, status: http.StatusServiceUnavailable, text: "This node is going away. Try again.", retry: time.Second}
	}
	return g.crowd.enter(addr, time.Now())
}

// open answers with 101, and hands the connection over.
func (g *Gateway) open(w http.ResponseWriter, r *http.Request, o engine.Opening) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		o.Closed()
		http.Error(w, "WebSocket needs HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	conn, buffered, err := hijacker.Hijack()
	if err != nil {
		o.Closed()
		return
	}
	conn, done := comeIn(conn)
	defer done()
	response, window := accept(r, o.Dialect)
	_ = conn.SetDeadline(time.Now().Add(protocol.HandshakeTimeout))
	if _, err = conn.Write(response); err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		o.Closed()
		_ = conn.Close() // it could not be written to
		return
	}
	o.Conn, o.Deflate, o.Window, o.Early = conn, window > 0, window, early(buffered.Reader)
	g.sessions.Open(o)
}

// early is what the client sent behind its handshake without waiting.
func early(r *bufio.Reader) []byte {
	p, _ := r.Peek(r.Buffered()) // all of it is there
	return slices.Clone(p)
}
