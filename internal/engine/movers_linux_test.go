package engine

import (
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

// One who goes to another loop in the middle of a round has more to do there, and
// takes nobody else's turn here.
func TestWhoMovesWithMoreToDoTakesNobodysTurn(t *testing.T) {
	e := startEngine(t)
	home, here := newHandLoop(t, e), newHandLoop(t, e)
	ada, a := home.dial()
	ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
	home.until("ada is in", func() bool { return a.session.dialect.(*tutorialDialect).here != nil })
	home.rest()
	grace, g := here.dial()
	linus, l := here.dial()
	grace.sendBytes(frame.AppendMaskedFrame(frame.AppendMaskedFrame(nil, frame.Ping, []byte("?"), [4]byte{1, 2, 3, 4}),
		frame.Text, []byte(`{"type":"join","username":"grace","room":"lobby"}`), [4]byte{1, 2, 3, 4}))
	linus.send(`nonsense`)
	here.until("both are heard in one round", func() bool {
		events, _, err := here.poller.Wait(here.now, here.now)
		if err != nil {
			t.Fatal(err)
		}
		here.ready(events)
		return g.readable && l.readable
	})
	here.until("grace has gone", func() bool { return here.count == 1 })
	home.until("grace is in", func() bool { return len(home.audiences[e.rooms.all()[0]].members) == 2 })
	here.until("linus is answered", func() bool { return !l.queued && l.session.strain != nil && l.session.answers.empty() })
	home.rest()
	linus.want(errorFrame("Invalid JSON"))
	if op, got, err := grace.read(); op != frame.Pong || got != "?" || err != nil {
		t.Errorf("grace's ping is answered with %v %q, %v", op, got, err)
	}
	grace.want(`{"type":"system","text":"grace joined #lobby","users":["ada","grace"]}`)
}

// One whose join came with the handshake moves first, too, and then comes in.
func TestWhoJoinsWithTheHandshakeMovesFirst(t *testing.T) {
	e := startEngine(t)
	home, here := newHandLoop(t, e), newHandLoop(t, e)
	ada, a := home.dial()
	ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
	home.until("ada is in", func() bool { return a.session.dialect.(*tutorialDialect).here != nil })
	join := frame.AppendMaskedFrame(nil, frame.Text, []byte(`{"type":"join","username":"grace","room":"lobby"}`), [4]byte{1, 2, 3, 4})
	grace, _ := here.dial(func(o *Opening) { o.Early = join })
	here.until("grace has gone", func() bool { return here.count == 0 })
	home.until("grace is in", func() bool { return len(home.audiences[e.rooms.all()[0]].members) == 2 })
	home.rest()
	grace.want(`{"type":"system","text":"grace joined #lobby","users":["ada","grace"]}`)
	if len(here.audiences) != 0 || here.wheel.count != 0 {
		t.Errorf("%d audiences and %d timers are left behind", len(here.audiences), here.wheel.count)
	}
}
