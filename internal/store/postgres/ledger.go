package postgres

import (
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// room is a log as it stands in the middle of a batch: as the database has it, with what
// the batch has done on top. Of the log it holds what the batch's drafts are about.
type room struct {
	store.Standing
	name string
	id   int64 // 0 if there is no log

	messages  map[protocol.Seq]*message
	keys      map[sent]first
	reactions map[reaction]*reacted
	emoji     map[protocol.Seq]map[string]int // how many users put it there; not more than the batch can take away
	marks     map[string]*mark

	rows    []*message // events to be inserted
	deleted []protocol.Seq
}

// message is a message or, of those to be inserted, any event, as its row will be.
type message struct {
	protocol.Event
	body    store.Body
	changed protocol.Seq
	latest  store.Stamp
	fresh   bool // to be inserted
	dirty   bool // to be updated
}

type (
	sent  struct{ user, key string }
	first struct {
		store.Stamp
		body store.Body
	}
	reaction struct {
		target      protocol.Seq
		user, emoji string
	}
	reacted struct{ was, now store.Stamp }
	mark    struct{ was, now protocol.Seq }
)

// ledger implements store.Ledger.
type ledger struct {
	*room
	life string
}

func (l ledger) Standing() store.Standing {
	s := l.room.Standing
	s.Life = l.life
	return s
}

func (l ledger) Message(seq protocol.Seq) (store.Message, error) {
	m := l.messages[seq]
	if m == nil {
		return store.Message{}, nil
	}
	return store.Message{User: m.User.ID, Text: m.Text, Deleted: m.Deleted, Latest: m.latest}, nil
}

func (l ledger) Keyed(user, key string) (store.Stamp, store.Body, error) {
	f := l.keys[sent{user, key}]
	return f.Stamp, f.body, nil
}

func (l ledger) Reaction(target protocol.Seq, user, emoji string) (store.Stamp, error) {
	if r := l.reactions[reaction{target, user, emoji}]; r != nil {
		return r.now, nil
	}
	return store.Stamp{}, nil
}

func (l ledger) OtherEmoji(target protocol.Seq, emoji string) (n int, err error) {
	for other, users := range l.emoji[target] {
		if other != emoji && users > 0 {
			n++
		}
	}
	return n, nil
}

func (l ledger) Mark(user string) (protocol.Seq, error) {
	if m := l.marks[user]; m != nil {
		return m.now, nil
	}
	return 0, nil
}

// append does what a new event says.
func (r *room) append(e *protocol.Event, body store.Body) {
	r.Head, r.Time = e.Seq, e.TS
	row := &message{Event: *e, body: body, latest: store.Stamp{Seq: e.Seq, TS: e.TS}, fresh: true}
	r.rows = append(r.rows, row)
	switch e.Kind {
	case protocol.KindMessage:
		put(&r.messages, e.Seq, row)
		if e.Key != "" {
			put(&r.keys, sent{e.User.ID, e.Key}, first{row.latest, body})
		}
	case protocol.KindEdit:
		row.Text = "" // it stands with the message
		r.messages[e.Target].change(e)
	case protocol.KindDelete:
		r.messages[e.Target].change(e)
		r.clearReactions(e.Target)
	case protocol.KindReact, protocol.KindUnreact:
		r.react(e)
	case protocol.KindTopic:
		r.Topic, r.TopicSet = e.Text, row.latest
	}
}

// change has a message be edited or deleted by e.
func (m *message) change(e *protocol.Event) {
	m.Text, m.Edited = e.Text, e.TS
	if e.Kind == protocol.KindDelete {
		m.Text, m.Edited, m.Deleted = "", 0, true
	}
	m.changed, m.latest = e.Seq, store.Stamp{Seq: e.Seq, TS: e.TS}
	m.dirty = !m.fresh
}

func (r *room) clearReactions(target protocol.Seq) {
	for of, is := range r.reactions {
		if of.target == target {
			is.now = store.Stamp{}
		}
	}
	delete(r.emoji, target)
	r.deleted = append(r.deleted, target)
}

func (r *room) react(e *protocol.Event) {
	of := reaction{e.Target, e.User.ID, e.Emoji}
	is := r.reactions[of]
	if is == nil {
		is = &reacted{}
		put(&r.reactions, of, is)
	}
	users := r.emoji[e.Target]
	if e.Kind == protocol.KindReact {
		is.now = store.Stamp{Seq: e.Seq, TS: e.TS}
		put(&users, e.Emoji, users[e.Emoji]+1)
	} else {
		is.now = store.Stamp{}
		put(&users, e.Emoji, users[e.Emoji]-1)
	}
	put(&r.emoji, e.Target, users)
}

func (r *room) mark(user string, seq protocol.Seq) {
	m := r.marks[user]
	if m == nil {
		m = &mark{}
		put(&r.marks, user, m)
	}
	m.now = seq
}

// put makes the map, if it is not there yet.
func put[M ~map[K]V, K comparable, V any](m *M, k K, v V) {
	if *m == nil {
		*m = M{}
	}
	(*m)[k] = v
}
