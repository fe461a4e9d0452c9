//go:build e2e

package e2e

import (
	"syscall"
	"testing"
	"time"
)

// A node that did not run, on a suspended machine or a starved one, must not
// take its own silence for its sessions'.
func TestFrozenNodeCutsNobodyWhoAnswered(t *testing.T) {
	t.Parallel()
	const heartbeat = time.Second
	s := startServer(t, "--heartbeat", heartbeat.String())
	ada := dial(t, s.WS, nil)
	ada.join("ada", "lobby")
	grace := dial(t, s.WS, nil)
	grace.join("grace", "lobby")
	ada.want(message{Type: "system", Text: "grace joined #lobby"})
	heard := make(chan message)
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

	s.Signal(syscall.SIGSTOP)
	frozen := time.NewTimer(4 * heartbeat) // real time is what it is about
	grace.chat("is anybody there?")
	<-frozen.C
	s.Signal(syscall.SIGCONT)

	for {
		m, ok := <-heard
		if !ok {
			t.Fatal("ada was cut off, though she answered each ping")
		}
		if m.Text == "is anybody there?" {
			break
		}
		t.Fatalf("ada heard %+v", m)
	}
	// grace has not read, so not answered, since she joined: after the thaw she
	// gets two heartbeats to show herself, and no more.
	if m, ok := <-heard; !ok || m.Text != "grace left #lobby" {
		t.Errorf("ada heard %+v, want that grace, who answers no ping, was cut off", m)
	}
}
