package gateway

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // RFC 6455 §4.2.2 wants it; it proves no secret
	"encoding/base64"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
)

// tokenPrefix begins a subprotocol entry that carries a token.
const tokenPrefix = "parley.token."

// upgrade lets a session in: draining, limits by address, a well-formed
// handshake, the origin, the token, the user's sessions, in this order.
func (g *Gateway) upgrade(w http.ResponseWriter, r *http.Request) {
	if g.draining.Load() {
		g.refuse(w, r, &refusal{code: protocol.CodeDraining, status: http.StatusServiceUnavailable,
			text: "This node is going away. Try again.", header: map[string]string{"Retry-After": "1"}})
		return
	}
	addr := g.client(r)
	place, why := g.crowd.enter(addr, time.Now())
	if why != nil {
		g.refuse(w, r, why)
		return
	}
	if why = handshakeProblem(r); why == nil {
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
		conn.Close()
		return
	}
	o.Conn, o.Deflate, o.Early = conn, deflate, early(conn, buffered.Reader)
	g.sessions.Open(o)
}

// early is what the client sent behind its handshake without waiting.
func early(_ net.Conn, r *bufio.Reader) []byte {
	if r.Buffered() == 0 {
		return nil
	}
	p, _ := r.Peek(r.Buffered()) // all of it is there
	return slices.Clone(p)
}

// accept is the response to a handshake that was found good (RFC 6455 §4.2.2).
func accept(r *http.Request) (response []byte, deflate bool) {
	const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + magic)) //nolint:gosec // as above
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	b = base64.StdEncoding.AppendEncode(b, sum[:])
	if entry, ok := tokenEntry(r); ok {
		// Browsers and ws hang up where they offered something and nothing was
		// chosen, so a client that offers its token alone gets that entry back.
		b = append(b, "\r\nSec-WebSocket-Protocol: "+entry...)
	}
	extension, deflate := frame.NegotiateDeflate(r.Header.Values("Sec-Websocket-Extensions"))
	if deflate {
		b = append(b, "\r\nSec-WebSocket-Extensions: "+extension...)
	}
	return append(b, "\r\n\r\n"...), deflate
}

// tokenEntry is the first subprotocol entry that carries a token.
func tokenEntry(r *http.Request) (entry string, ok bool) {
	for _, value := range listOf(r.Header, "Sec-Websocket-Protocol") {
		if strings.HasPrefix(value, tokenPrefix) {
			return value, true
		}
	}
	return "", false
}

// handshakeProblem is what RFC 6455 §4.2.1 wants of a client's handshake.
func handshakeProblem(r *http.Request) *refusal {
	bad := func(status int, text string, header map[string]string) *refusal {
		return &refusal{code: protocol.CodeBadHandshake, status: status, text: text, header: header}
	}
	switch {
	case r.Method != http.MethodGet:
		return bad(http.StatusMethodNotAllowed, "A WebSocket handshake is a GET.", map[string]string{"Allow": "GET"})
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return bad(http.StatusHTTPVersionNotSupported, "A WebSocket handshake is HTTP/1.1.", nil)
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return bad(http.StatusUpgradeRequired, "This address speaks WebSocket: want Connection: Upgrade and Upgrade: websocket. "+
			"A proxy in front must pass both on.", map[string]string{"Upgrade": "websocket"})
	case !slices.Equal(r.Header.Values("Sec-Websocket-Version"), []string{"13"}):
		return bad(http.StatusUpgradeRequired, "Want Sec-WebSocket-Version: 13.", map[string]string{"Sec-WebSocket-Version": "13"})
	case !keyIsGood(r.Header.Values("Sec-Websocket-Key")):
		return bad(http.StatusBadRequest, "Want one Sec-WebSocket-Key: 16 bytes in base64.", nil)
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return bad(http.StatusBadRequest, "A WebSocket handshake has no body.", nil)
	}
	return nil
}

func keyIsGood(keys []string) bool {
	if len(keys) != 1 || len(keys[0]) != 24 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(keys[0])
	return err == nil && len(key) == 16
}

// hasToken reports whether a header's list of tokens has one, in any case.
func hasToken(h http.Header, name, token string) bool {
	return slices.ContainsFunc(listOf(h, name), func(s string) bool { return strings.EqualFold(s, token) })
}

// listOf is the elements of a header that is a list, over all of its lines.
func listOf(h http.Header, name string) []string {
	var out []string
	for _, line := range h.Values(name) {
		for element := range strings.SplitSeq(line, ",") {
			if element = strings.Trim(element, " \t"); element != "" {
				out = append(out, element)
			}
		}
	}
	return out
}
