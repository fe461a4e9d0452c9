package memory

import (
	"context"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Watch implements store.Shared. The nodes that share a memory store are engines of one
// process, and all of them watch.
func (s *Store) Watch(renewed func(life string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, renewed)
}

// Life implements store.Shared. It needs no lock: who is told of a new one may ask.
func (s *Store) Life() string { return *s.life.Load() }

// newLife begins one. Who watches hears of it before anybody else can use the store.
func (s *Store) newLife() {
	life := hex.EncodeToString(s.bytesAtRandom(16))
	s.life.Store(&life)
	for _, renewed := range s.watchers {
		renewed(life)
	}
}

// Heads implements store.Shared.
func (s *Store) Heads(_ context.Context, rooms []string) ([]protocol.Seq, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	heads := make([]protocol.Seq, len(rooms))
	for i, name := range rooms {
		if r := s.rooms[name]; r != nil {
			heads[i] = r.Head
		}
	}
	return heads, nil
}

// Beat implements store.Shared.
func (s *Store) Beat(_ context.Context, node string, ttl time.Duration) (nodes []string, lapsed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	maps.DeleteFunc(s.nodes, func(_ string, until time.Time) bool { return !now.Before(until) })
	_, there := s.nodes[node]
	put(&s.nodes, node, now.Add(ttl))
	return slices.Sorted(maps.Keys(s.nodes)), !there, nil
}

// Resign implements store.Shared.
func (s *Store) Resign(_ context.Context, node string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.nodes, node)
	return nil
}

// past is an event as it was appended.
type past struct {
	protocol.Event
	body store.Body
}

// NewRewindable makes an empty store that can be rewound, for tests: it never forgets
// what was said.
func NewRewindable(budget int) *Store {
	s := New(budget)
	s.rewindable = true
	return s
}

// NewSimulated is NewRewindable with the caller's clock and bytes at random: what is done
// to it alone says what it holds.
func NewSimulated(budget int, now func() time.Time, random io.Reader) *Store {
	s := newStore(budget, now, random)
	s.rewindable = true
	return s
}

// Rewind begins another life of the logs, without the newest n events: as when a
// standby takes over that lags behind. It is of a store that NewRewindable made.
func (s *Store) Rewind(n int) {
	if !s.rewindable {
		panic("memory: a store that keeps no history can't be rewound")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newLife()
	was := s.rooms
	kept := s.history[:max(0, len(s.history)-n)]
	s.rooms, s.written, s.order, s.taken, s.bytes, s.history = map[string]*room{}, idle{}, deque[place]{}, 0, 0, nil
	s.revoked = nil // all of which may be of what is lost
	for i := range kept {
		r := s.rooms[kept[i].Room]
		if r == nil {
			r = &room{Room: s.unwritten(kept[i].Room)}
		}
		s.append(r, &kept[i].Event, kept[i].body)
	}
	for name, r := range s.rooms {
		s.rewindRoom(r, was[name])
	}
	s.keepBudget()
}

// rewindRoom has a room forget again what it had forgotten, and keeps the marks that it
// had.
func (s *Store) rewindRoom(r, was *room) {
	if was == nil {
		return
	}
	for r.events.n > 0 && r.First < was.First {
		s.bytes -= r.dropFirst()
	}
	for user, seq := range was.marks {
		s.bytes += r.mark(user, min(seq, r.Head))
	}
}

var (
	_ store.Shared  = (*Store)(nil)
	_ store.Instant = (*Store)(nil)
)
