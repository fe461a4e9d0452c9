package engine

import (
	"testing"
	"time"
)

func TestALoopThatDoesNotAnswerIsShownAndAskedOnce(t *testing.T) {
	e := startEngine(t, func(c *Config) { c.Transport = TransportLoops })
	e.View()
	stuck, isStuck, goOn := e.loops.list[0], make(chan struct{}), make(chan struct{})
	stuck.notes.task(func(time.Time) { close(isStuck); <-goOn })
	<-isStuck
	for range 2 {
		v := e.View()
		for i, l := range v.Loops {
			if (l.Silent > 0) != (i == 0) {
				t.Errorf("loop %d has been silent for %v ms", i, l.Silent)
			}
		}
	}
	stuck.notes.mu.Lock()
	waiting := len(stuck.notes.tasks)
	stuck.notes.mu.Unlock()
	if waiting != 1 {
		t.Errorf("%d looks wait for it, want 1", waiting)
	}
	close(goOn)
	v := lookUntil(t, e, "it answers again", func(v *View) bool { return v.Loops[0].Silent == 0 })
	if v.Loops[0].Longest < 1000 {
		t.Errorf("its longest round is %v ms", v.Loops[0].Longest)
	}
}

func TestNobodyIsWatchedWhoIsNotLookedAt(t *testing.T) {
	e := startEngine(t, func(c *Config) { c.Transport = TransportLoops })
	e.View()
	watched := make(chan bool)
	l := e.loops.list[0]
	for on := range []bool{true, false} {
		l.notes.task(func(now time.Time) {
			watched <- l.watch != nil
			if l.watch != nil {
				l.watch.since = now.Add(-2 * watchFor)
			}
		})
		if got := <-watched; got != (on == 0) {
			t.Errorf("watched: %v", got)
		}
	}
}

func TestALookMeetsABoundedNumberOfSessionsInARound(t *testing.T) {
	h := newHandLoop(t, startEngine(t))
	h.conns = make([]*loopConn, 3*lookSlice)
	for i := range h.conns {
		h.conns[i] = &loopConn{loop: h.loop, blocked: true}
	}
	t.Cleanup(func() { h.conns = nil }) // they are on no socket
	k := h.ask(h.now, nil)
	rounds := h.until("it has met them all", k.answered)
	if rounds != 3 || k.found.slow.count != 3*lookSlice || len(k.found.slow.sessions) > 2*maxShown {
		t.Errorf("it met %d in %d rounds, and keeps %d", k.found.slow.count, rounds, len(k.found.slow.sessions))
	}
}
