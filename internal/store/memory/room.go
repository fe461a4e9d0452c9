package memory

import (
	"unsafe"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// room is a room's log and what follows from it. The store's lock guards it. It is
// the store.Ledger of its log.
type room struct {
	store.Room
	time     int64 // of the head
	topicSet store.Stamp
	events   deque[event] // from First to Head
	keys     map[sent]first
	reacted  map[protocol.Seq]reactions
	marks    map[string]protocol.Seq

	older, newer *room // in the order of idle
}

// event is an event as it is now. An edit has no text: its message does.
type event struct {
	protocol.Event
	changed protocol.Seq // of a message: the seq of its newest edit or its delete
}

// sent is how a message is known again, and first what it was.
type (
	sent  struct{ user, key string }
	first struct {
		seq  protocol.Seq
		body store.Body
	}
)

// reactions are those on one message: by emoji, who put it there, and when.
type reactions map[string]map[string]store.Stamp

// What things take beside their strings, about: of a map's entry it is twice its
// size.
const (
	roomBytes  = int(unsafe.Sizeof(room{})) + int(unsafe.Sizeof([chunk]event{}))
	eventBytes = int(unsafe.Sizeof(event{}))
	keyBytes   = 2 * int(unsafe.Sizeof(sent{})+unsafe.Sizeof(first{}))
	markBytes  = 2 * int(unsafe.Sizeof("")+unsafe.Sizeof(protocol.Seq(0)))
	placeBytes = int(unsafe.Sizeof(place{}))
	reactBytes = 256 // with maps of its own
)

func (e *event) bytes() int {
	n := eventBytes + len(e.User.ID) + len(e.User.Name) + len(e.Text) + len(e.Key) + len(e.Emoji)
	if e.Key != "" {
		n += keyBytes
	}
	if e.Kind == protocol.KindReact {
		n += reactBytes
	}
	return n
}

// at is a kept event, nil if it is none.
func (r *room) at(seq protocol.Seq) *event {
	if seq < r.First || seq > r.Head {
		return nil
	}
	return r.events.at(int(seq - r.First))
}

// message is a kept message, nil if it is none.
func (r *room) message(seq protocol.Seq) *event {
	if e := r.at(seq); e != nil && e.Kind == protocol.KindMessage {
		return e
	}
	return nil
}

// append puts an event at the end and does what it says. It returns how many more
// bytes the room takes.
func (r *room) append(e *protocol.Event, body store.Body) int {
	r.Head, r.time = e.Seq, e.TS
	r.events.push(event{Event: *e})
	added := r.events.at(r.events.n - 1)
	n := added.bytes()
	switch e.Kind {
	case protocol.KindMessage:
		if e.Key != "" {
			put(&r.keys, sent{e.User.ID, e.Key}, first{e.Seq, body})
		}
	case protocol.KindEdit:
		m := r.message(e.Target)
		n -= len(m.Text)
		m.Text, m.Edited, m.changed = e.Text, e.TS, e.Seq
		added.Text = ""
	case protocol.KindDelete:
		m := r.message(e.Target)
		n -= len(m.Text)
		m.Text, m.Edited, m.Deleted, m.changed = "", 0, true, e.Seq
		delete(r.reacted, e.Target)
	case protocol.KindReact:
		put(&r.reacted, e.Target, r.reacted[e.Target].with(e))
	case protocol.KindUnreact:
		r.reacted[e.Target].without(e)
	case protocol.KindTopic:
		r.Topic, r.topicSet = e.Text, store.Stamp{Seq: e.Seq, TS: e.TS}
	}
	return n
}

// dropFirst forgets the oldest event, and returns how many bytes it took.
func (r *room) dropFirst() int {
	e := r.events.pop()
	r.First++
	if e.Kind == protocol.KindMessage {
		delete(r.reacted, e.Seq)
		// A rewound log has both what was purged and what was sent again since.
		if of := (sent{e.User.ID, e.Key}); e.Key != "" && r.keys[of].seq == e.Seq {
			delete(r.keys, of)
		}
	}
	return e.bytes()
}

// mark moves a read mark, and returns how many more bytes the room takes.
func (r *room) mark(user string, seq protocol.Seq) int {
	before := len(r.marks)
	put(&r.marks, user, seq)
	return (len(r.marks) - before) * (markBytes + len(user))
}

func (rs reactions) with(e *protocol.Event) reactions {
	by := rs[e.Emoji]
	put(&by, e.User.ID, store.Stamp{Seq: e.Seq, TS: e.TS})
	put(&rs, e.Emoji, by)
	return rs
}

func (rs reactions) without(e *protocol.Event) {
	delete(rs[e.Emoji], e.User.ID)
	if len(rs[e.Emoji]) == 0 {
		delete(rs, e.Emoji)
	}
}

// put makes the map, if it is not there yet.
func put[M ~map[K]V, K comparable, V any](m *M, k K, v V) {
	if *m == nil {
		*m = M{}
	}
	(*m)[k] = v
}
