package memory

import (
	"context"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// maxRooms is how many rooms are looked after, whatever they take.
const maxRooms = 100_000

// place is where an event is.
type place struct {
	room *room
	seq  protocol.Seq
}

// there reports whether the event is still kept.
func (p place) there() bool { return p.room != nil && p.seq >= p.room.First }

// keepBudget forgets what is oldest until the rest fits.
func (s *Store) keepBudget() {
	for len(s.rooms) > maxRooms {
		s.forget(s.written.oldest)
	}
	for s.bytes > s.budget {
		switch {
		case s.order.n > 0:
			s.forgetOldest()
		case s.written.oldest != nil: // what is left are marks
			s.forget(s.written.oldest)
		default:
			return
		}
	}
}

// forgetOldest forgets the event that has been here for the longest time.
func (s *Store) forgetOldest() {
	p := s.order.pop()
	s.taken++
	s.bytes -= placeBytes
	if p.there() {
		s.bytes -= p.room.dropFirst()
	}
}

// forget forgets a whole room.
func (s *Store) forget(r *room) {
	for r.events.n > 0 {
		s.bytes -= r.dropFirst() // and by that, its places in order
	}
	for user := range r.marks {
		s.bytes -= markBytes + len(user)
	}
	s.bytes -= roomBytes
	s.written.remove(r)
	delete(s.rooms, r.Name)
	s.forgotten++
}

// Purge implements store.Store.
func (s *Store) Purge(_ context.Context, name string, before time.Time) (purged int, err error) {
	for more := true; more; {
		var n int
		n, more = s.purgeSome(name, before.UnixMilli())
		purged += n
	}
	return purged, nil
}

// purgeSome purges as much as is done in a moment.
func (s *Store) purgeSome(name string, before int64) (n int, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r == nil {
		return 0, false
	}
	for r.events.n > 0 && r.events.at(0).TS < before {
		if n == page {
			return n, true
		}
		s.bytes -= r.dropFirst()
		n++
	}
	for s.order.n > 0 && !s.order.at(0).there() {
		s.forgetOldest()
	}
	return n, false
}

// idle is the rooms in the order in which they were last written to.
type idle struct{ oldest, newest *room }

// last puts a room, in or not, at the end.
func (i *idle) last(r *room) {
	if r == i.newest {
		return
	}
	if r.newer != nil {
		i.remove(r)
	}
	r.older = i.newest
	if i.newest != nil {
		i.newest.newer = r
	} else {
		i.oldest = r
	}
	i.newest = r
}

// remove takes out a room that is in.
func (i *idle) remove(r *room) {
	if r.older != nil {
		r.older.newer = r.newer
	} else {
		i.oldest = r.newer
	}
	if r.newer != nil {
		r.newer.older = r.older
	} else {
		i.newest = r.older
	}
	r.older, r.newer = nil, nil
}
