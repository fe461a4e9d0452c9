package store

import (
	"fmt"

	"github.com/parley-chat/parley/protocol"
)

// The roles whose users may delete the messages of others.
const (
	RoleModerator = "moderator"
	RoleAdmin     = "admin"
)

// Stamp is an event's place in its room's log and its time. The zero Stamp is no
// event.
type Stamp struct {
	Seq protocol.Seq
	TS  int64
}

// Message is a message as it stands.
type Message struct {
	User    string // the id of who sent it
	Text    string
	Deleted bool
	Latest  Stamp // what made it so: its delete, its newest edit, or itself
}

// Standing is where a log stands, as far as the rules ask. A log that has yet to
// begin has the zero Standing.
type Standing struct {
	Head     protocol.Seq
	Time     int64 // of the head's event, whether it is kept or not
	Topic    string
	TopicSet Stamp  // what set it
	Life     string // that the log is in; empty where there is but one
}

// Ledger is one room's log as it stands. What it doesn't have is a zero Stamp.
type Ledger interface {
	Standing() Standing

	// Message finds a message that is kept; there is none if its Latest is zero.
	Message(seq protocol.Seq) (Message, error)

	// Keyed finds the kept message that was sent with a key, and its body, which
	// later edits and a delete leave as it was.
	Keyed(user, key string) (Stamp, Body, error)

	// Reaction finds the event that put a user's emoji on a message, if it is there
	// now.
	Reaction(target protocol.Seq, user, emoji string) (Stamp, error)

	// OtherEmoji counts the different emoji on a message, but for this one.
	OtherEmoji(target protocol.Seq, emoji string) (int, error)

	// Mark is a user's read mark.
	Mark(user string) (protocol.Seq, error)
}

// Refusals. They are shared: whoever gets one leaves it as it is.
var (
	errKeyReused = &protocol.Error{Code: protocol.CodeKeyReused}
	errNoMessage = &protocol.Error{Code: protocol.CodeNotFound, Text: "No such message"}
	errNotYours  = &protocol.Error{Code: protocol.CodeForbidden, Text: "Not your message"}
	errNoEmoji   = &protocol.Error{Code: protocol.CodeNotFound, Text: "No such reaction"}
	errManyEmoji = &protocol.Error{Code: protocol.CodeTooMany, Text: fmt.Sprintf("At most %d different emoji on a message", protocol.MaxEmoji)}
)

// Decide says what becomes of d in the log of its room. body is d's, if it has a
// key; now is in milliseconds since 1970. It changes nothing: a new event is to be
// appended, and what it says done. An error is the ledger's.
func Decide(d *Draft, body Body, now int64, l Ledger) (Result, error) {
	if d.Target != 0 && d.outlived(l) {
		return Result{Err: errNoMessage}, nil
	}
	switch d.Kind {
	case protocol.KindMessage:
		return decideMessage(d, body, now, l)
	case protocol.KindEdit:
		return decideEdit(d, now, l)
	case protocol.KindDelete:
		return decideDelete(d, now, l)
	case protocol.KindReact:
		return decideReact(d, now, l)
	case protocol.KindUnreact:
		return decideUnreact(d, now, l)
	case protocol.KindTopic:
		return decideTopic(d, now, l)
	case KindRead:
		return decideRead(d, l)
	}
	return Result{}, fmt.Errorf("a draft of kind %q", d.Kind)
}

// decideMessage looks for the key first: what was sent again is answered as it
// was, even if the message that it replies to is gone since.
func decideMessage(d *Draft, body Body, now int64, l Ledger) (Result, error) {
	if d.Key != "" {
		first, was, err := l.Keyed(d.User.ID, d.Key)
		switch {
		case err != nil:
			return Result{}, err
		case first.Seq != 0 && was != body:
			return Result{Err: errKeyReused}, nil
		case first.Seq != 0:
			return before(d, first), nil
		}
	}
	if d.ReplyTo != 0 {
		if d.outlived(l) {
			return Result{Err: errNoMessage}, nil
		}
		// One that was deleted will do: who replies must not lose words to a race.
		if to, err := l.Message(d.ReplyTo); err != nil || to.Latest.Seq == 0 {
			return Result{Err: errNoMessage}, err
		}
	}
	return appended(d, now, l), nil
}

