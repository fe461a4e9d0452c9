package engine

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
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
	h.conns = make([]*loopConn, lookSlice)
	for i := range h.conns {
		h.conns[i] = &loopConn{loop: h.loop, blocked: true}
	}
	t.Cleanup(func() { h.conns = nil })        // they are on no socket
	k := h.ask(time.Now().Add(time.Hour), nil) // there is time for all
	rounds := h.until("it has met them all", k.answered)
	if rounds <= lookBehind || rounds > lookBehind+2 || k.found.slow.count != lookSlice || len(k.found.slow.sessions) > 2*maxShown {
		t.Errorf("it met %d in %d rounds, and keeps %d", k.found.slow.count, rounds, len(k.found.slow.sessions))
	}
	k = h.ask(time.Now().Add(-lookTimeout), nil) // the loop was busy so long
	if rounds := h.until("it has met some", k.answered); rounds != 1 || k.view.Met == 0 || k.view.Met == lookSlice {
		t.Errorf("late, it met %d in %d rounds", k.view.Met, rounds)
	}
}

// BenchmarkALook is what a look at one session costs its loop.
func BenchmarkALook(b *testing.B) {
	for name, blocked := range map[string]bool{"who reads": false, "who is behind": true} {
		b.Run(name, func(b *testing.B) {
			live := newLiveRoom("lobby", &roomlog.Budget{MemoryBytes: 1 << 20, Total: 1 << 30})
			l := &loop{}
			l.notes.wake = func() {}
			for range lookSlice {
				c := &loopConn{loop: l, blocked: blocked}
				p := &presence{room: live, member: room.Member{Name: "ada"}}
				live.log.Attach(&p.reader, roomlog.Encoding{})
				c.session.dialect = &tutorialDialect{session: &c.session, here: p}
				l.conns = append(l.conns, c)
			}
			live.log.Notice(protocol.Tutorial, []byte("they have yet to read this"), nil)
			for b.Loop() {
				k := &look{asked: time.Now(), done: make(chan struct{}), found: newFound()}
				for !k.answered() {
					k.walk(l)
					l.notes.read(pile{})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lookSlice, "ns/session")
		})
	}
}
