package load

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/parley-chat/parley/internal/frame"
)

// read reads all that a session's socket has: an edge is told once.
func (l *loop) read(s *session) error {
	for {
		held := copy(l.buf, s.rest)
		// RawSyscall: the socket never blocks, so the scheduler need not know.
		n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(s.socket),
			uintptr(unsafe.Pointer(&l.buf[held])), uintptr(len(l.buf)-held))
		switch {
		case errno == unix.EAGAIN:
			return nil
		case errno == unix.EINTR:
			continue
		case errno != 0:
			return fmt.Errorf("%w: %w", errGone, errno)
		case n == 0:
			return errGone
		}
		l.reads++
		life := s.life
		rest, err := l.take(s, l.buf[:held+int(n)])
		if err != nil || life != s.life || s.state == away {
			return err
		}
		if len(rest) == len(l.buf) {
			return fmt.Errorf("%w: a frame of more than %d bytes", ErrBroken, bufBytes)
		}
		s.rest = append(s.rest[:0], rest...)
		if held+int(n) < len(l.buf) {
			return nil
		}
	}
}

// readOut reads a socket whose end may stand behind what it has: both together are
// one edge.
func (l *loop) readOut(s *session) error {
	life := s.life
	if err := l.read(s); err != nil || life != s.life || s.state == away {
		return err
	}
	return l.read(s)
}

// take takes the handshake's answer and the frames that b has whole, and returns
// the rest.
func (l *loop) take(s *session, b []byte) (rest []byte, err error) {
	if s.state == upgrading {
		if b, err = l.upgraded(s, b); err != nil || s.state <= upgrading {
			return b, err
		}
	}
	for now := l.now(); ; {
		op, payload, size, err := next(b)
		if err != nil || size == 0 {
			return b, err
		}
		if err := l.frame(s, op, payload, now); err != nil {
			return b, err
		}
		b = b[size:]
	}
}

func (l *loop) frame(s *session, op frame.Opcode, payload []byte, now int64) error {
	switch op {
	case frame.Text:
		for len(payload) > 0 {
			l.message = Message{}
			n := l.cfg.Wire.Read(payload, &l.message)
			if err := l.hear(s, payload[:n], now); err != nil {
				return err
			}
			payload = payload[n:]
		}
		return nil
	case frame.Ping:
		return l.write(s, frame.Pong, payload)
	case frame.Pong:
		return nil
	case frame.Close:
		code, reason, err := frame.ParseClose(payload)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrBroken, err)
		}
		return fmt.Errorf("%w: %d %q", errGone, code, reason)
	}
	return fmt.Errorf("%w: opcode %d with %.200q", ErrBroken, op, payload)
}

// write sends a frame, or keeps what the socket has no room for.
func (l *loop) write(s *session, op frame.Opcode, payload []byte) error {
	l.framed = frame.AppendMaskedFrame(l.framed[:0], op, payload, maskKey)
	return l.writeRaw(s, l.framed)
}

func (l *loop) writeRaw(s *session, b []byte) error {
	if len(s.out) == 0 {
		n, err := writeSome(s.socket, b)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	if len(s.out)+len(b) > outBytes {
		return fmt.Errorf("%w: it reads nothing more", ErrBehind)
	}
	s.out = append(s.out, b...)
	return nil
}

func (l *loop) flush(s *session) error {
	n, err := writeSome(s.socket, s.out)
	s.out = append(s.out[:0], s.out[n:]...)
	return err
}

// writeSome writes what the socket has room for.
func writeSome(socket int, b []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(unix.SYS_WRITE, uintptr(socket), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return 0, nil
	case errno != 0:
		return 0, fmt.Errorf("%w: %w", errGone, errno)
	}
	return int(n), nil
}