func decideEdit(d *Draft, now int64, l Ledger) (Result, error) {
	m, err := l.Message(d.Target)
	switch {
	case err != nil:
		return Result{}, err
	case m.Latest.Seq == 0, m.Deleted:
		return Result{Err: errNoMessage}, nil
	case !sentBy(m, d.User):
		return Result{Err: errNotYours}, nil
	case m.Text == d.Text:
		return before(d, m.Latest), nil
	}
	return appended(d, now, l), nil
}

func decideDelete(d *Draft, now int64, l Ledger) (Result, error) {
	m, err := l.Message(d.Target)
	switch {
	case err != nil:
		return Result{}, err
	case m.Latest.Seq == 0:
		return Result{Err: errNoMessage}, nil
	case !sentBy(m, d.User) && d.User.Role != RoleModerator && d.User.Role != RoleAdmin:
		return Result{Err: errNotYours}, nil
	case m.Deleted:
		return before(d, m.Latest), nil
	}
	return appended(d, now, l), nil
}

// sentBy reports whether a message is u's. One without an id is nobody's.
func sentBy(m Message, u protocol.User) bool { return m.User == u.ID && u.ID != "" }

func decideReact(d *Draft, now int64, l Ledger) (Result, error) {
	m, err := l.Message(d.Target)
	if err != nil {
		return Result{}, err
	}
	if m.Latest.Seq == 0 || m.Deleted {
		return Result{Err: errNoMessage}, nil
	}
	there, err := l.Reaction(d.Target, d.User.ID, d.Emoji)
	if err != nil {
		return Result{}, err
	}
	if there.Seq != 0 {
		return before(d, there), nil
	}
	others, err := l.OtherEmoji(d.Target, d.Emoji)
	if err != nil {
		return Result{}, err
	}
	if others >= protocol.MaxEmoji {
		return Result{Err: errManyEmoji}, nil
	}
	return appended(d, now, l), nil
}

// decideUnreact needn't look at the message: a deleted one has no reactions.
func decideUnreact(d *Draft, now int64, l Ledger) (Result, error) {
	there, err := l.Reaction(d.Target, d.User.ID, d.Emoji)
	if err != nil {
		return Result{}, err
	}
	if there.Seq == 0 {
		return Result{Err: errNoEmoji}, nil
	}
	return appended(d, now, l), nil
}

func decideTopic(d *Draft, now int64, l Ledger) (Result, error) {
	if s := l.Standing(); s.Topic == d.Text {
		return before(d, s.TopicSet), nil
	}
	return appended(d, now, l), nil
}

func decideRead(d *Draft, l Ledger) (Result, error) {
	old, err := l.Mark(d.User.ID)
	if err != nil {
		return Result{}, err
	}
	mark := max(old, min(d.Target, l.Standing().Head))
	return before(d, Stamp{Seq: mark}), nil
}

// outlived reports whether the log has begun another life since: what the draft names may
// be somebody else's there.
func (d *Draft) outlived(l Ledger) bool { return d.Life != "" && d.Life != l.Standing().Life }

// before is the result of a draft that had been done by an event.
func before(d *Draft, by Stamp) Result {
	return Result{Event: protocol.Event{Room: d.Room, Seq: by.Seq, TS: by.TS}}
}

// appended is the result of a draft that becomes the log's next event.
func appended(d *Draft, now int64, l Ledger) Result {
	s := l.Standing()
	return Result{New: true, Event: protocol.Event{
		Room: d.Room, Seq: s.Head + 1, Kind: d.Kind,
		TS:   max(s.Time, now), // a clock that is set back does not turn a log around
		User: protocol.User{ID: d.User.ID, Name: d.User.Name},
		Text: d.Text, Key: d.Key, ReplyTo: d.ReplyTo, Target: d.Target, Emoji: d.Emoji,
	}}
}
