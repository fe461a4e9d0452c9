package gateway_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are made in memory, so that their
// deadlines are by the bubble's clock.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }
func (p pipes) Close() error   { close(p); return nil }

func TestHandshakeHasTenSeconds(t *testing.T) {
	for name, begin := range map[string]string{
		"nothing":          "",
		"a letter":         "G",
		"half a header":    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgr",
		"a body to come":   "POST /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1",
		"all but its last": request("GET / HTTP/1.1")[:len(request("GET / HTTP/1.1"))-1],
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := make(pipes)
				openDoorAt(t, l)
				ours, theirs := net.Pipe()
				l <- theirs
				begun := time.Now()
				go io.WriteString(ours, begin) //nolint:errcheck // the server may hang up meanwhile
				_, _ = io.ReadAll(ours)        // until it does
				if took := time.Since(begun); took < 10*time.Second || took > 11*time.Second {
					t.Errorf("cut off after %v, want 10 s", took)
				}
				ours.Close()
			})
		})
	}
}
