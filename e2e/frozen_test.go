//go:build e2e

package e2e

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A node that did not run, on a suspended machine or a starved one, must not
// take its own silence for its sessions'. It stops here right behind a ping, so
// that every answer is late when it goes on.
func TestFrozenNodeCutsNobodyWhoAnswered(t *testing.T) {
	t.Parallel()
	const heartbeat = time.Second
	s := startServer(t, "--heartbeat", heartbeat.String())
	frozen := make(chan struct{})
	freeze := sync.OnceFunc(func() {
		if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Errorf("stop the server: %v", err)
		}
		close(frozen)
	})
	ada := dial(t, s.WS, &websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
		freeze()
		return true // and the pong goes out
	}})
	ada.join("ada", "lobby")
	grace := dial(t, s.WS, nil)
	grace.join("grace", "lobby")
	ada.want(message{Type: "system", Text: "grace joined #lobby"})
	heard := make(chan message, 10)
	go func() {
		defer close(heard)
		for { // reading also answers pings
			m, err := ada.read(patience)
			if err != nil {
				return
			}
			heard <- m
		}
	}()

	<-frozen
	thaw := time.NewTimer(4 * heartbeat) // real time is what it is about
	grace.chat("is anybody there?")
	<-thaw.C
	s.Signal(syscall.SIGCONT)

	// grace never reads, and so answers no ping: after the thaw she has two
	// heartbeats to show herself, and no more.
	for _, want := range []string{"is anybody there?", "grace left #lobby"} {
		if m, ok := <-heard; !ok || m.Text != want {
			t.Fatalf("ada heard %+v (cut off: %v), want %q", m, !ok, want)
		}
	}
}
