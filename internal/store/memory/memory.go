// Package memory is the store that promises least: it hands out seqs and times,
// and what it keeps of a log goes with the room's last session. The events
// themselves are in the room's memory log for as long as readers need them.
package memory

import (
	"context"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/store"
)

// Store keeps, for each room in use, where its log stands.
type Store struct {
	mu    sync.Mutex
	heads map[string]head
}

type head struct {
	seq  store.Seq
	time int64
}

// New makes an empty store.
func New() *Store { return &Store{heads: map[string]head{}} }

// Append never fails.
func (s *Store) Append(_ context.Context, drafts []store.Draft) ([]store.Event, error) {
	now := time.Now().UnixMilli()
	events := make([]store.Event, len(drafts))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range drafts {
		h := s.heads[d.Room]
		h.seq++
		h.time = max(h.time, now) // a clock that is set back does not turn a log around
		s.heads[d.Room] = h
		events[i] = store.Event{Draft: d, Seq: h.seq, Time: h.time}
	}
	return events, nil
}

// Read finds nothing: the events were never kept.
func (s *Store) Read(_ context.Context, room string, cursor store.Seq, _ int) ([]store.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cursor >= s.heads[room].seq {
		return nil, nil
	}
	return nil, store.ErrNotKept
}

// Release forgets where room's log stood.
func (s *Store) Release(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.heads, room)
}

// Close has nothing to do.
func (s *Store) Close() error { return nil }
