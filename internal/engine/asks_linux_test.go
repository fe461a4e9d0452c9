package engine

import (
	"fmt"
	"testing"
)

// On loops, too: those who wait for their turn with the store are not all of the crew
// that looks things up for the others.
func TestThoseWhoAskForMuchKeepNobodyOfALoopFromJoining(t *testing.T) {
	s := &longCount{goOn: make(chan struct{})}
	e := startEngine(t, func(c *Config) {
		s.Store, c.Store, c.Transport = c.Store, s, TransportLoops
	})
	var asking []*v1Peer
	for i := range 2 * maxCrew {
		p := dial(t, e, guest(fmt.Sprint("guest ", i)))
		p.ask("rooms", "")
		asking = append(asking, p)
	}
	eventually(t, "as many count as may", func() bool { return s.counting.Load() == maxSlow })
	ada := dial(t, e, guest("ada"))
	ada.mustDo("join", `"room":"lobby"`)
	ada.mustDo("send", `"room":"lobby","text":"hello"`)
	ada.mustDo("history", `"room":"lobby"`)
	if n := s.counting.Load(); n != maxSlow {
		t.Errorf("%d count now, want %d", n, maxSlow)
	}
	close(s.goOn)
	for _, p := range asking {
		if p.frame()["type"] != "ok" {
			t.Error("asked for rooms, and was not told")
		}
	}
}
