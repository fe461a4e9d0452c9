package storetest

import (
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// model is what a store must answer: everything that was ever appended, as it was
// said. Whatever is asked is worked out from that, from the beginning.
type model struct {
	rooms map[string]*modelRoom
}

type modelRoom struct {
	events []protocol.Event // from 1 on, those that are purged as well
	first  protocol.Seq
	marks  map[string]protocol.Seq
	epoch  string // as it was first said; empty before
}

func (m *model) room(name string) *modelRoom {
	r := m.rooms[name]
	if r == nil {
		r = &modelRoom{first: 1, marks: map[string]protocol.Seq{}}
		m.rooms[name] = r
	}
	return r
}

func (r *modelRoom) head() protocol.Seq { return protocol.Seq(len(r.events)) }

// message is a kept message as it is now, and the event that made it so.
func (r *modelRoom) message(seq protocol.Seq) (m protocol.Event, by protocol.Event, ok bool) {
	if seq < r.first || seq > r.head() || r.events[seq-1].Kind != protocol.KindMessage {
		return m, by, false
	}
	m = r.events[seq-1]
	by = m
	for _, e := range r.events[seq:] {
		switch {
		case e.Target != seq:
		case e.Kind == protocol.KindEdit:
			m.Text, m.Edited, by = e.Text, e.TS, e
		case e.Kind == protocol.KindDelete:
			m.Text, m.Edited, m.Deleted, by = "", 0, true, e
		}
	}
	return m, by, true
}

// reaction is the event that put an emoji on a message, if it is there.
func (r *modelRoom) reaction(d store.Draft) (by protocol.Event, there bool) {
	m, _, ok := r.message(d.Target)
	if !ok || m.Deleted {
		return by, false
	}
	for _, e := range r.events {
		if e.Target == d.Target && e.User.ID == d.User.ID && e.Emoji == d.Emoji {
			by, there = e, e.Kind == protocol.KindReact
		}
	}
	return by, there
}

// topic is the topic, and the event that set it.
func (r *modelRoom) topic() (text string, by protocol.Event) {
	for _, e := range r.events {
		if e.Kind == protocol.KindTopic {
			text, by = e.Text, e
		}
	}
	return text, by
}

// done is what a draft must become: a repeat of an event, a refusal, or, with
// neither, a new event.
func (r *modelRoom) done(d store.Draft) (before *protocol.Event, refused protocol.Code) {
	m, by, ok := r.message(d.Target)
	switch d.Kind {
	case protocol.KindMessage:
		for _, e := range r.events[r.first-1:] {
			if d.Key != "" && e.Key == d.Key && e.User.ID == d.User.ID {
				if e.Text != d.Text || e.ReplyTo != d.ReplyTo {
					return nil, protocol.CodeKeyReused
				}
				return &e, ""
			}
		}
		if _, _, ok := r.message(d.ReplyTo); d.ReplyTo != 0 && !ok {
			return nil, protocol.CodeNotFound
		}
	case protocol.KindEdit:
		switch {
		case !ok || m.Deleted:
			return nil, protocol.CodeNotFound
		case m.User.ID != d.User.ID:
			return nil, protocol.CodeForbidden
		case m.Text == d.Text:
			return &by, ""
		}
	case protocol.KindDelete:
		switch {
		case !ok:
			return nil, protocol.CodeNotFound
		case m.User.ID != d.User.ID && d.User.Role == "":
			return nil, protocol.CodeForbidden
		case m.Deleted:
			return &by, ""
		}
	case protocol.KindReact:
		if !ok || m.Deleted {
			return nil, protocol.CodeNotFound
		}
		if by, there := r.reaction(d); there {
			return &by, ""
		}
	case protocol.KindUnreact:
		if _, there := r.reaction(d); !there {
			return nil, protocol.CodeNotFound
		}
	case protocol.KindTopic:
		if text, by := r.topic(); text == d.Text {
			return &by, ""
		}
	}
	return nil, ""
}

// read is what a log has after a cursor; not ok: it isn't kept.
func (r *modelRoom) read(cursor protocol.Seq, limit int) (events []protocol.Event, ok bool) {
	for seq := cursor + 1; seq <= r.head() && len(events) < limit; seq++ {
		if seq < r.first {
			return nil, false
		}
		e := r.events[seq-1]
		switch e.Kind {
		case protocol.KindMessage:
			e, _, _ = r.message(seq)
		case protocol.KindEdit:
			m, _, kept := r.message(e.Target)
			e.Text, e.Deleted = m.Text, !kept || m.Deleted
		}
		events = append(events, e)
	}
	return events, true
}

// messages are those that are there.
func (r *modelRoom) messages() (all []protocol.Event) {
	for seq := r.first; seq <= r.head(); seq++ {
		if m, _, ok := r.message(seq); ok && !m.Deleted {
			all = append(all, m)
		}
	}
	return all
}

func (r *modelRoom) unread(by protocol.User) store.Unread {
	u := store.Unread{Read: r.marks[by.ID]}
	for _, m := range r.messages() {
		if m.Seq > u.Read && m.User.ID != by.ID {
			u.Messages++
			if words.Mentions(m.Text, by.Name) {
				u.Mentions++
			}
		}
	}
	return u
}

// search is all that is to be found, in no order.
func (m *model) search(text string, rooms []string) (found []protocol.Event) {
	for name, r := range m.rooms {
		if rooms != nil && !slices.Contains(rooms, name) {
			continue
		}
		for _, e := range r.messages() {
			if words.Parse(text).Match(e.Text) {
				found = append(found, e)
			}
		}
	}
	return found
}

// withLogs are the names of the rooms that have a log.
func (m *model) withLogs() (names []string) {
	for name, r := range m.rooms {
		if r.head() > 0 {
			names = append(names, name)
		}
	}
	return slices.SortedFunc(slices.Values(names), strings.Compare)
}
