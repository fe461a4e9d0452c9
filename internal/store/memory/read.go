package memory

import (
	"context"
	"strings"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// page is how many events are looked at before somebody else may have the lock.
const page = 256

// Read implements store.Store.
func (s *Store) Read(_ context.Context, name string, cursor protocol.Seq, limit int) ([]protocol.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r == nil || cursor >= r.Head || limit <= 0 {
		return nil, nil
	}
	if cursor+1 < r.First {
		return nil, store.ErrNotKept
	}
	events := make([]protocol.Event, min(protocol.Seq(limit), r.Head-cursor))
	for i := range events {
		events[i] = r.now(cursor + 1 + protocol.Seq(i))
	}
	return events, nil
}

// now is a kept event as it is to be read.
func (r *room) now(seq protocol.Seq) protocol.Event {
	e := r.at(seq).Event
	if e.Kind == protocol.KindEdit {
		if m := r.message(e.Target); m != nil && !m.Deleted {
			e.Text = m.Text
		} else {
			e.Deleted = true
		}
	}
	return e
}

// Unread implements store.Store. What is deleted while it counts may be in it.
func (s *Store) Unread(_ context.Context, user protocol.User, rooms []string) ([]store.Unread, error) {
	all := make([]store.Unread, len(rooms))
	for i, name := range rooms {
		var seq protocol.Seq
		var texts []string
		for more := true; more; {
			texts, seq, more = s.countSome(name, user.ID, seq, texts[:0], &all[i])
			for _, text := range texts {
				if words.Mentions(text, user.Name) {
					all[i].Mentions++
				}
			}
		}
	}
	return all, nil
}

// countSome counts a page of a room's messages, beginning with seq, or, for 0,
// after the mark. It returns the texts that may mention somebody, and where the
// next page begins.
func (s *Store) countSome(name, user string, seq protocol.Seq, texts []string, u *store.Unread) ([]string, protocol.Seq, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r == nil {
		return texts, 0, false
	}
	if seq == 0 {
		u.Read = r.marks[user]
		seq = u.Read + 1
	}
	seq = max(seq, r.First)
	for end := min(seq+page, r.Head+1); seq < end; seq++ {
		e := r.message(seq)
		if e == nil || e.Deleted || e.User.ID == user {
			continue
		}
		u.Messages++
		if strings.Contains(e.Text, "@") {
			texts = append(texts, e.Text)
		}
	}
	return texts, seq, seq <= r.Head
}
