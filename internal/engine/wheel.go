package engine

import "time"

// wheel keeps when each connection of a loop must be looked at: a timing wheel, so
// that a connection's timer is two links and not an object of the runtime's. It is
// exact to a tick, and never early (Varghese and Lauck, Hashed and Hierarchical
// Timing Wheels, 1987).
type wheel struct {
	start time.Time
	now   int64 // ticks that have passed
	slots [wheelSlots]*loopConn
	count int
}

const (
	wheelTick  = 16 * time.Millisecond
	wheelSlots = 2048 // half a minute: a heartbeat's round
)

// timer is a connection's place in the wheel.
type timer struct {
	due        int64 // in ticks; 0: it is in no slot
	prev, next *loopConn
}

// tickAt is the first tick at which t has come.
func (w *wheel) tickAt(t time.Time) int64 {
	return int64((t.Sub(w.start) + wheelTick - 1) / wheelTick)
}

// set has c looked at at that time at the earliest.
func (w *wheel) set(c *loopConn, at time.Time) {
	w.clear(c)
	t := &c.timer
	t.due = max(w.tickAt(at), w.now+1)
	slot := &w.slots[t.due%wheelSlots]
	if t.next = *slot; t.next != nil {
		t.next.timer.prev = c
	}
	*slot = c
	w.count++
}

// clear takes c out, if it is in.
func (w *wheel) clear(c *loopConn) {
	t := &c.timer
	if t.due == 0 {
		return
	}
	if t.prev != nil {
		t.prev.timer.next = t.next
	} else {
		w.slots[t.due%wheelSlots] = t.next
	}
	if t.next != nil {
		t.next.timer.prev = t.prev
	}
	*t = timer{}
	w.count--
}

// advance takes out who is due by now and calls fire for each, which may set it anew.
func (w *wheel) advance(now time.Time, fire func(c *loopConn)) {
	target := int64(now.Sub(w.start) / wheelTick)
	if target-w.now > wheelSlots { // it stood still: once round is enough to meet everybody
		w.now = target - wheelSlots
	}
	for w.now < target {
		w.now++
		for c := w.slots[w.now%wheelSlots]; c != nil; {
			next := c.timer.next
			if c.timer.due <= target {
				w.clear(c)
				fire(c)
			}
			c = next
		}
	}
}

// next is when somebody may be due: the first slot that isn't empty, within a round.
// The zero time: nobody is.
func (w *wheel) next() time.Time {
	if w.count == 0 {
		return time.Time{}
	}
	tick := w.now + 1
	for ; tick < w.now+wheelSlots && w.slots[tick%wheelSlots] == nil; tick++ {
	}
	return w.start.Add(time.Duration(tick) * wheelTick)
}
