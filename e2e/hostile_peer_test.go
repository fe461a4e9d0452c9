//go:build e2e

package e2e

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// peer is a bare TCP connection to a server: it sends what no client library
// would.
type peer struct {
	conn    *net.TCPConn
	in      *bufio.Reader
	decoder frame.Decoder
	buf     []byte
	pending []byte // of buf: received behind the last message
}

func connect(t *testing.T, s *server) *peer {
	t.Helper()
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+s.Port, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &peer{
		conn:    conn.(*net.TCPConn),
		in:      bufio.NewReader(conn),
		buf:     make([]byte, 16<<10),
		decoder: frame.NewDecoder(frame.Client, false, frame.Limits{MessageBytes: 1 << 20, Fragments: 1}),
	}
}

// upgraded is a peer that has behaved so far. extra are header lines, as for
// handshake.
func upgraded(t *testing.T, s *server, extra ...string) *peer {
	t.Helper()
	p := connect(t, s)
	p.send(handshake(extra...))
	if got := p.status(); got != "101" {
		t.Fatalf("a good handshake: %s, want 101", got)
	}
	return p
}

// send writes without waiting for the server to read. That the server may hang
// up meanwhile is what these tests are about, so errors are no failure.
func (p *peer) send(b []byte) {
	go p.conn.Write(b) //nolint:errcheck // as above
}

// status reads the answer to a handshake: its status, or how the connection
// ended without one.
func (p *peer) status() string {
	p.wait(patience)
	answer, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return ending(err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		answer.Body.Close()
	}
	return fmt.Sprint(answer.StatusCode)
}

func (p *peer) wait(limit time.Duration) { _ = p.conn.SetReadDeadline(time.Now().Add(limit)) }

// stillThere is what stands behind what a peer sends: a command that nobody
// knows, whose refusal comes behind all that the session is told before, and a
// ping, whose pong shows that there is no more.
func stillThere() []byte {
	return slices.Concat(clientFrame(fin|text, `{"type":"still there?"}`), clientFrame(fin|ping, "still there?"))
}

// seen is everything that the peer gets up to the answer to stillThere ("lives")
// or the connection's end: "Invalid JSON; lives", "closed with 1002".
func (p *peer) seen() string {
	var parts []string
	p.wait(patience)
	for {
		m, err := p.next()
		if err != nil {
			return strings.Join(append(parts, ending(err)), "; ")
		}
		switch {
		case m.Op == frame.Pong && string(m.Payload) == "still there?":
			if n := len(parts) - 1; n >= 0 && parts[n] == "Unknown message type" {
				parts[n] = "lives"
			}
			return strings.Join(parts, "; ")
		case m.Op == frame.Close:
			code, _, err := frame.ParseClose(m.Payload)
			if err != nil {
				code = 0
			}
			return strings.Join(append(parts, fmt.Sprint("closed with ", code)), "; ")
		case m.Op == frame.Text:
			parts = append(parts, said(m.Payload))
		default:
			parts = append(parts, fmt.Sprintf("opcode %d of %d bytes", m.Op, len(m.Payload)))
		}
	}
}

// next is the next frame from the server, good until the one after it.
func (p *peer) next() (frame.Message, error) {
	for {
		if len(p.pending) > 0 {
			n, m, ok, err := p.decoder.Decode(p.pending)
			p.pending = p.pending[n:]
			if ok || err != nil {
				return m, err
			}
			continue
		}
		n, err := p.in.Read(p.buf)
		p.pending = p.buf[:n]
		if n == 0 && err != nil {
			return frame.Message{}, err
		}
	}
}

// said is a frame of the tutorial dialect as the tables below write it: its
// text, and its author if it has one.
func said(payload []byte) string {
	m, err := parse(payload)
	if err != nil {
		return err.Error()
	}
	if m.Type == "chat" {
		return m.Username + ": " + m.Text
	}
	return m.Text
}

func parse(payload []byte) (m message, err error) {
	err = json.Unmarshal(payload, &m)
	return m, err
}

// ending is how a connection ended without a word.
func ending(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "ended"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "silence"
	default:
		return err.Error()
	}
}

// The first byte of a frame: FIN, RSV1 to RSV3, opcode (RFC 6455 §5.2).
const (
	fin     = 0x80
	rsv1    = 0x40
	rsv2    = 0x20
	rsv3    = 0x10
	cont    = 0x0
	text    = 0x1
	bin     = 0x2
	closing = 0x8
	ping    = 0x9
	pong    = 0xA
)

var maskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d} // RFC 6455 §5.7's

// clientFrame spells one masked frame, right or wrong.
func clientFrame(first byte, payload string) []byte {
	b := lengthAndKey([]byte{first}, len(payload))
	for i := range len(payload) {
		b = append(b, payload[i]^maskKey[i%4])
	}
	return b
}

func lengthAndKey(b []byte, n int) []byte {
	switch {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(b, maskKey[:]...)
}

// goodHandshake is what a handshake has unless its row says otherwise.
var goodHandshake = []string{
	"Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
}

// handshake is a GET of /ws with goodHandshake's lines, changed by extra:
// "Name: value" stands in place of the line of that name, "+Name: value" stands
// beside it, and "-Name" takes it away.
func handshake(extra ...string) []byte { return request("GET /ws HTTP/1.1", extra...) }

// request is handshake with another first line.
func request(first string, extra ...string) []byte {
	lines := append([]string(nil), goodHandshake...)
	for _, x := range extra {
		name, _, _ := strings.Cut(strings.TrimLeft(x, "-+"), ":")
		var kept []string
		for _, line := range lines {
			if x[0] == '+' || !strings.HasPrefix(line, name+":") {
				kept = append(kept, line)
			}
		}
		if x[0] != '-' {
			kept = append(kept, strings.TrimPrefix(x, "+"))
		}
		lines = kept
	}
	return []byte(first + "\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n")
}
