package engine

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// longCount is a store that counts until the test lets it go on.
type longCount struct {
	store.Store
	counting atomic.Int32
	goOn     chan struct{}
}

func (s *longCount) Unread(ctx context.Context, user protocol.User, rooms []string) ([]store.Unread, error) {
	s.counting.Add(1)
	<-s.goOn
	s.counting.Add(-1)
	return s.Store.Unread(ctx, user, rooms)
}

func TestThoseWhoAskForMuchKeepNobodyFromJoining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &longCount{goOn: make(chan struct{})}
		e := startEngine(t, func(c *Config) { s.Store, c.Store = c.Store, s })
		var asking []*v1Peer
		for i := range 100 {
			p := whisper(t, e, fmt.Sprint("guest ", i))
			p.ask("rooms", "")
			asking = append(asking, p)
		}
		synctest.Wait()
		if n := s.counting.Load(); n != maxSlow {
			t.Errorf("%d count at once, want %d", n, maxSlow)
		}
		ada := whisper(t, e, "ada")
		ada.mustDo("join", `"room":"lobby"`)
		ada.mustDo("send", `"room":"lobby","text":"hello"`)
		close(s.goOn)
		for _, p := range append(asking, ada) {
			if p != ada && p.frame()["type"] != "ok" {
				t.Error("asked for rooms, and was not told")
			}
			p.conn.Close()
		}
		synctest.Wait()
	})
}

func TestASearchThatFindsLongTextsGivesThemInPagesOfBoundedLength(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := filled(t, 60, 3900, on)
		ada := dial(t, e, guest("ada"))
		next, cursor := 60, ""
		for next > 0 {
			found := ada.mustDo("search", fmt.Sprintf(`"text":"xxx","limit":100,"cursor":%q`, cursor))
			events := found["events"].([]any)
			if n := len(events); n == 0 || n > maxPageBytes/3900 {
				t.Fatalf("%d texts in a page", n)
			}
			for _, f := range events {
				if seq := f.(map[string]any)["seq"]; seq != float64(next) {
					t.Fatalf("seq %v, want %d", seq, next)
				}
				next--
			}
			if cursor, _ = found["cursor"].(string); cursor == "" && next > 0 {
				t.Fatalf("ends before %d", next)
			}
		}
	})
}

func TestARoomWhoseEventsAreAllPurgedIsListedWhileSomebodyIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := filled(t, 3, 10, on)
		ada := dial(t, e, guest("ada"))
		listed := func() string {
			var out []string
			for _, r := range ada.mustDo("rooms", "")["rooms"].([]any) {
				out = append(out, fmt.Sprint(r.(map[string]any)["name"], " ", r.(map[string]any)["head"]))
			}
			return strings.Join(out, ", ")
		}
		if got := listed(); got != "lobby 3" {
			t.Error(got)
		}
		if _, err := e.store.Purge(t.Context(), "lobby", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := listed(); got != "" {
			t.Errorf("lists %s", got)
		}
		ada.mustDo("join", `"room":"lobby"`)
		if got := listed(); got != "lobby 3" {
			t.Errorf("lists %q, want the lobby with its head", got)
		}
	})
}
