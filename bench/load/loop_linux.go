package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop owns all sockets of a run. Only the goroutine that called Run touches it.
type loop struct {
	cfg      Config
	epoll    int
	events   []unix.EpollEvent
	buf      []byte // what was left of a session's last read, then what is read now
	start    time.Time
	sessions []*session
	draft    *draft
	order    *order
	idle     bool // the last poll left nothing unread
	sending  bool // closed loop: a sender's own message brings its next

	// Counted since the last reset.
	deliveries uint64
	messages   uint64
	reads      uint64
	latency    histogram
}

type session struct {
	index  int
	socket int
	rest   []byte // the beginning of a frame that was not read whole
	joined bool
	chats  uint64 // seen so far: the place of the next one
}

const bufBytes = 1 << 20 // the greatest frame that may come: a notice with the names of a large room

func newLoop(cfg Config) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return &loop{
		cfg:    cfg,
		epoll:  epoll,
		events: make([]unix.EpollEvent, 512),
		buf:    make([]byte, bufBytes),
		start:  time.Now(),
		draft:  newDraft(textBytes(cfg.Frame)),
		order:  newOrder(cfg.Senders),
	}, nil
}

func (l *loop) close() error {
	err := unix.Close(l.epoll)
	for _, s := range l.sessions {
		err = errors.Join(err, unix.Close(s.socket))
	}
	return err
}

// now is the time since the loop began, in nanoseconds.
func (l *loop) now() int64 { return int64(time.Since(l.start)) }

// Waiting for each event as it comes would cost a switch of threads for each delivery, here and in the server that
// is measured. So the loop lets deliveries gather for this long; no latency is exact beyond it.
const gather = 200 * time.Microsecond

// poll reads every socket that has something, once, waiting for the first at most so long. It tells how many had.
func (l *loop) poll(wait time.Duration) (int, error) {
	if l.idle {
		pause := min(gather, wait)
		wait -= pause
		ts := unix.NsecToTimespec(int64(max(pause, 0)))
		if err := unix.Nanosleep(&ts, nil); err != nil && err != unix.EINTR {
			return 0, fmt.Errorf("nanosleep: %w", err)
		}
	}
	ts := unix.NsecToTimespec(int64(max(wait, 0)))
	n, _, errno := syscall.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epoll), uintptr(unsafe.Pointer(&l.events[0])),
		uintptr(len(l.events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	if errno == unix.EINTR {
		return 0, nil
	}
	if errno != 0 {
		return 0, fmt.Errorf("epoll: %w", errno)
	}
	l.idle = int(n) < len(l.events)
	for i := range int(n) {
		s := l.sessions[l.events[i].Fd]
		if err := l.read(s); err != nil {
			return 0, fmt.Errorf("session %d: %w", s.index, err)
		}
	}
	return int(n), nil
}

func (l *loop) read(s *session) error {
	held := copy(l.buf, s.rest)
	// RawSyscall: the socket never blocks, so the scheduler need not know.
	n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(s.socket), uintptr(unsafe.Pointer(&l.buf[held])), uintptr(len(l.buf)-held))
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return nil
	case errno != 0:
		return fmt.Errorf("read: %w", errno)
	case n == 0:
		return errors.New("the server closed the connection")
	}
	l.reads++
	now := l.now()
	b := l.buf[:held+int(n)]
	for {
		opcode, payload, size, err := next(b)
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		if err := l.frame(s, opcode, payload, size, now); err != nil {
			return err
		}
		b = b[size:]
	}
	if len(b) == len(l.buf) {
		return fmt.Errorf("a frame of more than %d bytes", bufBytes)
	}
	s.rest = append(s.rest[:0], b...)
	return nil
}

// Where the type of a server's frame differs: {"type":"chat, {"type":"system, {"type":"error.
const typeAt = len(`{"type":"`)

func (l *loop) frame(s *session, opcode byte, payload []byte, size int, now int64) error {
	switch {
	case opcode == opText && len(payload) > typeAt && payload[typeAt] == 'c':
		return l.chat(s, payload, size, now)
	case opcode == opText && len(payload) > typeAt && payload[typeAt] == 's':
		s.joined = true // the first notice that a session gets is of its own joining
		return nil
	case opcode == opPing:
		return s.write(masked(opPong, payload))
	case opcode == opPong:
		return nil
	default:
		return fmt.Errorf("the server sent %.200q with opcode %d", payload, opcode)
	}
}

func (l *loop) chat(s *session, payload []byte, size int, now int64) error {
	if size != l.cfg.Frame {
		return fmt.Errorf("a delivery of %d bytes, not %d: %.200q", size, l.cfg.Frame, payload)
	}
	from, err := l.order.see(s.chats, binary.LittleEndian.Uint64(payload[len(chatPrefix):]))
	if err != nil {
		return err
	}
	s.chats++
	l.deliveries++
	l.latency.add(time.Duration(now - from.at))
	if l.sending && int(from.sender) == s.index {
		return l.send(s, l.now())
	}
	return nil
}

// send sends the next message from s. Its latency counts from at.
func (l *loop) send(s *session, at int64) error {
	l.messages++
	return s.write(l.draft.number(l.order.send(int32(s.index), at)))
}

func (s *session) write(frame []byte) error {
	n, err := unix.Write(s.socket, frame)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if n < len(frame) {
		return errors.New("write: the server has stopped reading")
	}
	return nil
}

func (l *loop) reset() {
	l.deliveries, l.messages, l.reads, l.latency = 0, 0, 0, histogram{}
}
