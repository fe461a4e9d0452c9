//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serving is `parley serve` as a process of its own.
type serving struct {
	url    string
	err    output
	signal func(syscall.Signal)
	ended  chan int // its exit code
}

func startServing(t *testing.T, args ...string) *serving {
	t.Helper()
	cmd := command(t, append([]string{"serve", "--listen=127.0.0.1:0", "--store=memory"}, args...)...)
	s := &serving{ended: make(chan int, 1)}
	cmd.Stderr = &s.err
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.signal = func(sig syscall.Signal) {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, &s.err)
	}
	s.url = strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	_ = out.Close() // whoever waited for that line is gone
	go func() {
		_ = cmd.Wait()
		s.ended <- cmd.ProcessState.ExitCode()
	}()
	return s
}

func (s *serving) wantEnd(t *testing.T, code int) {
	t.Helper()
	select {
	case got := <-s.ended:
		if got != code {
			t.Errorf("exit code %d, want %d\n%s", got, code, &s.err)
		}
	case <-time.After(patience):
		t.Fatalf("it does not end\n%s", &s.err)
	}
}

// deafSession opens a session that answers nothing, not even a close.
func (s *serving) deafSession(t *testing.T) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", resp, err)
	}
	s.err.wait(t, "session opened")
}

func TestTheLogBeginsWithWhatRunsAndPromises(t *testing.T) {
	s := startServing(t, "--rate=off")
	s.err.wait(t, "--rate is off")
	for _, want := range []string{"version=", "url=" + s.url, "store=memory", "welcome=guests", "messages are lost at a restart"} {
		s.err.wait(t, want)
	}
	s.signal(syscall.SIGTERM)
	s.wantEnd(t, exitOK)
	s.err.wait(t, "parley is down")
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	s := startServing(t)
	s.deafSession(t)
	s.signal(syscall.SIGTERM)
	s.err.wait(t, "draining")
	s.signal(syscall.SIGINT)
	start := time.Now()
	s.wantEnd(t, exitFailed)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it went on for %s", took)
	}
}

func TestSIGPIPEDoesNotStopTheServer(t *testing.T) {
	s := startServing(t)
	s.signal(syscall.SIGPIPE)
	resp, err := http.Get(s.url + "/healthz")
	if err != nil {
		t.Fatalf("%v\n%s", err, &s.err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	s.signal(syscall.SIGTERM)
	s.wantEnd(t, exitOK)
}
