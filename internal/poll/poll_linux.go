package poll

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Poller waits for its sockets. Add and Wait are called by one goroutine, Wake by
// any.
type Poller struct {
	// Fixed after New.
	epoll *os.File // in Go's own poller, which is epoll too: one may hold another
	raw   syscall.RawConn
	fd    int

	// Owned by whoever calls Wait.
	events []unix.EpollEvent
	got    int
	asked  int // times, in this wait
	found  []Event

	// Any goroutine.
	asleep atomic.Bool
	woken  atomic.Bool
}

// Supported reports whether this system has a poller.
const Supported = true

// maxEvents is how many sockets one Wait tells of.
const maxEvents = 256

// New makes a poller without sockets.
func New() (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or else Go would not wait for it
		return nil, errors.Join(fmt.Errorf("epoll: %w", err), unix.Close(fd))
	}
	p := &Poller{epoll: os.NewFile(uintptr(fd), "epoll"), fd: fd, events: make([]unix.EpollEvent, maxEvents), found: make([]Event, 0, maxEvents)}
	if p.raw, err = p.epoll.SyscallConn(); err == nil {
		err = p.epoll.SetReadDeadline(time.Time{}) // fails where Go can't wait for it
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("epoll: %w", err), p.epoll.Close())
	}
	return p, nil
}

// Close gives the poller back. Its sockets stay as they are.
func (p *Poller) Close() error { return p.epoll.Close() }

// Add begins to tell of a socket, until that is closed.
func (p *Poller) Add(s Socket) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(s)}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, int(s), &e); err != nil {
		return fmt.Errorf("epoll: add a socket: %w", err)
	}
	return nil
}

// Remove ends telling of a socket that stays open.
func (p *Poller) Remove(s Socket) error {
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, int(s), nil); err != nil {
		return fmt.Errorf("epoll: remove a socket: %w", err)
	}
	return nil
}

// Wake has the present call of Wait, or else the next one, return at once.
func (p *Poller) Wake() {
	if p.woken.Swap(true) {
		return
	}
	if p.asleep.Swap(false) {
		_ = p.epoll.SetReadDeadline(longAgo) // fails once it is closed
	}
}

var longAgo = time.Unix(1, 0)

// Wait waits until something is possible, somebody calls Wake, or it is until; the
// zero time is never. What it returns is valid until the next call. An until that
// has passed asks and doesn't wait. parked: others had the core meanwhile.
func (p *Poller) Wait(until, now time.Time) (events []Event, parked bool, err error) {
	p.found = p.found[:0]
	p.asked = 0
	if p.woken.Swap(false) || !until.IsZero() && !now.Before(until) {
		p.ask()
		return p.tell(), false, nil
	}
	p.asleep.Store(true) // before the look at woken: whoever wakes us later will see it
	if err := p.epoll.SetReadDeadline(until); err != nil {
		return nil, false, fmt.Errorf("epoll: %w", err)
	}
	if p.woken.Load() {
		p.ask()
	} else if err = p.raw.Read(func(uintptr) bool { return p.ask() }); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, false, fmt.Errorf("epoll: %w", err)
	}
	parked = p.asked > 1 || err != nil
	p.asleep.Store(false)
	p.woken.Store(false)
	return p.tell(), parked, nil
}

// ask takes what is possible now.
func (p *Poller) ask() bool {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), 0, 0, 0)
	p.asked++
	p.got = 0
	if errno == 0 {
		p.got = int(n)
	}
	return p.got > 0
}

func (p *Poller) tell() []Event {
	for _, e := range p.events[:p.got] {
		p.found = append(p.found, Event{
			Socket:   Socket(e.Fd),
			Readable: e.Events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0,
			Ended:    e.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0,
			Writable: e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0,
		})
	}
	p.got = 0
	return p.found
}
