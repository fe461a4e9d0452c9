package storetest

import (
	"github.com/parley-chat/parley/protocol"
)

var changes = map[string]func(*subject){
	"an edit changes its message wherever it is read":    edits,
	"only who sent a message edits it":                   editsOfOthers,
	"an edit that changes nothing is no event":           idleEdits,
	"a delete takes a text out wherever it is read":      deletes,
	"moderators delete what others said":                 deletesOfOthers,
	"a deleted message is neither edited nor reacted to": changesOfDeleted,
	"what has no id is nobody's":                         nobodys,
	"a reply is to a message that is there":              replies,
	"a topic is set, and set again":                      topics,
}

func edits(s *subject) {
	first := s.one(message("lobby", ada, "one"))
	second := s.one(edit(ada, 1, "two"))
	want(s, "result", second.Text, "two")
	third := s.one(edit(ada, 1, "three"))
	s.everyLife(func() {
		for seq, changed := range map[protocol.Seq]protocol.Event{1: first, 2: second, 3: third} {
			changed.Text = "three"
			if seq == 1 {
				changed.Edited = third.TS
			}
			want(s, "read", s.at("lobby", seq), changed)
		}
	})
}

func editsOfOthers(s *subject) {
	s.one(message("lobby", ada, "mine"))
	s.one(topic(ada, "all and sundry"))
	s.everyLife(func() {
		s.wantRefusal(edit(grace, 1, "hers"), protocol.CodeForbidden)
		s.wantRefusal(edit(linus, 1, "moderated"), protocol.CodeForbidden)
		for _, none := range []protocol.Seq{2, 3, 1 << 62} {
			s.wantRefusal(edit(ada, none, "no message"), protocol.CodeNotFound)
		}
	})
	want(s, "text", s.at("lobby", 1).Text, "mine")
}

func idleEdits(s *subject) {
	first := s.one(message("lobby", ada, "one"))
	s.wantRepeat(edit(ada, 1, "one"), first)
	second := s.one(edit(ada, 1, "two"))
	s.everyLife(func() { s.wantRepeat(edit(ada, 1, "two"), second) })
	s.one(edit(ada, 1, "one"))
	want(s, "head", s.room("lobby").Head, 3)
}

func deletes(s *subject) {
	first := s.one(keyed(message("lobby", ada, "one"), "k"))
	second := s.one(edit(ada, 1, "two"))
	third := s.one(remove(ada, 1))
	first.Text, first.Deleted = "", true
	second.Text, second.Deleted = "", true
	s.everyLife(func() {
		want(s, "the log", s.read("lobby", 0, 10), []protocol.Event{first, second, third})
		s.wantRepeat(remove(ada, 1), third)
	})
}

func deletesOfOthers(s *subject) {
	s.do(message("lobby", ada, "mine"), message("lobby", ada, "mine, too"), topic(ada, "all and sundry"))
	s.wantRefusal(remove(grace, 1), protocol.CodeForbidden)
	admin := grace
	admin.Role = "admin"
	s.do(remove(linus, 1), remove(admin, 2))
	s.wantRefusal(remove(grace, 1), protocol.CodeForbidden)
	s.wantRefusal(remove(linus, 3), protocol.CodeNotFound)
	s.wantRefusal(remove(linus, 99), protocol.CodeNotFound)
}

func changesOfDeleted(s *subject) {
	s.do(message("lobby", ada, "mine"), react(ada, 1, "👍"), remove(ada, 1))
	s.everyLife(func() {
		s.wantRefusal(edit(ada, 1, "back again"), protocol.CodeNotFound)
		s.wantRefusal(react(grace, 1, "👍"), protocol.CodeNotFound)
		s.wantRefusal(unreact(ada, 1, "👍"), protocol.CodeNotFound)
	})
	s.one(reply(message("lobby", grace, "why?"), 1)) // who replies must not lose words to a race
}

func nobodys(s *subject) {
	nobody := protocol.User{Name: "Anonymous"}
	s.one(message("lobby", nobody, "hi"))
	s.wantRefusal(edit(nobody, 1, "ho"), protocol.CodeForbidden)
	s.wantRefusal(remove(nobody, 1), protocol.CodeForbidden)
}

func replies(s *subject) {
	s.do(message("lobby", ada, "hi"), topic(ada, "greetings"))
	answer := s.one(reply(message("lobby", grace, "hi"), 1))
	s.everyLife(func() { want(s, "reply", s.at("lobby", 3), answer) })
	want(s, "to", answer.ReplyTo, 1)
	for _, none := range []protocol.Seq{2, 4, 99} {
		s.wantRefusal(reply(message("lobby", grace, "hi?"), none), protocol.CodeNotFound)
	}
	s.do(message("attic", ada, "1"), reply(message("attic", ada, "2"), 1)) // in one batch
}

func topics(s *subject) {
	s.one(message("lobby", ada, "hi"))
	set := s.one(topic(grace, "one"))
	s.everyLife(func() { s.wantRepeat(topic(ada, "one"), set) })
	s.one(topic(ada, "two"))
	want(s, "topic", s.room("lobby").Topic, "two")
	want(s, "the event that set it first", s.at("lobby", 2), set)
	unset := s.one(topic(ada, ""))
	s.everyLife(func() {
		want(s, "topic", s.room("lobby").Topic, "")
		s.wantRepeat(topic(grace, ""), unset)
	})
}
