// Command rawsend is the least that can pass for a chat server: one room, one thread, raw epoll, and for each pass
// over the sockets one write to each of all that came in. It checks nothing and keeps nothing, and a session that
// reads too slowly ends it. What it delivers is what this machine's kernel allows a server that writes to sockets,
// and shows that the load generator can take more than any real one sends.
//
//	rawsend [-listen HOST:PORT] [-batch]
//
// With -batch=false each message is written to each session on its own, as servers without a log do.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 §4.2.2 wants it
	"encoding/base64"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

type session struct {
	socket *os.File // keeps fd open
	fd     int
	name   string
	rest   []byte // the beginning of a frame that was not read whole
}

type room struct {
	epoll    int
	batch    bool
	sessions map[int32]*session
	joined   []*session
	out      []byte // frames of this pass
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address; port 0 picks a free one")
	batch := flag.Bool("batch", true, "write what came in one pass over the sockets at once")
	flag.Parse()

	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", l.Addr())

	r := &room{epoll: epoll, batch: *batch, sessions: map[int32]*session{}}
	runtime.LockOSThread() // one thread is this loop's; the scheduler need not move it
	upgraded := make(chan *session, 1)
	go accept(l, upgraded)
	for s := range upgraded {
		if r.add(s); len(upgraded) == 0 {
			r.serve(upgraded)
		}
	}
}

func accept(l net.Listener, upgraded chan<- *session) {
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		s, err := upgrade(c.(*net.TCPConn))
		if err != nil {
			log.Print(err)
			continue
		}
		upgraded <- s
	}
}

func upgrade(c *net.TCPConn) (*session, error) {
	defer c.Close() //nolint:errcheck // the session has a copy
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // as above
	_, err = fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	if err != nil {
		return nil, err
	}
	socket, err := c.File()
	if err != nil {
		return nil, err
	}
	s := &session{socket: socket, fd: int(socket.Fd())}
	return s, unix.SetNonblock(s.fd, true)
}

func (r *room) add(s *session) {
	r.sessions[int32(s.fd)] = s
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.fd)}
	if err := unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, s.fd, &event); err != nil {
		log.Fatal(err)
	}
}

// serve passes over the sockets until a newcomer waits.
func (r *room) serve(upgraded <-chan *session) {
	var (
		events [256]unix.EpollEvent
		buf    [128 << 10]byte // more than the longest frame
	)
	for len(upgraded) == 0 {
		n, err := unix.EpollWait(r.epoll, events[:], 10)
		if err != nil && err != unix.EINTR {
			log.Fatal(err)
		}
		r.out = r.out[:0]
		for i := range max(n, 0) {
			s := r.sessions[events[i].Fd]
			held := copy(buf[:], s.rest)
			n, err := unix.Read(s.fd, buf[held:])
			if err != nil || n == 0 {
				r.remove(s)
				continue
			}
			s.rest = append(s.rest[:0], r.receive(s, buf[:held+n])...)
			if !r.batch {
				r.flush()
			}
		}
		r.flush()
	}
}

// receive takes frames to be short, as the load generator sends them, and returns what is not a whole one yet.
func (r *room) receive(s *session, b []byte) (rest []byte) {
	for len(b) >= 8 { // no command is shorter than that with its header
		n, head := int(b[1]&0x7F), 6
		if n == 126 {
			n, head = int(b[2])<<8|int(b[3]), 8
		}
		if len(b) < head+n {
			break
		}
		payload := b[head : head+n]
		for i := range payload {
			payload[i] ^= b[head-4+i&3]
		}
		r.command(s, payload)
		b = b[head+n:]
	}
	return b
}

var (
	chatPrefix = []byte(`{"type":"chat","text":"`)
	joinPrefix = []byte(`{"type":"join","username":"`)
)

func (r *room) command(s *session, payload []byte) {
	if name, ok := bytes.CutPrefix(payload, joinPrefix); ok {
		name, _, _ = bytes.Cut(name, []byte{'"'})
		s.name = string(name)
		r.joined = append(r.joined, s)
		write(s.fd, appendFrame(nil, fmt.Appendf(nil, `{"type":"system","text":"%s joined","users":[]}`, name)))
		return
	}
	if text, ok := bytes.CutPrefix(payload, chatPrefix); ok {
		body := append([]byte(nil), `{"type":"chat","username":"`...)
		body = append(body, s.name...)
		body = append(body, `","text":"`...)
		body = append(body, text[:len(text)-1]...) // the quote stays, the brace goes
		body = append(body, `,"timestamp":`...)
		body = strconv.AppendInt(body, time.Now().UnixMilli(), 10)
		r.out = appendFrame(r.out, append(body, '}'))
	}
}

func appendFrame(dst, payload []byte) []byte {
	if n := len(payload); n < 126 {
		dst = append(dst, 0x81, byte(n))
	} else {
		dst = append(dst, 0x81, 126, byte(n>>8), byte(n))
	}
	return append(dst, payload...)
}

func (r *room) flush() {
	if len(r.out) == 0 {
		return
	}
	for _, s := range r.joined {
		write(s.fd, r.out)
	}
	r.out = r.out[:0]
}

func write(fd int, b []byte) {
	// RawSyscall: the socket never blocks, so the scheduler need not know.
	n, _, errno := syscall.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if errno == unix.EPIPE || errno == unix.ECONNRESET {
		return // the next read says so
	}
	if errno != 0 || int(n) < len(b) {
		log.Fatal("a session reads too slowly")
	}
}

func (r *room) remove(s *session) {
	delete(r.sessions, int32(s.fd))
	for i, j := range r.joined {
		if j == s {
			r.joined = append(r.joined[:i], r.joined[i+1:]...)
			break
		}
	}
	_ = s.socket.Close() // takes it out of epoll
}
