package redis

import (
	"container/heap"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// Bounds of searching, which shares Redis with those who write: how many events are looked
// at for one page, how many searches a node has at a time, how many rooms one of them asks
// of at once, and how many events of a room, at first and then.
const (
	maxLooked     = 200_000
	maxSearches   = 2
	seekersAtOnce = 16
	firstLook     = 32
	nextLook      = 128
)

// Search implements store.Store. There is no index: what is kept is looked through, newest
// first. Where that is very much, a page may end before it is full.
func (s *Store) Search(ctx context.Context, q store.Query) (store.Found, error) {
	place, err := q.Place()
	if err != nil {
		return store.Found{}, err
	}
	found := store.Found{Indexed: time.Now().UnixMilli() - 1}
	wanted := words.Parse(q.Text)
	if len(wanted) == 0 || q.Rooms != nil && len(q.Rooms) == 0 {
		return found, nil
	}
	select {
	case s.searches <- struct{}{}:
		defer func() { <-s.searches }()
	case <-ctx.Done():
		return store.Found{}, ctx.Err()
	}
	m, err := s.merge(ctx, q.Rooms, wanted, place)
	if err != nil {
		return store.Found{}, err
	}
	var last int64
	for looked := 0; ; looked++ {
		e, at, err := m.next(ctx)
		if err != nil || e == nil {
			return found, err
		}
		if e.message != nil {
			if len(found.Events) == q.Limit {
				found.Cursor = q.CursorAt(last)
				return found, nil
			}
			found.Events = append(found.Events, *e.message)
		}
		if last = at; looked == maxLooked {
			found.Cursor = q.CursorAt(last)
			return found, nil
		}
	}
}

// A place in the order of all events, newest first, then by room, then highest seq first,
// is a time, and how many events of that time have come by then.
const placeBits = 21

func placeOf(time int64, passed int) int64 {
	return time<<placeBits | (1<<placeBits - 1 - int64(min(passed, 1<<placeBits-1)))
}

func placeIs(place int64) (time int64, passed int) {
	return place >> placeBits, int(1<<placeBits - 1 - place&(1<<placeBits-1))
}

// looked is an event that was looked at; message is nil unless it is one that is wanted.
type looked struct {
	time    int64
	message *protocol.Event
}

// seeker goes through a room from its newest event to its oldest.
type seeker struct {
	room   string
	from   string // the seq to go on with; empty for the head
	size   int    // of the next look; 0 if there is none
	time   int64  // of the next event, which is not later
	looked []looked
}

// merge goes through rooms, event by event, newest first.
type merge struct {
	store  *Store
	wanted words.Query
	rooms  []*seeker // a heap
	until  int64     // no event is later
	skip   int       // how many events of that time have come already
	time   int64     // of the last event
	passed int       // how many of that time have come
}

func (s *Store) merge(ctx context.Context, names []string, wanted words.Query, place int64) (*merge, error) {
	m := &merge{store: s, wanted: wanted, until: math.MaxInt64, time: -1}
	if place != math.MaxInt64 {
		m.until, m.skip = placeIs(place)
	}
	var err error
	if names == nil {
		names, err = s.names(ctx)
	} else {
		names = slices.Compact(slices.Sorted(slices.Values(names)))
	}
	if err != nil {
		return nil, err
	}
	all, err := s.stand(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, at := range all {
		if at.Head >= at.First {
			m.rooms = append(m.rooms, &seeker{room: at.Name, size: firstLook, time: min(at.time, m.until)})
		}
	}
	heap.Init(m)
	return m, nil
}

// next is the next event, and the place behind it; nil if there is none.
func (m *merge) next(ctx context.Context) (*looked, int64, error) {
	for len(m.rooms) > 0 {
		top := m.rooms[0]
		if len(top.looked) == 0 {
			if err := m.look(ctx); err != nil {
				return nil, 0, err
			}
			continue
		}
		e := &top.looked[0]
		top.looked = top.looked[1:]
		if len(top.looked) > 0 {
			top.time = top.looked[0].time
			heap.Fix(m, 0)
		} else if top.size == 0 {
			heap.Pop(m)
		}
		if e.time != m.time {
			m.time, m.passed = e.time, 0
		}
		m.passed++
		if e.time < m.until || m.passed > m.skip {
			return e, placeOf(e.time, m.passed), nil
		}
	}
	return nil, 0, nil
}

// look goes on in the rooms whose events are wanted next.
func (m *merge) look(ctx context.Context) error {
	var calls []*call
	var of []*seeker
	for len(of) < seekersAtOnce && len(m.rooms) > 0 && len(m.rooms[0].looked) == 0 {
		r := heap.Pop(m).(*seeker)
		c := &call{script: backScript, keys: m.store.ofEvents(r.room), args: []any{r.from, "", r.size}}
		if m.until != math.MaxInt64 && r.from == "" {
			c.args[1] = m.until
		}
		calls, of = append(calls, c), append(of, r)
	}
	if _, err := m.store.ask(ctx, calls...); err != nil {
		return err
	}
	for i, r := range of {
		if err := m.take(r, &calls[i].reply); err != nil {
			return err
		}
		if len(r.looked) > 0 {
			heap.Push(m, r)
		}
	}
	return nil
}

// take has a seeker have what was looked at.
func (m *merge) take(r *seeker, answer *reply) error {
	var last protocol.Seq
	for len(answer.values) > 0 && !answer.garbled {
		e := answer.event(r.room)
		l := looked{time: e.TS}
		if e.Kind == protocol.KindMessage && !e.Deleted && m.wanted.Match(e.Text) {
			l.message = &e
		}
		r.looked = append(r.looked, l)
		last = e.Seq
	}
	if len(r.looked) < r.size || last <= 1 {
		r.size = 0
	} else {
		r.from, r.size = seqText(last-1), nextLook
	}
	if len(r.looked) > 0 {
		r.time = r.looked[0].time
	}
	return answer.err(r.room)
}

// Len, Less, Swap, Push and Pop make it a heap of the rooms by their next event.
func (m *merge) Len() int { return len(m.rooms) }

// Less implements heap.Interface.
func (m *merge) Less(i, j int) bool {
	a, b := m.rooms[i], m.rooms[j]
	return a.time > b.time || a.time == b.time && strings.Compare(a.room, b.room) < 0
}

// Swap implements heap.Interface.
func (m *merge) Swap(i, j int) { m.rooms[i], m.rooms[j] = m.rooms[j], m.rooms[i] }

// Push implements heap.Interface.
func (m *merge) Push(r any) { m.rooms = append(m.rooms, r.(*seeker)) }

// Pop implements heap.Interface.
func (m *merge) Pop() any {
	r := m.rooms[len(m.rooms)-1]
	m.rooms = m.rooms[:len(m.rooms)-1]
	return r
}
