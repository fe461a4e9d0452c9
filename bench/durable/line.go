package durable

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// line is one session of parley.v1. One goroutine writes, and one reads.
type line struct {
	conn    net.Conn
	decoder frame.Decoder
	buf     []byte
	unread  []byte // of buf
	out     []byte
}

// patience is how long a server may be silent.
const patience = 30 * time.Second

// dial opens a session, and reads its welcome.
func dial(addr string) (*line, error) {
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	l := &line{conn: conn, buf: make([]byte, 64<<10), decoder: frame.NewDecoder(frame.Client, false, frame.Limits{MessageBytes: 1 << 20, Fragments: 1})}
	if err := l.handshake(addr); err != nil {
		conn.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return l, nil
}

func (l *line) handshake(addr string) error {
	_, err := fmt.Fprintf(l.conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n", addr)
	if err != nil {
		return err
	}
	r := bufio.NewReader(l.conn)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("answered %s", answer.Status)
	}
	l.unread = make([]byte, r.Buffered())
	if _, err := r.Read(l.unread); err != nil && len(l.unread) > 0 {
		return err
	}
	welcome, err := l.next()
	if err == nil && !bytes.HasPrefix(welcome, []byte(`{"type":"welcome"`)) {
		err = fmt.Errorf("begins with %.100s", welcome)
	}
	return err
}

// put adds a command to what flush writes.
func (l *line) put(command string) {
	l.out = frame.AppendMaskedFrame(l.out, frame.Text, []byte(command), [4]byte{1, 2, 3, 4})
}

func (l *line) flush() error {
	_, err := l.conn.Write(l.out)
	l.out = l.out[:0]
	return err
}

// next is the next text frame, good until the one after it. Pings are answered with
// the next flush.
func (l *line) next() ([]byte, error) {
	for {
		for len(l.unread) > 0 {
			n, m, ok, err := l.decoder.Decode(l.unread)
			l.unread = l.unread[n:]
			switch {
			case err != nil:
				return nil, err
			case ok && m.Op == frame.Text:
				return m.Payload, nil
			case ok && m.Op == frame.Ping:
				l.out = frame.AppendMaskedFrame(l.out, frame.Pong, m.Payload, [4]byte{1, 2, 3, 4})
			case ok && m.Op == frame.Close:
				return nil, fmt.Errorf("closed: %q", m.Payload)
			}
		}
		if err := l.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return nil, err
		}
		n, err := l.conn.Read(l.buf)
		if n == 0 && err != nil {
			return nil, err
		}
		l.unread = l.buf[:n]
	}
}

// more reports whether there is more to take before the socket is read again.
func (l *line) more() bool { return len(l.unread) > 0 }

var okPrefix, errorPrefix = []byte(`{"type":"ok"`), []byte(`{"type":"error"`)

// answer is the next answer; what is none is passed over. It must be ok.
func (l *line) answer() ([]byte, error) {
	for {
		payload, err := l.next()
		switch {
		case err != nil:
			return nil, err
		case bytes.HasPrefix(payload, okPrefix):
			return payload, nil
		case bytes.HasPrefix(payload, errorPrefix):
			return nil, fmt.Errorf("refused: %s", payload)
		}
	}
}

// ask sends one command, and gives its answer.
func (l *line) ask(command string) ([]byte, error) {
	l.put(command)
	if err := l.flush(); err != nil {
		return nil, err
	}
	return l.answer()
}

// numberAfter is the number behind a text in a payload; -1 without one.
func numberAfter(payload []byte, before string) int {
	_, rest, found := bytes.Cut(payload, []byte(before))
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if !found || end < 0 {
		return -1
	}
	n, err := strconv.Atoi(string(rest[:end]))
	if err != nil {
		return -1
	}
	return n
}
