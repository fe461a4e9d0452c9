//go:build !linux

package poll

import (
	"errors"
	"net"
	"time"
)

// Supported reports whether this system has a poller.
const Supported = false

// ErrWouldBlock says that a socket has nothing to read, or no room.
var ErrWouldBlock = errors.New("would block")

// Poller is none, on this system.
type Poller struct{}

// New returns ErrUnsupported.
func New() (*Poller, error) { return nil, ErrUnsupported }

// Close does nothing.
func (*Poller) Close() error { return nil }

// Add returns ErrUnsupported.
func (*Poller) Add(Socket) error { return ErrUnsupported }

// Remove returns ErrUnsupported.
func (*Poller) Remove(Socket) error { return ErrUnsupported }

// Wake does nothing.
func (*Poller) Wake() {}

// Wait returns ErrUnsupported.
func (*Poller) Wait(_, _ time.Time) ([]Event, bool, error) { return nil, false, ErrUnsupported }

// Socket is none, on this system.
type Socket int32

// Take returns ErrUnsupported, and leaves its argument alone.
func Take(net.Conn) (Socket, error) { return -1, ErrUnsupported }

// SetSendBuffer returns ErrUnsupported.
func (Socket) SetSendBuffer(int) error { return ErrUnsupported }

// Read returns ErrUnsupported.
func (Socket) Read([]byte) (int, error) { return 0, ErrUnsupported }

// Write returns ErrUnsupported.
func (Socket) Write([][]byte) (int, error) { return 0, ErrUnsupported }

// CloseWrite returns ErrUnsupported.
func (Socket) CloseWrite() error { return ErrUnsupported }

// Close returns ErrUnsupported.
func (Socket) Close() error { return ErrUnsupported }
