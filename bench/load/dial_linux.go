package load

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sys/unix"
)

const handshakeTimeout = 10 * time.Second

// dial upgrades a connection, offering no extension, and takes its socket out of Go's poller: the loop reads it.
func dial(addr string) (socket int, err error) {
	c, err := net.DialTimeout("tcp", addr, handshakeTimeout)
	if err != nil {
		return -1, err
	}
	defer func() { err = errors.Join(err, c.Close()) }() // socket is a copy
	if err := handshake(c, addr); err != nil {
		return -1, fmt.Errorf("handshake: %w", err)
	}
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		return -1, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if socket, err = unix.Dup(int(f.Fd())); err != nil {
		return -1, err
	}
	return socket, unix.SetNonblock(socket, true) // Fd made it blocking
}

func handshake(c net.Conn, addr string) error {
	if err := c.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
	if err != nil {
		return err
	}
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("answered %s", resp.Status)
	}
	if r.Buffered() > 0 {
		return errors.New("the server spoke before the session joined")
	}
	return nil
}
