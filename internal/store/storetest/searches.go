package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

var searches = map[string]func(*subject){
	"a message is found by its words":                   findsWords,
	"newest come first, page after page":                findsPages,
	"a search of rooms finds nothing elsewhere":         findsInRooms,
	"a message is found by what it says now":            findsNow,
	"nothing that was purged is found":                  findsKept,
	"only messages are found":                           findsMessages,
	"a cursor is of its search, or refused":             searchCursors,
	"nothing that a person types is a wrong search":     strangeSearches,
	"a search of thousands of rooms is one like others": manyRooms,
}

// search is a page of what is found once all is indexed that was said before.
func (s *subject) search(q store.Query) []protocol.Event {
	s.Helper()
	return s.page(q).Events
}

func (s *subject) page(q store.Query) store.Found {
	s.Helper()
	rooms, err := s.Rooms(ctx)
	if err != nil {
		s.Fatal(err)
	}
	var newest int64
	for _, r := range rooms {
		if r.Head >= r.First {
			newest = max(newest, s.at(r.Name, r.Head).TS)
		}
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		f, err := s.Search(ctx, q)
		if err != nil {
			s.Fatalf("search %+v: %v", q, err)
		}
		if f.Indexed >= newest {
			return f
		}
		<-look.C
	}
}

// pages is all that is found, page after page.
func (s *subject) pages(q store.Query) (all []protocol.Event) {
	s.Helper()
	for {
		f := s.page(q)
		all = append(all, f.Events...)
		if f.Cursor == "" {
			return all
		}
		if len(f.Events) != q.Limit {
			s.Fatalf("a page of %d has %d messages and a cursor", q.Limit, len(f.Events))
		}
		q.Cursor = f.Cursor
	}
}

func findsWords(s *subject) {
	texts := []string{
		"Hello, World", "a stateful server", "the state of it", "foo-bar", "foo then bar", "I don’t know", "CAFÉ au lait",
		"私は東京に住む", "東の京", "한국어를 배워요", "go 🚀", "https://chat.example/a?b=c", strings.Repeat("long ", 800), "line\nbreak",
	}
	for _, text := range texts {
		s.one(message("lobby", ada, text))
	}
	s.everyLife(func() {
		for _, query := range []string{
			"hello", "WORLD hello", "wor", "stateful", "state", "state ", "foo-bar", "foo bar", "bar foo", `"foo bar"`, "don't", "cafe", "café au",
			"東京", "東", "京都", "한국", "한국어", "🚀", "chat.example", "long", "nothing of it", "e", "a", "break", "*", "",
		} {
			var found []string
			for _, text := range slices.Backward(texts) {
				if words.Parse(query).Match(text) {
					found = append(found, text)
				}
			}
			var got []string
			for _, e := range s.search(store.Query{Text: query, Limit: 100}) {
				got = append(got, e.Text)
			}
			want(s, "found by "+query, got, found)
		}
	})
}

func findsPages(s *subject) {
	var drafts []store.Draft
	for i := range 25 {
		drafts = append(drafts, message([]string{"lobby", "attic"}[i%2], ada, fmt.Sprint("needle ", i)), message("lobby", ada, "hay"))
	}
	said := s.do(drafts...)
	s.everyLife(func() {
		for _, limit := range []int{1, 3, 5, 24, 25, 26, 100} {
			all := s.pages(store.Query{Text: "needle", Limit: limit})
			wantFound(s, all, slices.DeleteFunc(slices.Clone(said), func(e protocol.Event) bool { return e.Text == "hay" }))
		}
	})
	first := s.page(store.Query{Text: "needle", Limit: 10})
	s.one(message("lobby", ada, "a needle that comes between"))
	second := s.page(store.Query{Text: "needle", Limit: 15, Cursor: first.Cursor})
	want(s, "cursor of the last page", second.Cursor, "")
	wantFound(s, append(first.Events, second.Events...), slices.DeleteFunc(said, func(e protocol.Event) bool { return e.Text == "hay" }))
}

// wantFound compares what was found with what was to be found, in whatever order.
// Newest first has to be so by time, and within a room by seq.
func wantFound(s *subject, got, all []protocol.Event) {
	s.Helper()
	last := map[string]protocol.Seq{}
	for i, e := range got {
		if i > 0 && e.TS > got[i-1].TS || last[e.Room] != 0 && e.Seq >= last[e.Room] {
			s.Fatalf("%+v comes after %+v", e, got[i-1])
		}
		last[e.Room] = e.Seq
	}
	byPlace := func(a, b protocol.Event) int {
		return cmp.Or(strings.Compare(a.Room, b.Room), cmp.Compare(a.Seq, b.Seq))
	}
	want(s, "found", slices.SortedFunc(slices.Values(got), byPlace), slices.SortedFunc(slices.Values(all), byPlace))
}

