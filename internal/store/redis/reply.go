package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var (
	errGone    = errors.New("not kept")
	errGarbled = errors.New("what Redis has of this room is none of ours")
)

// reply is what a script gave, read from the front. What isn't as it should be makes it
// garbled; the values are zero from then on.
type reply struct {
	values  []any
	garbled bool
}

func listOf(value any) []any {
	list, _ := value.([]any)
	return list
}

// next is the next value; nil for none.
func (r *reply) next() any {
	if len(r.values) == 0 {
		r.garbled = true
		return nil
	}
	value := r.values[0]
	r.values = r.values[1:]
	return value
}

// maybe is a text, if there is one.
func (r *reply) maybe() (text string, ok bool) {
	switch value := r.next().(type) {
	case nil:
		return "", false
	case string:
		return value, true
	}
	r.garbled = true
	return "", false
}

func (r *reply) text() string {
	text, ok := r.maybe()
	if !ok {
		r.garbled = true
	}
	return text
}

// number is a number, or nothing for 0.
func (r *reply) number() int64 {
	if n, ok := r.peek().(int64); ok {
		r.values = r.values[1:]
		return n
	}
	text, _ := r.maybe()
	return r.parse(text)
}

func (r *reply) peek() any {
	if len(r.values) == 0 {
		return nil
	}
	return r.values[0]
}

func (r *reply) parse(text string) int64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		r.garbled = true
		return 0
	}
	return n
}

func (r *reply) seq() protocol.Seq { return protocol.Seq(r.number()) }

// stamp is a seq and a time, if there are any.
func (r *reply) stamp() (store.Stamp, bool) {
	text, ok := r.maybe()
	if !ok {
		return store.Stamp{}, false
	}
	stamp, rest := r.parseStamp(text)
	r.garbled = r.garbled || rest != ""
	return stamp, true
}

// parseStamp reads "seq time", and what stands behind them.
func (r *reply) parseStamp(text string) (stamp store.Stamp, rest string) {
	seq, rest, ok := strings.Cut(text, " ")
	time, rest, _ := strings.Cut(rest, " ")
	stamp = store.Stamp{Seq: protocol.Seq(r.parse(seq)), TS: r.parse(time)}
	if !ok || stamp.Seq == 0 {
		r.garbled = true
	}
	return stamp, rest
}

// keyed is a message that was sent with a key, if there is one.
func (r *reply) keyed() (first store.Stamp, body store.Body, ok bool) {
	text, ok := r.maybe()
	if !ok {
		return first, body, false
	}
	first, rest := r.parseStamp(text)
	if copy(body[:], rest) != len(body) || len(rest) != len(body) {
		r.garbled = true
	}
	return first, body, true
}

// event is one of a room's, as rows has it in events.lua.
func (r *reply) event(room string) protocol.Event {
	e := protocol.Event{Room: room, Seq: r.seq()}
	e.Kind, e.TS = protocol.Kind(r.text()), r.number()
	e.User = protocol.User{ID: r.text(), Name: r.text()}
	e.Key = r.text()
	e.ReplyTo, e.Target = r.seq(), r.seq()
	e.Emoji = r.text()
	text, there := r.maybe()
	changed, _ := r.stamp()
	switch e.Kind {
	case protocol.KindMessage:
		e.Text, e.Deleted = text, !there
		if there {
			e.Edited = changed.TS
		}
	case protocol.KindEdit:
		e.Text, e.Deleted = text, !there
	case protocol.KindTopic:
		e.Text = text
	case protocol.KindDelete, protocol.KindReact, protocol.KindUnreact:
	default:
		r.garbled = true
	}
	return e
}

// events are all that are left of the reply. Their seqs go on from cursor by step.
func (r *reply) events(room string, cursor protocol.Seq, step int64) (events []protocol.Event, err error) {
	for len(r.values) > 0 && !r.garbled {
		e := r.event(room)
		cursor += protocol.Seq(step)
		if r.garbled || e.Seq != cursor {
			return nil, fmt.Errorf("%w: at %d of %s", errGarbled, cursor, room)
		}
		events = append(events, e)
	}
	return events, nil
}

// err is what is wrong with a reply that was read to its end.
func (r *reply) err(room string) error {
	if r.garbled {
		return fmt.Errorf("%w: %s", errGarbled, room)
	}
	return nil
}

// message is one as it stands, if it is there.
func (r *reply) message(seq protocol.Seq) (m store.Message, ok bool) {
	if m.User, ok = r.maybe(); !ok {
		return m, false
	}
	m.Latest = store.Stamp{Seq: seq, TS: r.number()}
	text, there := r.maybe()
	m.Text, m.Deleted = text, !there
	if changed, ok := r.stamp(); ok {
		m.Latest = changed
	}
	return m, true
}

// counts are texts, each with its number.
func (r *reply) counts() map[string]int64 {
	list, ok := r.next().([]any)
	pairs := reply{values: list}
	counts := map[string]int64{}
	for len(pairs.values) > 0 {
		text := pairs.text()
		counts[text] = pairs.number()
	}
	r.garbled = r.garbled || pairs.garbled || !ok
	return counts
}
