package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What each handshake says. A server must hash the key, whatever it is, so one
// will do: RFC 6455 §1.3 has it with its answer.
const (
	handshakeKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	handshakeAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	handshakeBytes  = 16 << 10 // of an answer at most
)

// upgradeLines are the request's lines after the first.
func upgradeLines(cfg Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Host: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n", cfg.Addr, handshakeKey)
	if p := cfg.Wire.Subprotocol(); p != "" {
		fmt.Fprintf(&b, "Sec-WebSocket-Protocol: %s\r\n", p)
	}
	_ = cfg.Header.Write(&b) // to memory
	b.WriteString("\r\n")
	return b.String()
}

// A socket of those who stop reading is small, so that the server notices soon.
const smallBuffer = 16 << 10

// dial begins to connect a session's socket.
func (l *loop) dial(s *session) error {
	dest, family := l.dest(s), unix.AF_INET
	if _, six := dest.(*unix.SockaddrInet6); six {
		family = unix.AF_INET6
	}
	socket, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	s.socket, s.state = socket, dialling
	s.life++
	l.under++
	// A close resets the connection, so that its port is free at once, and it looks
	// to the server like a line that was cut.
	err = errors.Join(
		unix.SetsockoptInt(socket, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetsockoptLinger(socket, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	if l.cfg.Scenario == Slow && s.leaves {
		err = errors.Join(err, unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_RCVBUF, smallBuffer))
	}
	if err = errors.Join(err, l.bind(s)); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	switch err := unix.Connect(socket, dest); {
	case errors.Is(err, unix.ECONNREFUSED):
		return l.refused(s, 0, err)
	case err != nil && !errors.Is(err, unix.EINPROGRESS):
		return fmt.Errorf("connect: %w", err)
	}
	return l.register(s)
}

// register has poll told of a session's socket: by edges, since a read takes all
// there is.
func (l *loop) register(s *session) error {
	event := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
		Fd:     s.index, Pad: s.life,
	}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, s.socket, &event); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

// bind spreads sessions over the addresses of the loopback network: to one port,
// each address has some 28,000 ports.
func (l *loop) bind(s *session) error {
	n := int(s.index) / l.cfg.perAddress
	dest, ok := l.dest(s).(*unix.SockaddrInet4)
	if !ok || dest.Addr[0] != 127 || n == 0 {
		return nil
	}
	source := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(1 + n)}} // 6 million sessions; a process has fewer files
	return errors.Join(
		unix.SetsockoptInt(s.socket, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1), // connect finds one that is free
		unix.Bind(s.socket, source))
}

// dialled asks for the upgrade on a socket that is connected, if it is.
func (l *loop) dialled(s *session) error {
	code, err := unix.GetsockoptInt(s.socket, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if code != 0 {
		return l.refused(s, 0, unix.Errno(code))
	}
	s.state = upgrading
	path := l.cfg.Path
	if path == "" {
		path = l.cfg.Wire.Path(s.who)
	}
	return l.writeRaw(s, []byte("GET "+path+" HTTP/1.1\r\n"+l.upgrade))
}

// upgraded reads the handshake's answer, once b has it whole, and returns what
// follows.
func (l *loop) upgraded(s *session, b []byte) (rest []byte, err error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) > handshakeBytes {
			return b, fmt.Errorf("handshake: an answer of more than %d bytes", handshakeBytes)
		}
		return b, nil
	}
	end += len("\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b[:end])), nil)
	if err != nil {
		return b, fmt.Errorf("handshake: %w", err)
	}
	_ = resp.Body.Close() // of memory
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		wait, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // a date, or none, is 0
		return b, l.refused(s, time.Duration(wait)*time.Second, fmt.Errorf("answered %s", resp.Status))
	case code != http.StatusSwitchingProtocols:
		return b, fmt.Errorf("handshake: answered %s: %.200q", resp.Status, b[end:])
	case resp.Header.Get("Sec-WebSocket-Accept") != handshakeAccept:
		return b, fmt.Errorf("handshake: Sec-WebSocket-Accept is %q, want %q",
			resp.Header.Get("Sec-WebSocket-Accept"), handshakeAccept)
	case resp.Header.Get("Sec-WebSocket-Protocol") != l.cfg.Wire.Subprotocol():
		return b, fmt.Errorf("handshake: the subprotocol is %q, want %q",
			resp.Header.Get("Sec-WebSocket-Protocol"), l.cfg.Wire.Subprotocol())
	}
	return b[end:], l.opened(s)
}
