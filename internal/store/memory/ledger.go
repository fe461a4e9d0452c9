package memory

import (
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Standing implements store.Ledger.
func (r *room) Standing() store.Standing {
	return store.Standing{Head: r.Head, Time: r.time, Topic: r.Topic, TopicSet: r.topicSet}
}

// inLife is a room's ledger in a life of its logs.
type inLife struct {
	*room
	life string
}

// Standing implements store.Ledger.
func (l inLife) Standing() store.Standing {
	s := l.room.Standing()
	s.Life = l.life
	return s
}

// Message implements store.Ledger.
func (r *room) Message(seq protocol.Seq) (store.Message, error) {
	e := r.message(seq)
	if e == nil {
		return store.Message{}, nil
	}
	latest := e
	if e.changed != 0 {
		latest = r.at(e.changed) // it came later, so it goes later
	}
	return store.Message{
		User: e.User.ID, Text: e.Text, Deleted: e.Deleted,
		Latest: store.Stamp{Seq: latest.Seq, TS: latest.TS},
	}, nil
}

// Keyed implements store.Ledger.
func (r *room) Keyed(user, key string) (store.Stamp, store.Body, error) {
	f, ok := r.keys[sent{user, key}]
	if !ok {
		return store.Stamp{}, store.Body{}, nil
	}
	return store.Stamp{Seq: f.seq, TS: r.at(f.seq).TS}, f.body, nil
}

// Reaction implements store.Ledger.
func (r *room) Reaction(target protocol.Seq, user, emoji string) (store.Stamp, error) {
	return r.reacted[target][emoji][user], nil
}

// OtherEmoji implements store.Ledger.
func (r *room) OtherEmoji(target protocol.Seq, emoji string) (int, error) {
	n := len(r.reacted[target])
	if _, there := r.reacted[target][emoji]; there {
		n--
	}
	return n, nil
}

// Mark implements store.Ledger.
func (r *room) Mark(user string) (protocol.Seq, error) { return r.marks[user], nil }
