package memory

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// found is a message, and its place in the order of all events.
type found struct {
	protocol.Event
	place int64
}

// Search implements store.Store. It looks through all there is, newest first.
func (s *Store) Search(ctx context.Context, q store.Query) (store.Found, error) {
	place, err := q.Place()
	if err != nil {
		return store.Found{}, err
	}
	in := map[string]bool{}
	for _, name := range q.Rooms {
		in[name] = true
	}
	wanted := words.Parse(q.Text)
	answer := store.Found{Indexed: s.saidBefore()}
	var last int64
	var messages []found
	for more := len(wanted) > 0; more; {
		if err := ctx.Err(); err != nil {
			return store.Found{}, err
		}
		messages, place, more = s.messagesBefore(place, messages[:0])
		for i := range messages {
			m := &messages[i]
			if q.Rooms != nil && !in[m.Room] || !wanted.Match(m.Text) {
				continue
			}
			if len(answer.Events) == q.Limit {
				answer.Cursor = q.CursorAt(last)
				return answer, nil
			}
			answer.Events = append(answer.Events, m.Event)
			last = m.place
		}
	}
	return answer, nil
}

// saidBefore is a time that no event will have that is not here yet.
func (s *Store) saidBefore() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().UnixMilli() - 1
}

// messagesBefore appends the messages of the page of events before a place, and
// gives the place that this page begins at.
func (s *Store) messagesBefore(place int64, messages []found) ([]found, int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := min(place, s.taken+int64(s.order.n))
	begin := max(end-page, s.taken)
	for place = end - 1; place >= begin; place-- {
		p := s.order.at(int(place - s.taken))
		if !p.there() {
			continue
		}
		if m := p.room.message(p.seq); m != nil && !m.Deleted {
			messages = append(messages, found{m.Event, place})
		}
	}
	return messages, begin, begin > s.taken
}
