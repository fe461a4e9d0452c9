package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Backend is an implementation.
type Backend struct {
	// Open makes an empty store, which is closed when the test ends, if it isn't yet.
	Open func(*testing.T) store.Store

	// Reopen closes a store and opens it again. Nil where logs end with their store.
	Reopen func(*testing.T, store.Store) store.Store

	// Another opens a store once more while it is open, as another node does. It may be
	// the same one, if that lets itself be watched twice. Nil unless it is a
	// store.Shared.
	Another func(*testing.T, store.Store) store.Store

	// Rewind has the store be another server's, which lacks at least the newest event
	// of each log. Its logs begin another life. Nil unless it is a store.Shared.
	Rewind func(*testing.T, store.Store)
}

// Run holds a store to its promises.
func Run(t *testing.T, b Backend) {
	promises := map[string]func(*subject){}
	for _, some := range []map[string]func(*subject){logs, keys, changes, reactions, counts, purges, searches} {
		maps.Copy(promises, some)
	}
	if _, ok := b.Open(t).(store.Revoker); ok {
		maps.Copy(promises, revocations)
	}
	for name, promise := range promises {
		t.Run(name, func(t *testing.T) { promise(b.open(t, t)) })
	}
	t.Run("whatever happens, it answers as a slice of events would", func(t *testing.T) { followModel(t, b) })
}

// subject is a store under test.
type subject struct {
	rapid.TB
	store.Store
	reopen func() // nil where logs end with their store
}

// open opens a store for a test, or for one run of it.
func (b Backend) open(t *testing.T, run rapid.TB) *subject {
	s := &subject{TB: run, Store: b.Open(t)}
	if b.Reopen != nil {
		s.reopen = func() { s.Store = b.Reopen(t, s.Store) }
	}
	return s
}

// everyLife tries something on a store as it is and, where logs outlive their
// store, once more after it was closed and opened again.
func (s *subject) everyLife(try func()) {
	s.Helper()
	try()
	if s.reopen != nil {
		s.reopen()
		try()
	}
}

// The cast.
var (
	ada   = protocol.User{ID: "u1", Name: "ada"}
	grace = protocol.User{ID: "u2", Name: "Grace Hopper"}
	linus = protocol.User{ID: "u3", Name: "linus", Role: store.RoleModerator}
)

var ctx = context.Background()

func message(room string, by protocol.User, text string) store.Draft {
	return store.Draft{Room: room, Kind: protocol.KindMessage, User: by, Text: text}
}

func keyed(d store.Draft, key string) store.Draft {
	d.Key = key
	return d
}

func reply(d store.Draft, to protocol.Seq) store.Draft {
	d.ReplyTo = to
	return d
}

// What is no message is in the lobby.
func edit(by protocol.User, target protocol.Seq, text string) store.Draft {
	return store.Draft{Room: "lobby", Kind: protocol.KindEdit, User: by, Target: target, Text: text}
}

func remove(by protocol.User, target protocol.Seq) store.Draft {
	return store.Draft{Room: "lobby", Kind: protocol.KindDelete, User: by, Target: target}
}

func react(by protocol.User, target protocol.Seq, emoji string) store.Draft {
	return store.Draft{Room: "lobby", Kind: protocol.KindReact, User: by, Target: target, Emoji: emoji}
}

func unreact(by protocol.User, target protocol.Seq, emoji string) store.Draft {
	return store.Draft{Room: "lobby", Kind: protocol.KindUnreact, User: by, Target: target, Emoji: emoji}
}

func topic(by protocol.User, text string) store.Draft {
	return store.Draft{Room: "lobby", Kind: protocol.KindTopic, User: by, Text: text}
}

func mark(by protocol.User, seq protocol.Seq) store.Draft {
	return store.Draft{Room: "lobby", Kind: store.KindRead, User: by, Target: seq}
}

// append appends a batch.
func (s *subject) append(drafts ...store.Draft) []store.Result {
	s.Helper()
	results, err := s.Append(ctx, drafts)
	if err != nil {
		s.Fatal(err)
	}
	if len(results) != len(drafts) {
		s.Fatalf("%d results for %d drafts", len(results), len(drafts))
	}
	return results
}

// do appends a batch that becomes events, which it returns.
func (s *subject) do(drafts ...store.Draft) []protocol.Event {
	s.Helper()
	results := s.append(drafts...)
	var events []protocol.Event
	for i, d := range drafts {
		if r := results[i]; !r.New || r.Err != nil {
			s.Fatalf("%+v became %+v, want a new event", d, r)
		}
		events = append(events, results[i].Event)
	}
	return events
}

// one does one.
func (s *subject) one(d store.Draft) protocol.Event {
	s.Helper()
	return s.do(d)[0]
}

// wantRefusal appends a draft that must be refused.
func (s *subject) wantRefusal(d store.Draft, code protocol.Code) {
	s.Helper()
	if r := s.append(d)[0]; r.New || r.Err == nil || r.Err.Code != code {
		s.Fatalf("%+v became %+v, want %s", d, r, code)
	}
}

// wantRepeat appends a draft that must be answered with what did it before.
func (s *subject) wantRepeat(d store.Draft, of protocol.Event) {
	s.Helper()
	if r := s.append(d)[0]; r != repeat(of) {
		s.Fatalf("%+v became %+v, want a repeat of %d at %d", d, r, of.Seq, of.TS)
	}
}

func repeat(of protocol.Event) store.Result {
	return store.Result{Event: protocol.Event{Room: of.Room, Seq: of.Seq, TS: of.TS}}
}

// read reads what must be there.
func (s *subject) read(room string, cursor protocol.Seq, limit int) []protocol.Event {
	s.Helper()
	events, err := s.Read(ctx, room, cursor, limit)
	if err != nil {
		s.Fatalf("read %s after %d: %v", room, cursor, err)
	}
	return events
}

// at is one event as it is now.
func (s *subject) at(room string, seq protocol.Seq) protocol.Event {
	s.Helper()
	events := s.read(room, seq-1, 1)
	if len(events) != 1 {
		s.Fatalf("%s has %d events at %d", room, len(events), seq)
	}
	return events[0]
}

func (s *subject) wantNotKept(room string, cursor protocol.Seq) {
	s.Helper()
	if events, err := s.Read(ctx, room, cursor, 10); !errors.Is(err, store.ErrNotKept) || len(events) > 0 {
		s.Fatalf("%s after %d: %v, %v; want %v", room, cursor, events, err, store.ErrNotKept)
	}
}

func (s *subject) room(name string) store.Room {
	s.Helper()
	r, err := s.Room(ctx, name)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func (s *subject) wantUnread(by protocol.User, room string, want store.Unread) {
	s.Helper()
	got, err := s.Unread(ctx, by, []string{room})
	if err != nil || len(got) != 1 || got[0] != want {
		s.Fatalf("%s in %s: %+v, %v; want %+v", by.Name, room, got, err, want)
	}
}

// want compares.
func want[T any](s *subject, what string, got, want T) {
	s.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		s.Fatalf("%s:\n%s, want\n%s", what, g, w)
	}
}
