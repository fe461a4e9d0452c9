package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// A peer that asks for more than it reads has some of what it sent held back. Once
// there is room again, all of it is answered, although nothing new comes.
func TestWhatWasHeldBackGoesOnWhenThereIsRoom(t *testing.T) {
	h := newHandLoop(t, startEngine(t))
	p, c := h.narrow()
	const pings = 4000
	payload := strings.Repeat("p", 125)
	var all []byte
	for range pings {
		all = frame.AppendMaskedFrame(all, frame.Ping, []byte(payload), [4]byte{1, 2, 3, 4})
	}
	sent := make(chan struct{})
	go func() { defer close(sent); _, _ = p.conn.Write(all) }()
	h.until("its socket is full, and something is held back", func() bool {
		return c.blocked && len(c.session.inbox) > 0 && len(h.steps) == 0
	})
	for answered := range pings {
		_ = p.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		op, got, err := p.read()
		for late := time.Now().Add(patience); err != nil && time.Now().Before(late); op, got, err = p.read() {
			h.round()
			_ = p.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		}
		if err != nil || op != frame.Pong || got != payload {
			t.Fatalf("ping %d is answered with %v %q, %v; %d bytes are held back", answered, op, got, err, len(c.session.inbox))
		}
	}
	<-sent
}

// One who takes another place while the store reads for its old one must not be given
// what was read for that.
func TestWhatWasReadForAnotherPlaceIsNotGiven(t *testing.T) {
	gate := &slowRead{goOn: make(chan struct{})}
	e := filled(t, 3000, 10)
	gate.Store, e.store = e.store, gate // before anybody asks it
	h := newHandLoop(t, e)
	p, c := h.dial(in)
	v := c.session.dialect.(*v1)
	p.send(fmt.Sprintf(`{"type":"join","id":"a","room":"lobby","since":{"epoch":%q,"seq":0}}`, epochOf(t, e)))
	h.until("the store is asked", func() bool { return c.reading })
	old := v.joined("lobby")
	p.send(fmt.Sprintf(`{"type":"join","id":"b","room":"lobby","since":{"epoch":%q,"seq":2990}}`, epochOf(t, e)))
	h.until("it has another place", func() bool { return v.joined("lobby") != old })
	h.rest()
	close(gate.goOn)
	h.until("it has caught up", func() bool { return v.joined("lobby").told && len(h.steps) == 0 })
	for !strings.Contains(p.next(), `"id":"b"`) { // welcome, and what came of the first join
	}
	for seq := 2991; seq <= 3000; seq++ {
		if got := p.next(); !strings.Contains(got, fmt.Sprintf(`"seq":%d,`, seq)) {
			t.Fatalf("got %s, want %d", got, seq)
		}
	}
}

// What a room's other dialect alone shows is nothing to write. Pages of it from the
// store are passed over.
func TestHistoryThatADialectDoesNotShowIsPassedOver(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited, func(c *Config) { c.Memory = &roomlog.Budget{MemoryBytes: 16 << 10, Total: 1 << 30} })
		slow := narrow(t, e)
		slow.send(`{"type":"join","username":"slow","room":"lobby"}`)
		slow.next()
		ada := guest("ada")
		do := func(name, fields string) {
			if _, refused := e.Do(t.Context(), ada, name, []byte(`{"room":"lobby",`+fields+`}`)); refused != nil {
				t.Fatal(refused)
			}
		}
		long := strings.Repeat("x", 3900)
		for range 200 { // more than sockets hold
			do("send", fmt.Sprintf(`"text":%q`, long))
		}
		for range 200 { // more than a page
			do("react", `"seq":1,"emoji":"👍"`)
			do("unreact", `"seq":1,"emoji":"👍"`)
		}
		for range 20 { // more than memory
			do("send", fmt.Sprintf(`"text":%q`, long))
		}
		for range 220 {
			if got := slow.next(); !strings.Contains(got, long) {
				t.Fatalf("got %.80s", got)
			}
		}
	})
}

// slowRead reads once it may.
type slowRead struct {
	store.Store
	goOn chan struct{}
}

func (s *slowRead) Read(ctx context.Context, room string, cursor protocol.Seq, limit int) ([]protocol.Event, error) {
	<-s.goOn
	return s.Store.Read(ctx, room, cursor, limit)
}

// epochOf is the lobby's.
func epochOf(t *testing.T, e *Engine) string {
	t.Helper()
	r, err := e.store.Room(t.Context(), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	return r.Epoch
}
