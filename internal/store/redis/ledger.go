package redis

import (
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// ledger is a room's log as it stands in the middle of a batch: what Redis has of it,
// as far as the batch asks, and what the batch has done so far.
type ledger struct {
	at       store.Standing
	first    protocol.Seq
	messages map[protocol.Seq]store.Message
	keyed    map[sent]first
	reacted  map[reaction]store.Stamp
	emoji    map[protocol.Seq]map[string]int64 // of a message, how many put each on
	marks    map[string]protocol.Seq
}

type (
	sent     struct{ user, key string }
	reaction struct {
		target      protocol.Seq
		user, emoji string
	}
	first struct {
		store.Stamp
		body store.Body
	}
)

func newLedger() *ledger {
	return &ledger{
		messages: map[protocol.Seq]store.Message{}, keyed: map[sent]first{}, reacted: map[reaction]store.Stamp{},
		emoji: map[protocol.Seq]map[string]int64{}, marks: map[string]protocol.Seq{},
	}
}

// Standing implements store.Ledger.
func (l *ledger) Standing() store.Standing { return l.at }

// Message implements store.Ledger.
func (l *ledger) Message(seq protocol.Seq) (store.Message, error) { return l.messages[seq], nil }

// Keyed implements store.Ledger.
func (l *ledger) Keyed(user, key string) (store.Stamp, store.Body, error) {
	f := l.keyed[sent{user, key}]
	return f.Stamp, f.body, nil
}

// Reaction implements store.Ledger.
func (l *ledger) Reaction(target protocol.Seq, user, emoji string) (store.Stamp, error) {
	return l.reacted[reaction{target, user, emoji}], nil
}

// OtherEmoji implements store.Ledger.
func (l *ledger) OtherEmoji(target protocol.Seq, emoji string) (n int, err error) {
	for other, users := range l.emoji[target] {
		if other != emoji && users > 0 {
			n++
		}
	}
	return n, nil
}

// Mark implements store.Ledger.
func (l *ledger) Mark(user string) (protocol.Seq, error) { return l.marks[user], nil }

// done has a new event done.
func (l *ledger) done(e *protocol.Event, body store.Body) {
	stamp := store.Stamp{Seq: e.Seq, TS: e.TS}
	l.at.Head, l.at.Time = e.Seq, e.TS
	switch e.Kind {
	case protocol.KindMessage:
		l.messages[e.Seq] = store.Message{User: e.User.ID, Text: e.Text, Latest: stamp}
		if e.Key != "" {
			l.keyed[sent{e.User.ID, e.Key}] = first{stamp, body}
		}
	case protocol.KindEdit:
		m := l.messages[e.Target]
		m.Text, m.Latest = e.Text, stamp
		l.messages[e.Target] = m
	case protocol.KindDelete:
		m := l.messages[e.Target]
		m.Text, m.Deleted, m.Latest = "", true, stamp
		l.messages[e.Target] = m
		l.takeOff(e.Target)
	case protocol.KindReact:
		l.reacted[reaction{e.Target, e.User.ID, e.Emoji}] = stamp
		if l.emoji[e.Target] == nil {
			l.emoji[e.Target] = map[string]int64{}
		}
		l.emoji[e.Target][e.Emoji]++
	case protocol.KindUnreact:
		delete(l.reacted, reaction{e.Target, e.User.ID, e.Emoji})
		l.emoji[e.Target][e.Emoji]--
	case protocol.KindTopic:
		l.at.Topic, l.at.TopicSet = e.Text, stamp
	}
}

// takeOff takes all emoji off a message.
func (l *ledger) takeOff(target protocol.Seq) {
	delete(l.emoji, target)
	for r := range l.reacted {
		if r.target == target {
			delete(l.reacted, r)
		}
	}
}
