// Package poll waits for many sockets at once, and reads and writes them without
// a goroutine for each. It is Linux's epoll; elsewhere New returns ErrUnsupported.
//
//   - A Socket never blocks: what can't be done now says so.
//   - Readiness is told by edges (epoll(7), EPOLLET): once, when it begins.
//     Whoever hears of it goes on until the socket says that it would block.
//   - Wait costs no thread: a goroutine that waits is parked by Go's own poller,
//     and Wake readies it without a system call.
package poll

import "errors"

// ErrUnsupported says that this system has no poller of ours.
var ErrUnsupported = errors.New("no event loops on this system")

// Event is what became possible for one socket.
type Event struct {
	Socket   Socket
	Readable bool // something came, or the peer's end of it, or an error
	Ended    bool // the peer has sent its last, which is to be read up to its end
	Writable bool // there is room again
}
