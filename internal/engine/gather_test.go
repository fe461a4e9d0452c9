package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const testGather = 10 * time.Millisecond

// gatherer is a loop with one audience, on a clock of the test's.
type gatherer struct {
	loop *loop
	a    *audience
	now  time.Time
}

func newGatherer(gather time.Duration) *gatherer {
	l := &loop{gather: gather, audiences: map[*liveRoom]*audience{}}
	l.notes.wake = func() {}
	g := &gatherer{loop: l, a: l.audienceOf(nil), now: time.Now()}
	g.loop.load.since = g.now
	return g
}

// round has the loop hear of so many events; each pass that it begins takes cost.
func (g *gatherer) round(events int, cost time.Duration) (passes int) {
	for range events {
		g.a.Wake()
	}
	g.loop.read(g.now)
	g.loop.gathered(g.now)
	for ; len(g.loop.passes) > 0; passes++ {
		a := g.loop.passes[0]
		g.loop.passes = g.loop.passes[1:]
		g.now = g.now.Add(cost)
		a.took = cost
		g.loop.passed(a, g.now)
	}
	g.loop.weigh(g.now)
	return passes
}

// busy has it be as busy as it can be, for longer than a window.
func (g *gatherer) busy() {
	for end := g.now.Add(3 * loadWindow); g.now.Before(end); {
		g.round(1, time.Millisecond)
		g.now = g.now.Add(100 * time.Microsecond)
	}
}

func TestALoopThatIsNotBusyNeverWaits(t *testing.T) {
	for name, g := range map[string]*gatherer{"lightly loaded": newGatherer(testGather), "never to": newGatherer(0)} {
		for range 1000 {
			if g.round(1, 100*time.Microsecond) != 1 || len(g.loop.gathers) > 0 {
				t.Fatalf("%s: an event waits, at a load of %v", name, g.loop.load.share)
			}
			g.now = g.now.Add(time.Millisecond)
		}
		if name == "never to" {
			g.busy()
			if g.round(1, time.Millisecond) != 1 {
				t.Error("it was told never to wait, and waits when it is busy")
			}
		}
	}
}

func TestABusyLoopGathersAndStopsWhenItsLoadFalls(t *testing.T) {
	g := newGatherer(testGather)
	g.busy()
	passes, events := 0, 0
	for end := g.now.Add(3 * loadWindow); g.now.Before(end); events++ {
		passes += g.round(1, time.Millisecond)
		g.now = g.now.Add(time.Millisecond)
	}
	if most := int(3*loadWindow/testGather) + 1; passes > most {
		t.Errorf("%d passes for %d events, want at most %d", passes, events, most)
	}
	for range 10 { // now and then an event
		g.now = g.now.Add(loadWindow)
		g.round(1, time.Millisecond)
	}
	if g.round(1, time.Millisecond) != 1 {
		t.Errorf("it still waits, at a load of %v", g.loop.load.share)
	}
}

// Whatever comes when, whatever it costs: no event waits longer than it may for its
// pass to begin, and a loop that sleeps until it must go on forgets none, the last one
// least.
func TestWhatGathersIsNeverForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGatherer(testGather)
		if rapid.Bool().Draw(t, "busy") {
			g.busy()
		}
		var waits time.Time // since when an event waits; zero: none does
		for range rapid.IntRange(1, 200).Draw(t, "rounds") {
			cost := time.Duration(rapid.IntRange(1, 5000).Draw(t, "µs")) * time.Microsecond
			events := rapid.IntRange(0, 3).Draw(t, "events")
			if events > 0 && waits.IsZero() {
				waits = g.now
			}
			before := g.now
			if g.round(events, cost) > 0 {
				if late := before.Sub(waits); late > testGather {
					t.Fatalf("an event waited for %v", late)
				}
				waits = time.Time{}
			}
			if g.a.state == gathering && waits.IsZero() {
				waits = g.now
			}
			g.now = g.next(t, g.now.Add(time.Duration(rapid.IntRange(1, 20_000).Draw(t, "pause, µs"))*time.Microsecond))
		}
		for g.a.state != resting { // nothing comes any more
			until := g.loop.idleUntil(g.now)
			if until.IsZero() || until.After(g.now.Add(testGather)) {
				t.Fatalf("it sleeps until %v, in state %d", until, g.a.state)
			}
			g.now = until
			g.round(0, time.Millisecond)
		}
		if g.a.heard > 0 || len(g.loop.gathers) > 0 {
			t.Fatalf("%d events are left, %d audiences wait", g.a.heard, len(g.loop.gathers))
		}
	})
}

// next is when the loop goes on: at that time, unless it wakes before.
func (g *gatherer) next(t *rapid.T, at time.Time) time.Time {
	if g.a.state != gathering {
		return at
	}
	until := g.loop.idleUntil(g.now)
	if until.IsZero() || until.After(g.now.Add(testGather)) {
		t.Fatalf("it sleeps until %v, and an audience gathers", until)
	}
	if until.Before(at) {
		return until
	}
	return at
}
