package engine

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Timers are set, set anew and cleared while time goes on, in small steps or for long.
// Nobody is early, and who is due is fired by the tick behind that.
func TestAWheelForgetsNobodyAndIsNeverEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &wheelModel{t: t, wheel: &wheel{start: time.Now()}, due: map[*loopConn]time.Time{}}
		m.now = m.wheel.start
		conns := make([]*loopConn, rapid.IntRange(1, 30).Draw(t, "conns"))
		for i := range conns {
			conns[i] = &loopConn{}
		}
		m.span = rapid.SampledFrom([]time.Duration{50 * time.Millisecond, 5 * time.Second, 5 * time.Minute}).Draw(t, "span")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c := rapid.SampledFrom(conns).Draw(t, "whose")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				m.set(c, m.now.Add(m.draw("in")-time.Second)) // it may have been before
			case 2:
				delete(m.due, c)
				m.wheel.clear(c)
			default:
				m.goOn()
			}
			m.compare()
		}
	})
}

// wheelModel is a wheel, and what it should do.
type wheelModel struct {
	t     *rapid.T
	wheel *wheel
	now   time.Time
	span  time.Duration
	due   map[*loopConn]time.Time
}

func (m *wheelModel) draw(what string) time.Duration {
	return time.Duration(rapid.Int64Range(1, int64(m.span)).Draw(m.t, what))
}

func (m *wheelModel) set(c *loopConn, at time.Time) {
	m.due[c] = at
	m.wheel.set(c, at)
}

// goOn lets time pass. Some who are fired are set anew.
func (m *wheelModel) goOn() {
	m.now = m.now.Add(m.draw("goes on"))
	m.wheel.advance(m.now, func(c *loopConn) {
		if at, ok := m.due[c]; !ok || m.now.Before(at) {
			m.t.Fatalf("fired at %v: set %v, due in %v", m.now, ok, at.Sub(m.now))
		}
		delete(m.due, c)
		if rapid.Bool().Draw(m.t, "set anew") {
			m.set(c, m.now.Add(m.draw("again in")))
		}
	})
}

// compare sees that the wheel holds who is due, none of them for longer than it may,
// and that it wakes its loop in time.
func (m *wheelModel) compare() {
	if m.wheel.count != len(m.due) {
		m.t.Fatalf("%d timers in the wheel, want %d", m.wheel.count, len(m.due))
	}
	var sorted []time.Time
	for c, at := range m.due {
		sorted = append(sorted, at)
		if tick := max(m.wheel.tickAt(at), m.wheel.now+1); c.timer.due > tick || c.timer.due <= m.wheel.now {
			m.t.Fatalf("due at tick %d, it would be fired at %d, and it is %d", tick, c.timer.due, m.wheel.now)
		}
	}
	slices.SortFunc(sorted, time.Time.Compare)
	next := m.wheel.next()
	if len(sorted) == 0 != next.IsZero() {
		m.t.Fatalf("next is %v, and %d are due", next, len(sorted))
	}
	if len(sorted) > 0 && next.Sub(m.later(sorted[0])) > wheelTick {
		m.t.Fatalf("next is in %v, the first is due in %v", next.Sub(m.now), sorted[0].Sub(m.now))
	}
}

// later is at, or the next tick where that has passed.
func (m *wheelModel) later(at time.Time) time.Time {
	if soonest := m.now.Add(wheelTick); at.Before(soonest) {
		return soonest
	}
	return at
}
