package storetest

import (
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var reactions = map[string]func(*subject){
	"a user's emoji is on a message once":        oneReaction,
	"an emoji that was taken off can be put on":  takenOff,
	"a message has at most so many other emoji":  manyEmoji,
	"only messages are reacted to, in one batch": reactionTargets,
}

func oneReaction(s *subject) {
	s.one(message("lobby", ada, "hi"))
	thumb := s.one(react(ada, 1, "👍"))
	s.do(react(grace, 1, "👍"), react(ada, 1, "🎉"))
	s.everyLife(func() {
		s.wantRepeat(react(ada, 1, "👍"), thumb)
		want(s, "read", s.at("lobby", 2), thumb)
	})
	want(s, "the event", thumb, protocol.Event{Room: "lobby", Seq: 2, TS: thumb.TS, Kind: protocol.KindReact, User: ada, Target: 1, Emoji: "👍"})
}

func takenOff(s *subject) {
	s.do(message("lobby", ada, "hi"), react(ada, 1, "👍"))
	s.wantRefusal(unreact(ada, 1, "🎉"), protocol.CodeNotFound)
	s.wantRefusal(unreact(grace, 1, "👍"), protocol.CodeNotFound)
	s.one(unreact(ada, 1, "👍"))
	s.everyLife(func() { s.wantRefusal(unreact(ada, 1, "👍"), protocol.CodeNotFound) })
	again := s.one(react(ada, 1, "👍"))
	s.everyLife(func() { s.wantRepeat(react(ada, 1, "👍"), again) })
}

func manyEmoji(s *subject) {
	s.do(message("lobby", ada, "hi"), message("lobby", ada, "ho"))
	emoji := func(n int) string { return string(rune('😀' + n)) }
	var drafts []store.Draft
	for n := range protocol.MaxEmoji {
		drafts = append(drafts, react(ada, 1, emoji(n)), react(grace, 1, emoji(n)))
	}
	s.do(drafts...)
	s.everyLife(func() { s.wantRefusal(react(ada, 1, emoji(protocol.MaxEmoji)), protocol.CodeTooMany) })
	s.one(react(linus, 1, emoji(0))) // is there
	s.one(react(ada, 2, emoji(protocol.MaxEmoji)))
	s.one(unreact(ada, 1, emoji(7)))
	s.wantRefusal(react(ada, 1, emoji(protocol.MaxEmoji)), protocol.CodeTooMany) // grace's is still there
	s.do(unreact(grace, 1, emoji(7)), react(ada, 1, emoji(protocol.MaxEmoji)))
}

func reactionTargets(s *subject) {
	s.do(message("lobby", ada, "hi"), react(ada, 1, "👍"), unreact(ada, 1, "👍"), react(ada, 1, "👍"))
	for _, none := range []protocol.Seq{2, 5, 99} {
		s.wantRefusal(react(ada, none, "👍"), protocol.CodeNotFound)
		s.wantRefusal(unreact(ada, none, "👍"), protocol.CodeNotFound)
	}
}
