package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// filled is an engine whose lobby has so many messages of some length.
func filled(t *testing.T, messages, length int, change ...func(*Config)) *Engine {
	t.Helper()
	s := memory.New(256 << 20)
	var drafts []store.Draft
	for i := range messages {
		drafts = append(drafts, store.Draft{Room: "lobby", Kind: protocol.KindMessage,
			User: protocol.User{ID: "u1", Name: "linus"}, Text: fmt.Sprint(i+1, " ", strings.Repeat("x", length))})
	}
	if _, err := s.Append(context.Background(), drafts); err != nil {
		t.Fatal(err)
	}
	return startEngine(t, append(change, unlimited, func(c *Config) { c.Store = s })...)
}

func TestJoiningAgainBeginsAnewAndStaysPresent(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := filled(t, 3000, 500, on)
		ada, grace := dial(t, e, guest("ada")), tcp(t, e)
		grace.send(`{"type":"join","username":"grace","room":"lobby"}`)
		grace.want(`{"type":"system","text":"grace joined #lobby","users":["grace"]}`)
		epoch := ada.mustDo("join", `"room":"lobby"`)["room"].(map[string]any)["epoch"]
		grace.want(`{"type":"system","text":"ada joined #lobby","users":["grace","ada"]}`)
		id := ada.ask("join", fmt.Sprintf(`"room":"lobby","since":{"epoch":%q,"seq":0}`, epoch))
		// In the middle of catching up, once more from elsewhere.
		for f := ada.frame(); f["id"] != id; f = ada.frame() {
		}
		ada.wantEvents("1 message 1 " + strings.Repeat("x", 500))
		id = ada.ask("join", fmt.Sprintf(`"room":"lobby","since":{"epoch":%q,"seq":2990}`, epoch))
		for f := ada.frame(); f["id"] != id; f = ada.frame() {
		}
		for seq := 2991.0; seq <= 3000; seq++ {
			if got := ada.event()["seq"]; got != seq {
				t.Fatalf("seq %v, want %v", got, seq)
			}
		}
		ada.ofType("caught_up")
		grace.send(`{"type":"chat","text":"hello"}`)
		if got := grace.next(); !strings.Contains(got, "hello") { // and nothing of leaving and coming
			t.Error(got)
		}
		if got := ada.event()["seq"]; got != 3001.0 {
			t.Error(got)
		}
		ada.mustDo("leave", `"room":"lobby"`)
		grace.want(`{"type":"system","text":"ada left #lobby","users":["grace"]}`)
	})
}

func TestLeavingInTheMiddleOfCatchingUpEndsIt(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := filled(t, 5000, 1000, on) // more than sockets hold
		ada := dial(t, e, guest("ada"))
		epoch := ada.mustDo("join", `"room":"lobby","last":0`)["room"].(map[string]any)["epoch"]
		ada.ask("join", fmt.Sprintf(`"room":"lobby","since":{"epoch":%q,"seq":0}`, epoch))
		left := ada.ask("leave", `"room":"lobby"`)
		ada.ask("send", `"room":"lobby","text":"nobody's here to hear"`)
		events := 0
		for f := ada.frame(); f["id"] != left; f = ada.frame() {
			if f["type"] == "event" {
				events++
			}
		}
		if events == 5000 {
			t.Error("read to the end all the same")
		}
		if got := ada.frame(); got["type"] != "ok" || got["seq"] != 5001.0 {
			t.Errorf("%v, want the answer to what was sent", got)
		}
	})
}

func TestASessionIsInAHundredRoomsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // joins are slowed down
		e := startEngine(t, unlimited)
		ada := whisper(t, e, "ada")
		for i := range protocol.MaxRooms {
			ada.mustDo("join", fmt.Sprintf(`"room":"%d","last":0`, i))
		}
		ada.wantCode(protocol.CodeTooMany, "join", `"room":"one more"`)
		ada.mustDo("join", `"room":"7"`) // it is in there
		ada.mustDo("leave", `"room":"8"`)
		ada.mustDo("join", `"room":"one more"`)
		ada.held = nil
		heard := map[any]bool{}
		for i := range protocol.MaxRooms {
			ada.mustDo("send", fmt.Sprintf(`"room":"%d","text":"hello"`, i))
		}
		for len(heard) < protocol.MaxRooms-1 {
			if f := ada.frame(); f["type"] == "event" {
				heard[f["room"]] = true
			}
		}
		if heard["8"] {
			t.Error("heard of a room that was left")
		}
		ada.conn.Close()
		synctest.Wait()
	})
}