func findsInRooms(s *subject) {
	said := s.do(message("lobby", ada, "needle"), message("attic", ada, "needle"), message("cellar", ada, "needle"), message("attic", ada, "needle"))
	s.everyLife(func() {
		for _, c := range []struct {
			rooms []string
			want  []protocol.Event
		}{
			{nil, said},
			{[]string{}, nil},
			{[]string{"nowhere"}, nil},
			{[]string{"lobby"}, said[:1]},
			{[]string{"attic", "nowhere", "lobby", "lobby"}, []protocol.Event{said[0], said[1], said[3]}},
		} {
			wantFound(s, s.pages(store.Query{Text: "needle", Rooms: c.rooms, Limit: 2}), c.want)
		}
	})
}

func findsNow(s *subject) {
	first := s.one(message("lobby", ada, "before"))
	want(s, "before", s.search(store.Query{Text: "before", Limit: 9}), []protocol.Event{first})
	changed := s.one(edit(ada, 1, "after"))
	first.Text, first.Edited = "after", changed.TS
	s.everyLife(func() {
		want(s, "by the old text", len(s.search(store.Query{Text: "before", Limit: 9})), 0)
		want(s, "by the new text", s.search(store.Query{Text: "after", Limit: 9}), []protocol.Event{first})
	})
	s.do(message("lobby", ada, "after"), remove(ada, 1))
	s.everyLife(func() {
		want(s, "after the delete", s.search(store.Query{Text: "after", Limit: 9}), []protocol.Event{s.at("lobby", 3)})
	})
}

func findsKept(s *subject) {
	old := s.do(message("lobby", ada, "needle"), message("attic", ada, "needle"))
	then := s.later(old[1].TS)
	fresh := s.one(message("lobby", ada, "needle"))
	wantFound(s, s.search(store.Query{Text: "needle", Limit: 9}), append(old, fresh))
	s.purge("lobby", then)
	s.everyLife(func() { wantFound(s, s.search(store.Query{Text: "needle", Limit: 9}), []protocol.Event{old[1], fresh}) })
}

func findsMessages(s *subject) {
	said := s.do(message("lobby", ada, "needle one"), topic(ada, "needle two"), edit(ada, 1, "needle three"), react(ada, 1, "🚀"))
	said[0].Text, said[0].Edited = "needle three", said[2].TS
	s.everyLife(func() {
		wantFound(s, s.search(store.Query{Text: "needle", Limit: 9}), said[:1])
		want(s, "found by an emoji of a reaction", len(s.search(store.Query{Text: "🚀", Limit: 9})), 0)
	})
}

func searchCursors(s *subject) {
	s.do(message("lobby", ada, "needle hay"), message("lobby", ada, "needle hay"))
	cursor := s.page(store.Query{Text: "needle", Limit: 1}).Cursor
	for name, bad := range map[string]store.Query{
		"not its own":     {Text: "hay", Cursor: cursor},
		"a letter more":   {Text: "needle", Cursor: cursor + "A"},
		"a letter less":   {Text: "needle", Cursor: cursor[1:]},
		"another letter":  {Text: "needle", Cursor: "_" + cursor[1:]},
		"no cursor":       {Text: "needle", Cursor: "needle"},
		"an empty search": {Text: "", Cursor: cursor},
	} {
		bad.Limit = 9
		if f, err := s.Search(ctx, bad); !errors.Is(err, store.ErrBadCursor) {
			s.Errorf("%s: %+v, %v; want %v", name, f, err, store.ErrBadCursor)
		}
	}
}

func strangeSearches(s *subject) {
	s.one(message("lobby", ada, "hi"))
	for _, query := range []string{
		`"`, `""`, `'`, `hi"`, `"hi`, `hi*`, `*`, `hi AND`, `AND`, `OR OR`, `NOT hi`, `NEAR(hi)`, `hi:hi`, `room:hi`, `-hi`, `^hi`, `{hi}`, `(hi`, `hi)`,
		`hi + hi`, "hi\x00hi", `\`, `%`, `_`, `;--`, "\u0301", "\u200d", "\U000E0100", "\xff\xfe", strings.Repeat("hi ", 200), strings.Repeat(`"`, 251),
	} {
		if _, err := s.Search(ctx, store.Query{Text: query, Limit: 9}); err != nil {
			s.Errorf("%q: %v", query, err)
		}
	}
}

func manyRooms(s *subject) {
	var drafts []store.Draft
	var names []string
	for i := range 3000 {
		names = append(names, fmt.Sprint("room ", i))
		drafts = append(drafts, message(names[i], ada, "needle"))
	}
	said := s.do(drafts...)
	wantFound(s, s.pages(store.Query{Text: "needle", Rooms: names[500:], Limit: 1000}), said[500:])
}
