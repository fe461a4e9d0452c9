package poll

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socket is a stream socket that never blocks.
type Socket int32

// ErrWouldBlock says that a socket has nothing to read, or no room.
var ErrWouldBlock = errors.New("would block")

// Take takes a socket out of Go's hands: c is closed, and its connection goes on in
// the Socket, which its owner closes. It fails, and leaves c alone, where c isn't a
// plain socket.
func Take(c net.Conn) (Socket, error) {
	holder, ok := c.(syscall.Conn)
	if !ok {
		return -1, fmt.Errorf("take a %T: not a socket", c)
	}
	raw, err := holder.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("take a socket: %w", err)
	}
	fd := -1
	var failed error
	err = raw.Control(func(own uintptr) { fd, failed = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, failed); err != nil {
		return -1, fmt.Errorf("take a socket: %w", err)
	}
	_ = c.Close() // of one of two descriptors: the connection stays
	return Socket(fd), nil
}

// SetSendBuffer asks the kernel to keep at most so many bytes that the peer has yet
// to read.
func (s Socket) SetSendBuffer(bytes int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(s), unix.SOL_SOCKET, unix.SO_SNDBUF, bytes))
}

// Read reads into p, which isn't empty. ErrWouldBlock: nothing is there; io.EOF: the
// peer has sent its last.
func (s Socket) Read(p []byte) (int, error) {
	for {
		// Raw, here and below: the call never blocks, so the scheduler need not know.
		n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(s), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return 0, ErrWouldBlock
		case errno != 0:
			return 0, os.NewSyscallError("recv", errno)
		case n == 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

// Write writes as much of the first MaxPieces pieces as there is room for, in one
// system call; none of them is empty. It returns how many bytes the kernel took:
// fewer than all mean that it would block.
func (s Socket) Write(pieces [][]byte) (int, error) {
	if len(pieces) == 1 {
		return s.writeOne(pieces[0])
	}
	var vector [MaxPieces]unix.Iovec
	n := min(len(pieces), len(vector))
	for i, p := range pieces[:n] {
		vector[i].Base = &p[0]
		vector[i].SetLen(len(p))
	}
	message := unix.Msghdr{Iov: &vector[0]}
	message.SetIovlen(n)
	for {
		wrote, _, errno := syscall.RawSyscall(unix.SYS_SENDMSG, uintptr(s), uintptr(unsafe.Pointer(&message)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errno != unix.EINTR {
			return written(wrote, errno)
		}
	}
}

func (s Socket) writeOne(p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(s), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		if errno != unix.EINTR {
			return written(n, errno)
		}
	}
}

func written(n uintptr, errno syscall.Errno) (int, error) {
	switch errno {
	case 0:
		return int(n), nil
	case unix.EAGAIN:
		return 0, nil
	default:
		return 0, os.NewSyscallError("send", errno)
	}
}

// CloseWrite ends our half of the connection.
func (s Socket) CloseWrite() error {
	return os.NewSyscallError("shutdown", unix.Shutdown(int(s), unix.SHUT_WR))
}

// Close ends the connection. No poller tells of it any more.
func (s Socket) Close() error { return os.NewSyscallError("close", unix.Close(int(s))) }
