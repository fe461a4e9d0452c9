package engine

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// maxShown is how many sessions, and rooms, a view shows.
const maxShown = 20

// slow gathers the sessions that are behind: because their sockets are full, or since
// they read from the store. Of the others none is, but by what its loop has yet to do.
type slow struct {
	count    int
	sessions []SessionView // the slowest, at most maxShown
	rooms    map[*liveRoom]*readersBehind
}

// readersBehind are those of a room.
type readersBehind struct {
	count int
	most  LagView
}

func newSlow() slow { return slow{rooms: map[*liveRoom]*readersBehind{}} }

// meet looks at a connection of a loop, on that loop, and says how much of a look that
// was: 0 for one that reads.
func (w *slow) meet(c *loopConn) (looks int) {
	if !c.blocked && !c.reading || c.session.state != alive {
		return 0
	}
	v := c.session.view()
	v.Carrier = fmt.Sprintf("loop %d", c.loop.number)
	if c.blocked {
		v.Blocked = millis(time.Duration(int32(c.loop.wheel.now)-c.blockedAt) * wheelTick)
	}
	for _, piece := range c.rest {
		v.Held += len(piece)
	}
	return 1 + w.add(&c.session, v)
}

// A session on a pair of goroutines is behind if it has had something to read for so
// long: its socket doesn't say that it is full.
const pairIsSlow = 50 * time.Millisecond

// meetPair looks at a connection of a pair of goroutines.
func (w *slow) meetPair(c *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.session
	if s.state != alive {
		return
	}
	behind := s.cold != nil
	for p := range s.unread() {
		lag := p.reader.Lag()
		behind = behind || lag.Older || lag.Age > pairIsSlow
	}
	if behind {
		v := s.view()
		v.Carrier = "goroutines"
		w.add(s, v)
	}
}

// add takes in a session that is behind, and finds in which room the most, of how many.
func (w *slow) add(s *session, v SessionView) (rooms int) {
	w.count++
	for p := range s.unread() {
		lag := viewLag(p.reader.Lag())
		if rooms++; rooms == 1 || compareLag(&lag, &v.Lag) > 0 {
			v.Room, v.Name, v.Lag = p.room.name, p.member.Name, lag
		}
		if lag.Events > 0 || lag.Bytes > 0 {
			w.inRoom(p.room, 1, &lag)
		}
	}
	w.sessions = append(w.sessions, v)
	if len(w.sessions) >= 2*maxShown {
		w.cut()
	}
	return rooms
}

func (w *slow) inRoom(r *liveRoom, readers int, lag *LagView) {
	b := w.rooms[r]
	if b == nil {
		b = &readersBehind{}
		w.rooms[r] = b
	}
	b.count += readers
	if compareLag(lag, &b.most) > 0 {
		b.most = *lag
	}
}

// merge takes in what another has found.
func (w *slow) merge(other *slow) {
	w.count += other.count
	w.sessions = append(w.sessions, other.sessions...)
	for r, b := range other.rooms {
		w.inRoom(r, b.count, &b.most)
	}
	w.cut()
}

// cut keeps the slowest.
func (w *slow) cut() {
	slices.SortFunc(w.sessions, func(a, b SessionView) int {
		byTime := cmp.Compare(max(b.Blocked, b.Lag.Age), max(a.Blocked, a.Lag.Age))
		return cmp.Or(byTime, compareLag(&b.Lag, &a.Lag), cmp.Compare(a.Addr, b.Addr))
	})
	w.sessions = w.sessions[:min(len(w.sessions), maxShown)]
}

func viewLag(g roomlog.Lag) LagView {
	return LagView{Events: max(g.Events, g.Frames), Bytes: g.Bytes, Age: millis(g.Age), Older: g.Older}
}

func compareLag(a, b *LagView) int {
	return cmp.Or(cmp.Compare(a.Age, b.Age), cmp.Compare(a.Events, b.Events), cmp.Compare(a.Bytes, b.Bytes))
}

// view is what a session's owner can tell of it.
func (s *session) view() SessionView {
	v := SessionView{
		Addr:    s.addr.String(),
		User:    s.identity.User,
		Name:    s.identity.Name,
		Session: s.id(),
		Held:    len(s.warm) + s.answers.bytes + len(s.inbox),
		Store:   s.cold != nil,
	}
	switch d := s.dialect.(type) {
	case *tutorialDialect:
		v.Dialect = "tutorial"
		if d.here != nil {
			v.Room, v.Rooms = d.here.room.name, 1
		}
	case *v1:
		v.Dialect = protocol.Subprotocol
		if v.Rooms = len(d.rooms); v.Rooms > 0 {
			v.Room = d.rooms[0].room.name
		}
	}
	return v
}

// unread are the session's presences in rooms that may have more for it.
func (s *session) unread() iter.Seq[*presence] {
	return func(yield func(*presence) bool) {
		switch d := s.dialect.(type) {
		case *tutorialDialect:
			if d.here != nil {
				yield(d.here)
			}
		case *v1:
			for _, x := range d.rooms {
				if (x.dirty.Load() || x.behind) && !yield(x.presence) {
					return
				}
			}
		}
	}
}
