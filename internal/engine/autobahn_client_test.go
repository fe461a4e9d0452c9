package engine_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// client is the suite's side of a case. It shares no code with Parley's frames, and
// fails its test at once where a frame breaks RFC 6455.
type client struct {
	t       *testing.T
	to      target
	conn    net.Conn
	in      *bufio.Reader
	unsaid  error    // why not all could be written
	closed  bool     // a close frame was sent
	open    *message // a fragmented one, whose end is yet to come
	deflate *deflate // nil where permessage-deflate was not negotiated
}

// message is a whole data message, or a control frame.
type message struct {
	op      byte
	payload string
	packed  bool // it came compressed
}

// dial does the handshake. Writes go out as they are made: Go sets TCP_NODELAY.
func dial(t *testing.T, to target, offer string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", to.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &client{t: t, to: to, conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	c.wait()
	request := "GET /ws HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	if offer != "" {
		request += "Sec-WebSocket-Extensions: " + offer + "\r\n"
	}
	c.say([]byte(request + "\r\n"))
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	// The key and its answer are the example of RFC 6455 §1.3.
	if answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Sec-Websocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("the handshake was answered with %s %v", answer.Status, answer.Header)
	}
	c.deflate = agreed(t, offer, answer.Header.Values("Sec-Websocket-Extensions"))
	return c
}

// wait bounds what follows. In full, a case sends up to 130 MB each way, and has as
// long as the suite gives it.
func (c *client) wait() {
	limit := 20 * time.Second
	if *full {
		limit = 480 * time.Second
	}
	if err := c.conn.SetDeadline(time.Now().Add(limit)); err != nil {
		c.t.Fatal(err)
	}
}

// say makes one write of each piece. A server that fails the connection need not
// take them all.
func (c *client) say(writes ...[]byte) {
	for _, w := range writes {
		if _, err := c.conn.Write(w); err != nil {
			c.unsaid = err
			return
		}
		runtime.Gosched() // the server may take each piece by itself
	}
}

// hear wants these messages next, and no others.
func (c *client) hear(want ...message) {
	c.t.Helper()
	for _, w := range want {
		if got, err := c.next(); err != nil || got.op != w.op || got.payload != w.payload {
			c.t.Fatalf("got %v, %v (wrote: %v), want %v", got, err, c.unsaid, w)
		}
	}
}

// lull wants nothing to come for a moment.
func (c *client) lull() {
	c.t.Helper()
	moment := 10 * time.Millisecond
	if *full {
		moment = time.Second
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(moment))
	if _, err := c.in.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		got, _ := c.next()
		c.t.Fatalf("got %v, %v, want nothing yet", got, err)
	}
	c.wait()
}

// close is a close that the client begins, with 1000.
func (c *client) close() {
	c.t.Helper()
	c.say(closing(1000, "").bytes())
	c.closed = true
	c.ends(1000)
}

// noCode stands for a close frame without one.
const noCode = 1005

// ends wants a close frame with one of these codes, and then the server to end the
// connection.
func (c *client) ends(codes ...int) {
	c.t.Helper()
	got, err := c.next()
	if err != nil || got.op != opClose {
		c.t.Fatalf("got %v, %v (wrote: %v), want a close frame with one of %d", got, err, c.unsaid, codes)
	}
	code := noCode
	if len(got.payload) >= 2 {
		code = int(binary.BigEndian.Uint16([]byte(got.payload)))
	}
	if !slices.Contains(codes, code) || len(got.payload) == 1 {
		c.t.Fatalf("got %v, want one of the codes %d", got, codes)
	}
	if !c.closed {
		c.say(closing(code, "").bytes())
	}
	_, err = c.in.ReadByte()
	// A proxy may hang up on what it has not read: the kernel's word for that is a reset.
	if reset := c.to.proxied && errors.Is(err, syscall.ECONNRESET); err != io.EOF && !reset {
		c.t.Fatalf("behind the close frame: %v, want the end", err)
	}
}

func (m message) String() string {
	if len(m.payload) > 40 {
		return fmt.Sprintf("opcode %d with %.40q… of %d bytes", m.op, m.payload, len(m.payload))
	}
	return fmt.Sprintf("opcode %d with %q", m.op, m.payload)
}

// next reads the next message or control frame.
func (c *client) next() (message, error) {
	for {
		fin, m, err := c.frame()
		switch {
		case err != nil:
			return message{}, err
		case m.op >= opClose:
			return m, nil
		case (m.op == opContinuation) != (c.open != nil):
			c.t.Fatalf("%v, while a message is open: %v", m, c.open != nil)
		case c.open == nil:
			c.open = &m
		default:
			c.open.payload += m.payload
		}
		if fin {
			m, c.open = *c.open, nil
			return c.whole(m), nil
		}
	}
}

// whole is a data message as it was meant.
func (c *client) whole(m message) message {
	if m.packed {
		m.payload = c.deflate.unpack(c.t, m.payload)
	}
	if m.op == opText && !utf8.ValidString(m.payload) {
		c.t.Fatalf("%v is no UTF-8", m)
	}
	return m
}

// frame reads a frame, by RFC 6455 §5.2.
func (c *client) frame() (fin bool, m message, err error) {
	var head [2]byte
	if _, err = io.ReadFull(c.in, head[:]); err != nil {
		return false, m, err
	}
	fin, m.op, m.packed = head[0]&0x80 != 0, head[0]&0x0F, head[0]&0x40 != 0
	length := uint64(head[1] & 0x7F)
	bad := func(what string) { c.t.Fatalf("a frame that begins with % x: %s", head, what) }
	switch {
	case head[0]&0x30 != 0:
		bad("RSV2 or RSV3 is set")
	case head[1]&0x80 != 0:
		bad("it is masked")
	case !strings.ContainsRune("\x00\x01\x02\x08\x09\x0a", rune(m.op)):
		bad("its opcode is reserved")
	case m.op >= opClose && (!fin || length > 125):
		bad("a control frame is whole, and at most 125 bytes long")
	case m.packed && (c.deflate == nil || m.op != opText && m.op != opBinary):
		bad("RSV1 has no meaning here")
	}
	if length, err = c.longLength(length); err != nil {
		return false, m, err
	}
	payload := make([]byte, length)
	_, err = io.ReadFull(c.in, payload)
	m.payload = string(payload)
	return fin, m, err
}

// longLength reads what the second byte doesn't hold of a length.
func (c *client) longLength(short uint64) (length uint64, err error) {
	var more [8]byte
	switch short {
	case 126:
		_, err = io.ReadFull(c.in, more[6:])
	case 127:
		_, err = io.ReadFull(c.in, more[:])
	default:
		return short, nil
	}
	length = binary.BigEndian.Uint64(more[:])
	if err == nil && (short == 126 && length < 126 || short == 127 && length < 1<<16 || length > 64<<20) {
		c.t.Fatalf("a length of %d, written as %d", length, short)
	}
	return length, err
}
