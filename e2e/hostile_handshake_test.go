//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHostileHandshakes(t *testing.T) {
	s := startServer(t)
	serveNext(t, s) // what a server makes once is no leak
	hostile(t, s, handshakes(), func(t *testing.T, r row) string {
		p := connect(t, s)
		p.send(slices.Concat(r.send, stillThere()))
		seen := p.status()
		if seen == "101" {
			seen += "; " + p.seen()
		}
		p.conn.Close()
		return seen
	})
}

// handshakes is what may stand at a connection's start. Rows that end in
// "lives" look odd and are allowed; they are here so that the door isn't made
// narrower than the RFCs.
func handshakes() []row {
	raw := func(s string) []byte { return []byte(s) }
	behind := func(b ...[]byte) []byte { return slices.Concat(append([][]byte{handshake()}, b...)...) }
	rows := []row{
		{"a good one", handshake(), "101; lives"},
		{"at /", request("GET / HTTP/1.1"), "101; lives"},

		{"POST", request("POST /ws HTTP/1.1"), "405"},
		{"method in lower case", request("get /ws HTTP/1.1"), "405"},
		{"CONNECT", request("CONNECT /ws HTTP/1.1"), "405"},
		{"TRACE", request("TRACE /ws HTTP/1.1"), "405"},
		{"OPTIONS *", request("OPTIONS * HTTP/1.1"), "200"},
		{"HTTP/1.0", request("GET /ws HTTP/1.0"), "400"},
		{"HTTP/2.0", request("GET /ws HTTP/2.0"), "505"},
		{"HTTP/9.9", request("GET /ws HTTP/9.9"), "505"},
		{"no version", request("GET /ws"), "400"},
		{"words for a version", request("GET /ws HTTP/one"), "400"},
		{"a request line of one word", request("/ws"), "400"},
		{"spaces in the path", request("GET /w s HTTP/1.1"), "400"},
		{"NUL in the path", request("GET /w\x00s HTTP/1.1"), "400"},
		{"bad escape in the path", request("GET /%zz HTTP/1.1"), "400"},
		{"path of 64 KiB", request("GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1"), "431"},
		{"absolute address", request("GET http://127.0.0.1/ws HTTP/1.1"), "101; lives"},
		{"dots in the path", request("GET /a/../ws HTTP/1.1"), "307"},
		{"another path", request("GET /wss HTTP/1.1"), "404"},

		{"no Host", handshake("-Host"), "400"},
		{"two Hosts", handshake("+Host: evil.example"), "400"},
		{"Host with a space", handshake("Host: a b"), "400"},
		{"a foreign Host, no Origin", handshake("Host: evil.example"), "101; lives"},
		{"a foreign page", handshake("Origin: http://evil.example"), "403"},
		{"a name that was made to point here", handshake("Host: evil.example", "Origin: http://evil.example"), "403"},
		{"Origin that is none", handshake("Origin: x"), "403"},
		{"empty Origin", handshake("Origin: "), "403"},
		{"two Origins", handshake("Origin: http://127.0.0.1", "+Origin: http://evil.example"), "403"},
		{"Origin of 8 KiB", handshake("Origin: http://" + strings.Repeat("a", 8<<10)), "403"},
		{"Origin with a user", handshake("Origin: http://127.0.0.1@evil.example"), "403"},
		{"Origin that begins like ours", handshake("Origin: http://127.0.0.1.evil.example"), "403"},

		{"no Upgrade", handshake("-Upgrade"), "426"},
		{"Upgrade to h2c", handshake("Upgrade: h2c"), "426"},
		{"Upgrade to a word that begins right", handshake("Upgrade: websockets"), "426"},
		{"Upgrade to one of two", handshake("Upgrade: h2c, WebSocket"), "101; lives"},
		{"no Connection", handshake("-Connection"), "426"},
		{"Connection: close", handshake("Connection: close"), "426"},
		{"Connection of both", handshake("Connection: keep-alive, upgrade"), "101; lives"},
		{"no version of WebSocket", handshake("-Sec-WebSocket-Version"), "426"},
		{"version 8", handshake("Sec-WebSocket-Version: 8"), "426"},
		{"version 013", handshake("Sec-WebSocket-Version: 013"), "426"},
		{"version 13.0", handshake("Sec-WebSocket-Version: 13.0"), "426"},
		{"a list of versions", handshake("Sec-WebSocket-Version: 13, 8"), "426"},
		{"two versions", handshake("+Sec-WebSocket-Version: 13"), "426"},
		{"a version of 10,000 digits", handshake("Sec-WebSocket-Version: " + strings.Repeat("9", 10000)), "426"},

		{"no key", handshake("-Sec-WebSocket-Key"), "400"},
		{"empty key", handshake("Sec-WebSocket-Key: "), "400"},
		{"key of 15 bytes", handshake("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"), "400"},
		{"key of 17 bytes", handshake("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="), "400"},
		{"key that is no base64", handshake("Sec-WebSocket-Key: ************************"), "400"},
		{"key without padding", handshake("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA"), "400"},
		{"key in two parts", handshake("Sec-WebSocket-Key: AAAAAAAAAAA AAAAAAAAAA=="), "400"},
		{"two keys", handshake("+Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), "400"},
		{"key of 12 KiB", handshake("Sec-WebSocket-Key: " + strings.Repeat("A", 12<<10)), "400"},

		{"extension that is unknown", handshake("Sec-WebSocket-Extensions: x-evil; a=b"), "101; lives"},
		{"extension that is no list", handshake("Sec-WebSocket-Extensions: ;;=,\"\\"), "101; lives"},
		{"deflate with a wrong window", handshake("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99"), "101; lives"},
		{"4,000 extensions", handshake("Sec-WebSocket-Extensions: " + strings.Repeat("x, ", 4000) + "y"), "101; lives"},
		{"subprotocols of commas", handshake("Sec-WebSocket-Protocol: " + strings.Repeat(",", 8000)), "101; lives"},

		{"header without a colon", handshake("X-Evil"), "400"},
		{"header without a name", handshake(": evil"), "400"},
		{"header with a space before its colon", handshake("Upgrade : websocket"), "400"},
		{"header name that is no token", handshake("X(Evil): 1"), "400"},
		{"NUL in a header", handshake("X-Evil: a\x00b"), "400"},
		{"NUL in a header's name", handshake("X-\x00: a"), "400"},
		{"DEL in a header", handshake("X-Evil: \x7f"), "400"},
		{"Latin-1 in a header", handshake("X-Odd: \xff\xfe"), "101; lives"},
		{"bare CR in a header", handshake("X-Evil: a\rb"), "400"},
		{"bare LF at each line", raw(strings.ReplaceAll(string(handshake()), "\r\n", "\n")), "101; lives"},
		{"one header of 64 KiB", handshake("X-Evil: " + strings.Repeat("a", 64<<10)), "431"},
		{"10,000 headers", handshake(strings.Repeat("X-Evil: a\r\n", 10000) + "X: y"), "431"},
		{"10,000 names of headers", handshake(manyHeaders(10000)), "431"},
		{"1,000 tokens in the cookie", handshake("Cookie: " + strings.Repeat("parley_token=a; ", 900) + "z=1"), "101; lives"},
		{"Expect of more", handshake("Expect: a miracle"), "417"},

		{"a body", slices.Concat(handshake("Content-Length: 5"), raw("hello")), "400"},
		{"a body of nothing", handshake("Content-Length: 0"), "101; lives"},
		{"a body that never comes", handshake("Content-Length: 5000000"), "400"},
		{"a body in chunks", slices.Concat(handshake("Transfer-Encoding: chunked"), raw("5\r\nhello\r\n0\r\n\r\n")), "400"},
		{"a chunk of bad length", slices.Concat(handshake("Transfer-Encoding: chunked"), raw("-1\r\n")), "400"},
		{"chunks and a length", slices.Concat(handshake("Content-Length: 4", "Transfer-Encoding: chunked"), raw("0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")), "400"},
		{"two lengths", handshake("Content-Length: 0", "+Content-Length: 5"), "400"},
		{"a negative length", handshake("Content-Length: -1"), "400"},
		{"a length with a sign", handshake("Content-Length: +0"), "400"},
		{"a length beyond 64 bits", handshake("Content-Length: 99999999999999999999"), "400"},
		{"chunked, spelled oddly", handshake("Transfer-Encoding: xchunked"), "501"},
		{"chunked twice", handshake("Transfer-Encoding: chunked", "+Transfer-Encoding: chunked"), "501"},

		{"HTTP/2 from the start", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"), "400"},
		{"a TLS hello", raw("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"), "400"},
		{"an SSH greeting", raw("SSH-2.0-OpenSSH_9.6\r\n"), "400"},
		{"a mail", raw("EHLO evil.example\r\nMAIL FROM:<a@b>\r\n"), "400"},
		{"frames without a handshake", slices.Concat(clientFrame(fin|text, "{}"), raw("\r\n\r\n")), "400"},
		{"a megabyte without an end", raw(strings.Repeat("A", 1<<20)), "431"},
		{"a megabyte of NUL", raw(strings.Repeat("\x00", 1<<20)), "431"},

		{"a join behind it", behind(clientFrame(fin|text, `{"type":"join","username":"eve","room":"early"}`)), "101; eve joined #early; lives"},
		{"no JSON behind it", behind(clientFrame(fin|text, "hello")), "101; Invalid JSON; lives"},
		{"an unmasked frame behind it", behind(raw("\x81\x02{}")), "101; closed with 1002"},
		{"a request behind it", behind(raw("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")), "101; closed with 1002"},
		{"99 joins behind it", behind([]byte(strings.Repeat(string(clientFrame(fin|text, `{"type":"join"}`)), 99))),
			"101; " + strings.Repeat("Anonymous joined #general; ", 99) + "lives"},
	}
	return rows
}

func manyHeaders(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "X-%d: a\r\n", i)
	}
	return b.String() + "X: y"
}
