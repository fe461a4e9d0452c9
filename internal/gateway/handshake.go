package gateway

import (
	"crypto/sha1" //nolint:gosec // RFC 6455 §4.2.2 wants it; it proves no secret
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
)

// tokenPrefix begins a subprotocol entry that carries a token or a pass.
const tokenPrefix = "parley.token."

// dialectOf is what a handshake asks to speak.
func dialectOf(r *http.Request) protocol.Dialect {
	if slices.Contains(listOf(r.Header, "Sec-Websocket-Protocol"), protocol.Subprotocol) {
		return protocol.V1
	}
	return protocol.Tutorial
}

// accept is the response to a handshake that was found good (RFC 6455 §4.2.2).
// window is permessage-deflate's, 0 without it.
func accept(r *http.Request, dialect protocol.Dialect) (response []byte, window int) {
	const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + magic)) //nolint:gosec // as above
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	b = base64.StdEncoding.AppendEncode(b, sum[:])
	if dialect == protocol.V1 {
		b = append(b, "\r\nSec-WebSocket-Protocol: "+protocol.Subprotocol...)
	} else if entry, alone := tokenEntry(r); alone {
		// Browsers and ws hang up where they offered something and nothing was
		// chosen, so a client that offers its token alone gets that entry back. To
		// one that offers another dialect, too, it would say that we speak it.
		b = append(b, "\r\nSec-WebSocket-Protocol: "+entry...)
	}
	extension, window := frame.NegotiateDeflate(r.Header.Values("Sec-Websocket-Extensions"))
	if window > 0 {
		b = append(b, "\r\nSec-WebSocket-Extensions: "+extension...)
	}
	return append(b, "\r\n\r\n"...), window
}

// tokenEntry is the first subprotocol entry that carries a token, empty without
// one; alone reports that no entry is anything else.
func tokenEntry(r *http.Request) (entry string, alone bool) {
	offers := listOf(r.Header, "Sec-Websocket-Protocol")
	isToken := func(s string) bool { return strings.HasPrefix(s, tokenPrefix) }
	i := slices.IndexFunc(offers, isToken)
	if i < 0 {
		return "", false
	}
	return offers[i], !slices.ContainsFunc(offers, func(s string) bool { return !isToken(s) })
}

// checkHandshake is what RFC 6455 §4.2.1 wants of a client's handshake. That
// there is one Host at all, and no line that isn't HTTP, net/http has seen to.
func checkHandshake(r *http.Request) *refusal {
	switch _, host := parseOrigin("http://" + r.Host); {
	case r.Method != http.MethodGet:
		return badHandshake(http.StatusMethodNotAllowed, "A WebSocket handshake is a GET.").with("Allow", "GET")
	case !r.ProtoAtLeast(1, 1):
		return badHandshake(http.StatusBadRequest, "A WebSocket handshake is HTTP/1.1. In nginx: proxy_http_version 1.1.")
	case !host:
		return badHandshake(http.StatusBadRequest, "Want a Host: a name or an address, and a port unless it is the usual one.")
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return badHandshake(http.StatusUpgradeRequired, "This address speaks WebSocket: want Connection: Upgrade and Upgrade: websocket. "+
			"A proxy in front must pass both on.").with("Upgrade", "websocket")
	case !slices.Equal(r.Header.Values("Sec-Websocket-Version"), []string{"13"}):
		return badHandshake(http.StatusUpgradeRequired, "Want Sec-WebSocket-Version: 13.").with("Sec-WebSocket-Version", "13")
	case !keyIsGood(r.Header.Values("Sec-Websocket-Key")):
		return badHandshake(http.StatusBadRequest, "Want one Sec-WebSocket-Key: 16 bytes in base64.")
	case slices.ContainsFunc(listOf(r.Header, "Sec-Websocket-Protocol"), notToken):
		return badHandshake(http.StatusBadRequest, "Want tokens (RFC 9110 §5.6.2) in Sec-WebSocket-Protocol.")
	case r.ContentLength != 0: // -1 if it comes in chunks
		return badHandshake(http.StatusBadRequest, "A WebSocket handshake has no body.")
	}
	return nil
}

func badHandshake(status int, text string) *refusal {
	return &refusal{code: protocol.CodeBadHandshake, status: status, text: text, log: "a handshake was turned away: " + text}
}

// notToken reports whether s holds what a token must not.
func notToken(s string) bool {
	return strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != ""
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
