package storetest

import (
	"fmt"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var counts = map[string]func(*subject){
	"unread are others' messages after the mark": unreadMessages,
	"mentions have @ and the name, as it is now": unreadMentions,
	"a mark goes forward, at most to the head":   marks,
	"each room is counted for itself":            unreadRooms,
}

func unreadMessages(s *subject) {
	s.do(message("lobby", grace, "1"), message("lobby", ada, "2"), message("lobby", linus, "3"),
		react(grace, 3, "👍"), topic(grace, "t"), edit(grace, 1, "1!"))
	s.everyLife(func() {
		s.wantUnread(ada, "lobby", store.Unread{Messages: 2})
		s.wantUnread(grace, "lobby", store.Unread{Messages: 2})
		s.wantUnread(protocol.User{ID: "u9"}, "lobby", store.Unread{Messages: 3})
	})
	s.append(mark(ada, 1))
	s.everyLife(func() { s.wantUnread(ada, "lobby", store.Unread{Read: 1, Messages: 1}) })
	s.one(remove(linus, 3))
	s.everyLife(func() { s.wantUnread(ada, "lobby", store.Unread{Read: 1}) })
	s.one(message("lobby", grace, "9"))
	s.wantUnread(ada, "lobby", store.Unread{Read: 1, Messages: 1})
}

func unreadMentions(s *subject) {
	s.do(message("lobby", grace, "@ada, look"), message("lobby", grace, "ada@ada.example"), message("lobby", ada, "@ada is me"),
		message("lobby", linus, "hi @ADA and @grace hopper"))
	s.everyLife(func() {
		s.wantUnread(ada, "lobby", store.Unread{Messages: 3, Mentions: 2})
		s.wantUnread(grace, "lobby", store.Unread{Messages: 2, Mentions: 1})
	})
	s.do(edit(grace, 1, "@adam, look"), edit(grace, 2, "@ada"), remove(linus, 4))
	s.everyLife(func() { s.wantUnread(ada, "lobby", store.Unread{Messages: 2, Mentions: 1}) })
}

func marks(s *subject) {
	s.do(message("lobby", grace, "1"), message("lobby", grace, "2"), message("lobby", grace, "3"))
	at := func(seq, now protocol.Seq) {
		s.Helper()
		want(s, "mark", s.append(mark(ada, seq))[0], store.Result{Event: protocol.Event{Room: "lobby", Seq: now}})
	}
	at(0, 0)
	at(2, 2)
	s.everyLife(func() {
		at(1, 2)
		at(0, 2)
	})
	at(1<<62, 3)
	s.everyLife(func() { s.wantUnread(ada, "lobby", store.Unread{Read: 3}) })
	want(s, "head", s.room("lobby").Head, 3) // a mark is no event
	results := s.append(message("lobby", grace, "4"), mark(ada, 4), mark(ada, 1))
	want(s, "in one batch", fmt.Sprint(results[1].Event.Seq, results[2].Event.Seq), "4 4")
}

func unreadRooms(s *subject) {
	s.do(message("lobby", grace, "1"), message("lobby", grace, "2"), message("attic", grace, "@ada"))
	s.append(mark(ada, 1))
	got, err := s.Unread(ctx, ada, []string{"attic", "nowhere", "lobby"})
	if err != nil {
		s.Fatal(err)
	}
	want(s, "unread", got, []store.Unread{{Messages: 1, Mentions: 1}, {}, {Read: 1, Messages: 1}})
}
