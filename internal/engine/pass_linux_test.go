package engine

import (
	"fmt"
	"testing"
)

// Notices and signals of a crowd keep no message waiting, and are not forgotten.
func TestEventsComeBeforeNotices(t *testing.T) {
	e := startEngine(t)
	h := newHandLoop(t, e)
	come := func(name, room string) *presence {
		p, c := h.dial()
		p.send(fmt.Sprintf(`{"type":"join","username":%q,"room":%q}`, name, room))
		d := c.session.dialect.(*tutorialDialect)
		h.until(name+" is in", func() bool { return d.here != nil })
		return d.here
	}
	ada := come("ada", "lobby")
	var crowd *presence
	for i := range 3 * maxServed {
		crowd = come(fmt.Sprint("guest ", i), "attic")
	}
	h.rest()
	quiet, loud := ada.waker.(*audience), crowd.waker.(*audience)

	loud.Nudge()
	h.round()
	if loud.state != putOff || loud.at == 0 {
		t.Fatalf("the crowd's pass is %v at %d", loud.state, loud.at)
	}
	quiet.Wake()
	h.round()
	if quiet.state != resting || quiet.asked != 1 {
		t.Errorf("the quiet room's pass is %v, and was asked for %d times", quiet.state, quiet.asked)
	}
	loud.Wake() // it has an event by now: from the first member on, at once
	h.round()
	if loud.state != passing || loud.at != maxServed-maxServed/4 {
		t.Errorf("the crowd's pass is %v at %d", loud.state, loud.at)
	}
	loud.Nudge() // while it is under way
	h.rest()
	if loud.state != resting || loud.at != len(loud.members) || loud.more || len(h.put) > 0 {
		t.Errorf("the crowd's pass is %v at %d, %v, %d put off", loud.state, loud.at, loud.more, len(h.put))
	}
}
