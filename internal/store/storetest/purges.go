package storetest

import (
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var purges = map[string]func(*subject){
	"a purge forgets what is older, and seqs stay":          purgesOlder,
	"a purge leaves room, topic, marks and epoch":           purgeLeaves,
	"what changed a purged message says nothing of it":      purgedTarget,
	"a log that was purged whole goes on where it was":      purgedWhole,
	"a long log is purged, and others' logs are left alone": purgesMuch,
}

var future = time.UnixMilli(1 << 45)

func (s *subject) purge(room string, before time.Time) int {
	s.Helper()
	n, err := s.Purge(ctx, room, before)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// later appends a draft to another room until its time is a later one than that of
// the last.
func (s *subject) later(than int64) time.Time {
	s.Helper()
	for {
		if e := s.one(message("clock", linus, "tick")); e.TS > than {
			return time.UnixMilli(e.TS)
		}
	}
}

func purgesOlder(s *subject) {
	old := s.do(message("lobby", ada, "1"), message("lobby", ada, "2"), message("lobby", ada, "3"))
	then := s.later(old[2].TS)
	fresh := s.do(message("lobby", ada, "4"), message("lobby", ada, "5"))
	want(s, "purged", s.purge("lobby", time.UnixMilli(old[0].TS)), 0)
	want(s, "purged", s.purge("lobby", then), 3)
	want(s, "purged", s.purge("lobby", then), 0)
	s.everyLife(func() {
		r := s.room("lobby")
		want(s, "room", r, store.Room{Name: "lobby", Epoch: r.Epoch, First: 4, Head: 5})
		for cursor := range protocol.Seq(3) {
			s.wantNotKept("lobby", cursor)
		}
		want(s, "the rest", s.read("lobby", 3, 10), fresh)
		s.wantUnread(grace, "lobby", store.Unread{Messages: 2})
		for _, d := range []store.Draft{
			edit(ada, 3, "x"), remove(ada, 3), react(ada, 3, "👍"), reply(message("lobby", ada, "x"), 3),
		} {
			s.wantRefusal(d, protocol.CodeNotFound)
		}
	})
}

func purgeLeaves(s *subject) {
	s.do(message("lobby", ada, "1"), topic(ada, "all and sundry"))
	set := s.at("lobby", 2)
	s.append(mark(grace, 2))
	before := s.room("lobby")
	s.later(set.TS)
	s.purge("lobby", future)
	s.everyLife(func() {
		before.First = 3
		want(s, "room", s.room("lobby"), before)
		s.wantUnread(grace, "lobby", store.Unread{Read: 2})
		s.wantRepeat(topic(grace, "all and sundry"), set)
	})
}

func purgedTarget(s *subject) {
	s.do(message("lobby", ada, "one"), react(grace, 1, "👍"))
	then := s.later(s.at("lobby", 2).TS)
	changed := s.do(edit(ada, 1, "two"), react(ada, 1, "🎉"), edit(ada, 1, "three"))
	s.purge("lobby", then)
	for _, i := range []int{0, 2} {
		changed[i].Text, changed[i].Deleted = "", true
	}
	s.everyLife(func() {
		want(s, "the rest", s.read("lobby", 2, 10), changed)
		want(s, "found", len(s.search(store.Query{Text: "three", Limit: 10})), 0)
		s.wantRefusal(unreact(ada, 1, "🎉"), protocol.CodeNotFound)
	})
}

func purgedWhole(s *subject) {
	s.do(message("lobby", ada, "1"), message("lobby", ada, "2"))
	want(s, "purged", s.purge("lobby", future), 2)
	s.everyLife(func() {
		want(s, "the log", len(s.read("lobby", 2, 10)), 0)
		s.wantNotKept("lobby", 1)
		rooms, err := s.Rooms(ctx)
		if err != nil || len(rooms) != 1 || rooms[0].First != 3 || rooms[0].Head != 2 {
			s.Fatalf("rooms: %+v, %v", rooms, err)
		}
	})
	next := s.one(message("lobby", ada, "3"))
	want(s, "seq", next.Seq, 3)
	s.everyLife(func() { want(s, "the log", s.read("lobby", 2, 10), []protocol.Event{next}) })
}

func purgesMuch(s *subject) {
	const n = 2500
	var drafts []store.Draft
	for range n {
		drafts = append(drafts, message("lobby", ada, "old"), message("attic", ada, "old"))
	}
	s.do(drafts...)
	want(s, "purged", s.purge("lobby", future), n)
	want(s, "first", s.room("lobby").First, n+1)
	want(s, "first of another", s.room("attic").First, 1)
	want(s, "another log", len(s.read("attic", 0, n+1)), n)
}
