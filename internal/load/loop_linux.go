package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop owns all sockets of a run. Only the goroutine that called Run touches it.
type loop struct {
	// Fixed after newLoop.
	cfg      Config
	resumer  Resumer         // cfg.Wire, if it is one
	dests    []unix.Sockaddr // of the nodes
	upgrade  string          // the handshake's lines after the first
	epoll    int
	start    time.Time
	sessions []*session
	rooms    []*room

	order    *order
	text     text
	least    int   // bytes of a delivery that holds the whole text
	pace     *pace // open loop: what is due when; nil for none
	sending  bool  // closed loop: a sender's own message brings its next
	forgives bool  // who may be cut off now comes back
	quota    int   // how many more messages the closed loop sends; negative for no end

	arrivals
	counts
	pages pages

	// Memory that is used again and again.
	events  []unix.EpollEvent
	buf     []byte // what was left of a session's last read, then what is read now
	message Message
	payload []byte // of a frame to send
	framed  []byte
	more    bool // the last poll may have left something unread

	gather time.Duration // how long deliveries may gather before they are read
	toldAt int64         // when Progress was last told something
}

const (
	bufBytes = 1 << 20 // the greatest frame that may come: a notice with the names of a large room
	outBytes = 1 << 20 // more than that unsent, and the server is behind

	// Waiting for each event as it comes would cost a switch of threads for each
	// delivery, here and in the server that is measured. So the loop lets deliveries
	// gather for this long; no latency is exact beyond it.
	gatherFor = 200 * time.Microsecond
)

// errGone wraps the end of a connection.
var errGone = errors.New("the server ended the connection")

func newLoop(cfg Config) (*loop, error) {
	dests, err := destinations(cfg)
	if err != nil {
		return nil, err
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	l := &loop{
		cfg:     cfg,
		dests:   dests,
		upgrade: upgradeLines(cfg),
		epoll:   epoll,
		start:   time.Now(),
		text:    newText(0),
		quota:   -1,
		events:  make([]unix.EpollEvent, 512),
		buf:     make([]byte, bufBytes),
	}
	l.resumer, _ = cfg.Wire.(Resumer)
	l.people()
	l.order = newOrder(len(l.sessions))
	return l, nil
}

// destinations are where the nodes listen.
func destinations(cfg Config) (dests []unix.Sockaddr, err error) {
	for _, n := range append([]Node{{Addr: cfg.Addr}}, cfg.More...) {
		addr, err := net.ResolveTCPAddr("tcp", n.Addr)
		if err != nil {
			return nil, fmt.Errorf("addr: %w", err)
		}
		if ip := addr.IP.To4(); ip != nil || len(addr.IP) == 0 {
			dest := &unix.SockaddrInet4{Port: addr.Port, Addr: [4]byte{127, 0, 0, 1}}
			copy(dest.Addr[:], ip)
			dests = append(dests, dest)
		} else {
			dests = append(dests, &unix.SockaddrInet6{Port: addr.Port, Addr: [16]byte(addr.IP)})
		}
	}
	return dests, nil
}

// dest is the node that a session is at: a room's sessions take turns, each room
// beginning with another, so that no room is at one node alone.
func (l *loop) dest(s *session) unix.Sockaddr {
	rooms := len(l.rooms)
	i := int(s.index)
	return l.dests[(i/rooms+i%rooms)%len(l.dests)]
}

func (l *loop) close() error {
	err := unix.Close(l.epoll)
	for _, s := range l.sessions {
		if s.state != away {
			err = errors.Join(err, unix.Close(s.socket))
		}
	}
	return err
}

// now is the time since the loop began, in nanoseconds.
func (l *loop) now() int64 { return int64(time.Since(l.start)) }

// poll reads every socket that has something, waiting for the first at most so
// long. It tells how many had.
func (l *loop) poll(ctx context.Context, wait time.Duration) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if wait = min(wait, pollFor); len(l.later) > 0 {
		wait = min(wait, retryEvery)
	}
	if err := l.arrive(); err != nil {
		return 0, err
	}
	if pause := min(l.gather, wait); pause > 0 && !l.more {
		wait -= pause
		ts := unix.NsecToTimespec(int64(pause))
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
	l.more = int(n) == len(l.events)
	for i := range int(n) {
		if err := l.event(&l.events[i]); err != nil {
			return 0, err
		}
	}
	return int(n), nil
}

const pollFor = 100 * time.Millisecond // at most, so that a cancelled run ends

func (l *loop) event(e *unix.EpollEvent) error {
	s := l.sessions[e.Fd]
	if e.Pad != s.life {
		return nil // of a socket that is closed
	}
	var err error
	switch {
	case s.state == dialling:
		err = l.dialled(s)
	case e.Events&unix.EPOLLOUT != 0 && len(s.out) > 0:
		err = l.flush(s)
	}
	if err == nil && e.Events&^unix.EPOLLOUT != 0 && !s.deaf && s.state > dialling {
		if e.Events&unix.EPOLLRDHUP == 0 {
			err = l.read(s)
		} else {
			err = l.readOut(s)
		}
	}
	return l.survive(s, err)
}

// survive has a session come back that is hung up on in its handshake, or that
// may be cut off. All other errors are the run's.
func (l *loop) survive(s *session, err error) error {
	gone := errors.Is(err, errGone)
	switch {
	case err == nil:
		return nil
	case gone && (s.state == dialling || s.state == upgrading):
		err = l.refused(s, 0, err)
	case gone && s.leaves && l.forgives:
		l.cutOff++
		l.leave(s)
		return nil
	}
	if err != nil {
		return fmt.Errorf("session %s: %w", s.who.Name, err)
	}
	return nil
}