func TestASlowReaderOfManyRoomsGetsEverythingFromTheStore(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited, func(c *Config) { c.Memory = &roomlog.Budget{MemoryBytes: 32 << 10, Total: 1 << 30} })
		slow, ada := dial(t, e, guest("slow")), dial(t, e, guest("ada"))
		const rooms, each = 5, 250
		for i := range rooms {
			slow.mustDo("join", fmt.Sprintf(`"room":"%d"`, i))
		}
		slow.held = nil
		text := strings.Repeat("x", 3900)
		for i := range each * rooms {
			ada.mustDo("send", fmt.Sprintf(`"room":"%d","text":%q`, i%rooms, text))
		}
		next := map[any]float64{}
		for range each * rooms {
			f := slow.frame()
			for f["type"] != "event" {
				f = slow.frame()
			}
			if next[f["room"]]++; f["seq"] != next[f["room"]] {
				t.Fatalf("room %v: seq %v, want %v", f["room"], f["seq"], next[f["room"]])
			}
		}
	})
}

func TestOneWhoseNextEventsArePurgedIsToldToComeBack(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := filled(t, 5000, 1000, on)
		ada := dial(t, e, guest("ada"))
		epoch := ada.mustDo("join", `"room":"lobby","last":0`)["room"].(map[string]any)["epoch"]
		since := fmt.Sprintf(`"room":"lobby","since":{"epoch":%q,"seq":0}`, epoch)
		id := ada.ask("join", since)
		for f := ada.frame(); f["id"] != id; f = ada.frame() {
		}
		if _, err := e.store.Purge(t.Context(), "lobby", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		ada.wantClose(4500)
		again := dial(t, e, guest("ada"))
		if got := again.mustDo("join", since); got["reset"] != "purged" || got["from"] != 5001.0 || got["room"].(map[string]any)["first"] != 5001.0 {
			t.Error(got)
		}
	})
}

// blind is a store that can't be read while it is.
type blind struct {
	store.Store
	closed atomic.Bool
}

var errBlind = errors.New("input/output error")

func (b *blind) Room(ctx context.Context, name string) (store.Room, error) {
	if b.closed.Load() {
		return store.Room{}, errBlind
	}
	return b.Store.Room(ctx, name)
}

func (b *blind) Rooms(ctx context.Context) ([]store.Room, error) {
	if b.closed.Load() {
		return nil, errBlind
	}
	return b.Store.Rooms(ctx)
}

func TestWhatCannotBeLookedUpNowCanBeLater(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		var b *blind
		e := startEngine(t, on, func(c *Config) { b = &blind{Store: c.Store}; c.Store = b })
		ada := dial(t, e, guest("ada"))
		b.closed.Store(true)
		ada.wantCode(protocol.CodeUnavailable, "join", `"room":"lobby"`)
		ada.wantCode(protocol.CodeUnavailable, "history", `"room":"lobby"`)
		ada.wantCode(protocol.CodeUnavailable, "rooms", ``)
		ada.wantCode(protocol.CodeNotJoined, "leave", `"room":"lobby"`)
		if n := len(e.rooms.all()); n != 0 {
			t.Errorf("%d rooms are held open by nobody", n)
		}
		b.closed.Store(false)
		ada.mustDo("join", `"room":"lobby"`)
	})
}

func TestWhoHangsUpDuringAnErrandLeavesNothingBehind(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		var b *slowLook
		e := startEngine(t, on, func(c *Config) {
			b = &slowLook{Store: c.Store, asked: make(chan struct{}), release: make(chan struct{})}
			c.Store = b
		})
		ada := dial(t, e, guest("ada"))
		ada.ask("join", `"room":"lobby"`)
		<-b.asked
		ada.conn.Close()
		close(b.release)
		for openSessions(e) > 0 {
			time.Sleep(time.Millisecond)
		}
		if n := len(e.rooms.all()); n != 0 {
			t.Errorf("%d rooms are held open by nobody", n)
		}
	})
}

// slowLook answers for a room once it may.
type slowLook struct {
	store.Store
	asked, release chan struct{}
}

func (s *slowLook) Room(ctx context.Context, name string) (store.Room, error) {
	close(s.asked)
	<-s.release
	return s.Store.Room(ctx, name)
}

func TestPagesOfSomeLengthAreCompressed(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := filled(t, 100, 600, on)
		ada := &v1Peer{peer: tcp(t, e, in, func(o *Opening) { o.Deflate = true })}
		ada.welcome = ada.frame()
		if got := len(ada.mustDo("history", `"room":"lobby","limit":100`)["events"].([]any)); got < 50 {
			t.Error(got)
		}
		if most := 8 << 10; ada.received > most {
			t.Errorf("%d bytes for 60 kB of text", ada.received)
		}
	})
}
