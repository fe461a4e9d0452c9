package gateway

import (
	"bufio"
	"net/http"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/protocol"
)

// upgrade lets a session in: draining, limits by address, a well-formed
// handshake, the origin, the token, the user's sessions, in this order.
func (g *Gateway) upgrade(w http.ResponseWriter, r *http.Request) {
	if g.draining.Load() {
		why := &refusal{code: protocol.CodeDraining, status: http.StatusServiceUnavailable, text: "This node is going away. Try again."}
		g.refuse(w, r, why.with("Retry-After", "1"))
		return
	}
	addr := g.client(r)
	place, why := g.crowd.enter(addr, time.Now())
	if why != nil {
		g.refuse(w, r, why)
		return
	}
	if why = checkHandshake(r); why == nil {
		why = g.origins.check(r)
	}
	var who auth.Identity
	if why == nil {
		who, why = g.identify(r)
	}
	if why == nil {
		why = place.seat(who.User)
	}
	if why != nil {
		place.leave()
		g.refuse(w, r, why)
		return
	}
	g.open(w, r, engine.Opening{Identity: who, Addr: addr, Closed: place.leave})
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
	response, deflate := accept(r)
	_ = conn.SetDeadline(time.Now().Add(protocol.HandshakeTimeout))
	if _, err = conn.Write(response); err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		o.Closed()
		_ = conn.Close() // it could not be written to
		return
	}
	o.Conn, o.Deflate, o.Early = conn, deflate, early(buffered.Reader)
	g.sessions.Open(o)
}

// early is what the client sent behind its handshake without waiting.
func early(r *bufio.Reader) []byte {
	p, _ := r.Peek(r.Buffered()) // all of it is there
	return slices.Clone(p)
}
