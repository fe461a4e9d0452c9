package frame_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/frame"
)

// coder/websocket shares no code with this package. Here it is the other side.

var coderModes = map[string]websocket.CompressionMode{
	"uncompressed":                          websocket.CompressionDisabled,
	"compressed, each message for itself":   websocket.CompressionNoContextTakeover,
	"compressed, with context where it can": websocket.CompressionContextTakeover,
}

// said are messages that coder/websocket sends in one frame each, and then in
// fragments.
func said() (list []frame.Message) {
	list = messages("", "ada", "gräce 🌵", string(chatEvents(1)), strings.Repeat("lobby ", 20_000))
	return append(list, frame.Message{Op: frame.Binary, Payload: bytes.Repeat([]byte{0xff, 0}, 40_000)})
}

func TestCoderAsTheClientUnderstandsUsAndWeIt(t *testing.T) {
	for name, mode := range coderModes {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			ended := make(chan error, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ended <- echo(w, r)
			}))
			defer server.Close()
			conn, _, err := websocket.Dial(ctx, server.URL, &websocket.DialOptions{CompressionMode: mode, CompressionThreshold: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.CloseNow() }()
			conn.SetReadLimit(1 << 20)

			for _, m := range said() {
				for _, write := range []func(context.Context, *websocket.Conn, frame.Message) error{writeWhole, writeInPieces} {
					if err := write(ctx, conn, m); err != nil {
						t.Fatal(err)
					}
					op, payload, err := conn.Read(ctx)
					if err != nil {
						t.Fatal(err)
					}
					sameMessages(t, []frame.Message{{Op: frame.Opcode(op), Payload: payload}}, []frame.Message{m})
				}
			}
			pinged := make(chan error, 1)
			readCtx := conn.CloseRead(ctx) // somebody has to read the pong
			go func() { pinged <- conn.Ping(ctx) }()
			if err := <-pinged; err != nil {
				t.Errorf("ping: %v", err)
			}
			if err := conn.Close(4409, "replaced — bye"); err != nil {
				t.Errorf("close: %v", err)
			}
			<-readCtx.Done()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func writeWhole(ctx context.Context, conn *websocket.Conn, m frame.Message) error {
	return conn.Write(ctx, websocket.MessageType(m.Op), m.Payload)
}

func writeInPieces(ctx context.Context, conn *websocket.Conn, m frame.Message) error {
	w, err := conn.Writer(ctx, websocket.MessageType(m.Op))
	if err != nil {
		return err
	}
	for rest := m.Payload; len(rest) > 0; {
		n := min(len(rest), 9_999)
		if _, err := w.Write(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return w.Close()
}

// echo answers an upgrade and then every message with itself, until the close.
func echo(w http.ResponseWriter, r *http.Request) error {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	extension, window := frame.NegotiateDeflate(r.Header.Values("Sec-WebSocket-Extensions"))
	deflate := window > 0 // coder/websocket asks for no smaller one
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + acceptKey(r.Header.Get("Sec-WebSocket-Key")) + "\r\n"
	if deflate {
		answer += "Sec-WebSocket-Extensions: " + extension + "\r\n"
	}
	if _, err := io.WriteString(conn, answer+"\r\n"); err != nil {
		return err
	}
	return serve(conn, rw.Reader, frame.NewDecoder(frame.Server, deflate, roomy), func(m frame.Message) []byte {
		if deflate && m.Op <= frame.Binary {
			return frame.AppendDeflatedFrame(nil, m.Op, m.Payload)
		}
		return frame.AppendFrame(nil, m.Op, m.Payload)
	})
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 §1.3
	return base64.StdEncoding.EncodeToString(sum[:])
}

// serve reads messages and writes what encode makes of the answer to each. It
// ends after the closing handshake.
func serve(conn net.Conn, r io.Reader, d frame.Decoder, encode func(frame.Message) []byte) error {
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		if err != nil {
			return err
		}
		for p := buf[:n]; len(p) > 0; {
			n, m, ok, err := d.Decode(p)
			if err != nil {
				return err
			}
			p = p[n:]
			if !ok {
				continue
			}
			switch m.Op {
			case frame.Ping:
				m.Op = frame.Pong
			case frame.Pong:
				continue
			}
			if _, err := conn.Write(encode(m)); err != nil {
				return err
			}
			if m.Op == frame.Close {
				code, reason, err := frame.ParseClose(m.Payload)
				if err == nil && (code != 4409 || reason != "replaced — bye") {
					err = errors.New("close says something else: " + reason)
				}
				return err
			}
		}
	}
}

func TestCoderAsTheServerUnderstandsUsAndWeIt(t *testing.T) {
	for name, mode := range coderModes {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			heard := make(chan frame.Message, 100)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(heard)
				conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1})
				if err != nil {
					return
				}
				defer func() { _ = conn.CloseNow() }()
				conn.SetReadLimit(1 << 20)
				for _, m := range said() {
					if writeWhole(ctx, conn, m) != nil || writeInPieces(ctx, conn, m) != nil {
						return
					}
				}
				for range 2 * len(said()) {
					op, payload, err := conn.Read(ctx)
					if err != nil {
						return
					}
					heard <- frame.Message{Op: frame.Opcode(op), Payload: payload}
				}
				_ = conn.Close(4409, "replaced — bye")
			}))
			defer server.Close()

			conn, r, deflate := upgrade(t, server.Listener.Addr().String())
			defer func() { _ = conn.Close() }()
			if want := mode != websocket.CompressionDisabled; deflate != want {
				t.Fatalf("compression is %v, want %v", deflate, want)
			}
			answer := func(m frame.Message) []byte { return frame.AppendMaskedFrame(nil, m.Op, m.Payload, key) }
			if err := serve(conn, r, frame.NewDecoder(frame.Client, deflate, roomy), answer); err != nil {
				t.Error(err)
			}
			var want, got []frame.Message
			for _, m := range said() {
				want = append(want, m, m)
			}
			for m := range heard {
				got = append(got, m)
			}
			sameMessages(t, got, want)
		})
	}
}

// upgrade opens a WebSocket to addr as a client.
func upgrade(t *testing.T, addr string) (conn net.Conn, r io.Reader, deflate bool) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	const request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the upgrade got %s", resp.Status)
	}
	return conn, br, resp.Header.Get("Sec-WebSocket-Extensions") != ""
}
