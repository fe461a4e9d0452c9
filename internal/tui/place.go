package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/protocol"
)

const (
	// maxRecent bounds the messages that commands can speak of without asking.
	maxRecent = 500
	// maxKnown bounds whom we know by name of those who are present.
	maxKnown = 1000
)

// place is a room as a person sees it. The zero value is none.
type place struct {
	name    string
	topic   string
	arrived bool         // what was there has been shown
	oldest  protocol.Seq // the oldest event that was shown; 0 for none
	shown   protocol.Seq // the newest
	sent    protocol.Seq // the newest that we sent and that was stored
	back    bool         // it is being caught up with after a cut
	missed  int          // messages that came since
	recent  []message    // the newest, in order
	users   map[string]protocol.User
	count   int // of users; 0 while unknown
}

// message is one that was shown.
type message struct {
	seq     protocol.Seq
	user    protocol.User
	text    string
	deleted bool
}

// echoed reports whether everything that we sent was shown.
func (p *place) echoed() bool { return p.name == "" || p.shown >= p.sent }

func (p *place) remember(e *protocol.Event) {
	if len(p.recent) == maxRecent {
		p.recent = slices.Delete(p.recent, 0, maxRecent/5)
	}
	p.recent = append(p.recent, message{e.Seq, e.User, e.Text, e.Deleted})
}

// message is a recent one; nil if it is none.
func (p *place) message(seq protocol.Seq) *message {
	i, ok := slices.BinarySearchFunc(p.recent, seq, func(m message, seq protocol.Seq) int { return cmp.Compare(m.seq, seq) })
	if !ok {
		return nil
	}
	return &p.recent[i]
}

// newest is the newest message that somebody may still speak of: of user's own, or
// of anybody else.
func (p *place) newest(user string, own bool) protocol.Seq {
	for _, m := range slices.Backward(p.recent) {
		if !m.deleted && (m.user.ID == user) == own {
			return m.seq
		}
	}
	return 0
}

// number is how a message is named.
func number(seq protocol.Seq) string { return "#" + strconv.FormatUint(uint64(seq), 10) }

// numberAt takes a message's number off the front of a command's words; 0 if there
// is none.
func numberAt(words string) (seq protocol.Seq, rest string) {
	first, rest, _ := strings.Cut(words, " ")
	digits, ok := strings.CutPrefix(first, "#")
	n, err := strconv.ParseUint(digits, 10, 63)
	if !ok || err != nil {
		return 0, words
	}
	return protocol.Seq(n), strings.TrimSpace(rest)
}

// brief is who said what, in a few words.
func (m *message) brief() string {
	text := "(deleted)"
	if !m.deleted {
		text = strings.Join(strings.Fields(visible(m.text)), " ")
		if end := runesEnd(text, 60); end < len(text) {
			text = text[:end] + "…"
		}
	}
	return visibleLine(m.user.Name) + ": " + text
}

// come notes that somebody is present; before is who they were until now.
func (p *place) come(u protocol.User) (before protocol.User, known bool) {
	if p.users == nil {
		p.users = map[string]protocol.User{}
	}
	before, known = p.users[u.ID]
	if known || len(p.users) < maxKnown {
		p.users[u.ID] = u
	}
	return before, known
}

// who says who is here.
func (p *place) who() string {
	names := make([]string, 0, len(p.users))
	for _, u := range p.users {
		names = append(names, visibleLine(u.Name))
	}
	slices.Sort(names)
	names = names[:min(len(names), 100)]
	text := fmt.Sprintf("%d in #%s: %s", max(p.count, len(names)), visibleLine(p.name), strings.Join(names, ", "))
	if more := p.count - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
