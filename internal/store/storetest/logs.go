package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var logs = map[string]func(*subject){
	"seqs run 1, 2, 3 in each room without holes":   denseSeqs,
	"events come back in the order of their drafts": inOrder,
	"times never fall":                       timesNeverFall,
	"what is read is what was appended":      readsBack,
	"any may read while one appends":         readsBeside,
	"no reader sees a text after its delete": deletedIsGone,
	"nothing comes of nothing":               nothing,
	"of a batch that fails nothing is done":  failedBatch,
	"a room is where its log stands":         whereALogStands,
	"an epoch is there before its log":       epochs,
	"the secret is random and stays":         secrets,
}

func denseSeqs(s *subject) {
	next := map[string]protocol.Seq{}
	for batch := range 20 {
		var drafts []store.Draft
		for i := range batch {
			drafts = append(drafts, message([]string{"lobby", "attic"}[(i+batch)%2], ada, "hi"))
		}
		for _, e := range s.do(drafts...) {
			next[e.Room]++
			if e.Seq != next[e.Room] {
				s.Fatalf("%s: seq %d, want %d", e.Room, e.Seq, next[e.Room])
			}
		}
	}
}

func inOrder(s *subject) {
	var drafts []store.Draft
	for i := range 100 {
		drafts = append(drafts, keyed(message("lobby", linus, fmt.Sprint(i)), fmt.Sprint("k", i)))
	}
	for i, e := range s.do(drafts...) {
		want(s, "event", e, protocol.Event{
			Room: "lobby", Seq: protocol.Seq(i + 1), TS: e.TS, Kind: protocol.KindMessage,
			User: protocol.User{ID: linus.ID, Name: linus.Name}, // no role: it is of then, and no part of who it was
			Text: fmt.Sprint(i), Key: fmt.Sprint("k", i),
		})
	}
}

func timesNeverFall(s *subject) {
	var last int64
	s.everyLife(func() {
		for range 50 {
			for _, e := range s.do(message("lobby", ada, "a"), message("lobby", ada, "b")) {
				if e.TS < last {
					s.Fatalf("time fell from %d to %d", last, e.TS)
				}
				last = e.TS
			}
		}
	})
}

func readsBack(s *subject) {
	var lobby []protocol.Event
	for i := range 150 {
		lobby = append(lobby, s.do(
			message("lobby", protocol.User{ID: "u9", Name: "Ada 🚀"}, fmt.Sprint("line\n", i)),
			keyed(message("lobby", grace, strings.Repeat("é", i+1)), fmt.Sprint(i)))...)
		s.one(message("attic", grace, "elsewhere"))
	}
	s.everyLife(func() {
		for cursor := range protocol.Seq(301) {
			limit := int(cursor % 7)
			rest := lobby[cursor:]
			want(s, "lobby", s.read("lobby", cursor, limit), rest[:min(limit, len(rest))])
		}
		want(s, "behind the head", len(s.read("lobby", 301, 10)), 0)
		want(s, "a room that is not there", len(s.read("nowhere", 0, 10)), 0)
	})
}

// readsBeside has readers follow a log that grows: none may see a hole.
func readsBeside(s *subject) {
	const events = 2000
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for cursor := protocol.Seq(0); cursor < events; {
				page, err := s.Read(ctx, "lobby", cursor, 50)
				if err != nil {
					s.Error(err)
					return
				}
				for _, e := range page {
					if e.Seq != cursor+1 {
						s.Errorf("seq %d after %d", e.Seq, cursor)
						return
					}
					cursor = e.Seq
				}
			}
		})
	}
	for range events / 20 {
		s.do(slices.Repeat([]store.Draft{message("lobby", ada, "x")}, 20)...)
	}
	readers.Wait()
}

// deletedIsGone deletes under the eyes of those who read and search.
func deletedIsGone(s *subject) {
	const messages = 200
	var deleted, edited atomic.Uint64 // up to these seqs they are
	var others sync.WaitGroup
	check := func(found func() ([]protocol.Event, error)) {
		for deleted.Load() < messages {
			gone, changed := protocol.Seq(deleted.Load()), protocol.Seq(edited.Load())
			events, err := found()
			if err != nil {
				s.Error(err)
				return
			}
			for _, e := range events {
				of := e.Seq
				if e.Target != 0 {
					of = e.Target
				}
				if of <= gone && e.Text != "" || of <= changed && strings.Contains(e.Text, "first") {
					s.Errorf("%+v after %d were edited and %d deleted", e, changed, gone)
					return
				}
			}
		}
	}
	for i := range messages {
		s.one(message("lobby", ada, fmt.Sprint("first words ", i)))
	}
	others.Go(func() {
		check(func() ([]protocol.Event, error) { return s.Read(ctx, "lobby", 0, 4*messages) })
	})
	others.Go(func() {
		check(func() ([]protocol.Event, error) {
			f, err := s.Search(ctx, store.Query{Text: "words", Limit: messages})
			return f.Events, err
		})
	})
	others.Go(func() {
		check(func() ([]protocol.Event, error) {
			changed := protocol.Seq(edited.Load())
			f, err := s.Search(ctx, store.Query{Text: "first", Limit: messages})
			for _, e := range f.Events { // not by what it said then, either
				if e.Seq <= changed {
					return nil, fmt.Errorf("%+v was found by a text that it no longer has", e)
				}
			}
			return f.Events, err
		})
	})
	for seq := range protocol.Seq(messages) {
		s.one(edit(ada, seq+1, fmt.Sprint("other words ", seq)))
		edited.Add(1)
		if seq%2 == 1 {
			s.do(remove(ada, seq), remove(ada, seq+1))
			deleted.Add(2)
		}
	}
	others.Wait()
}

func nothing(s *subject) {
	want(s, "no drafts", len(s.append()), 0)
	s.wantRefusal(edit(ada, 1, "x"), protocol.CodeNotFound)
	s.wantRefusal(reply(message("lobby", ada, "x"), 1), protocol.CodeNotFound)
	want(s, "a mark in no log", s.append(mark(ada, 7))[0], store.Result{Event: protocol.Event{Room: "lobby"}})
	want(s, "the topic of no log", s.append(topic(ada, ""))[0], store.Result{Event: protocol.Event{Room: "lobby"}})
	rooms, err := s.Rooms(ctx)
	want(s, "rooms", fmt.Sprint(rooms, err), fmt.Sprint([]store.Room{}, nil))
	s.wantUnread(ada, "lobby", store.Unread{})
	want(s, "search", len(s.search(store.Query{Text: "x", Limit: 10})), 0)
	n, err := s.Purge(ctx, "lobby", future)
	want(s, "purge", fmt.Sprint(n, err), "0 <nil>")
}

func failedBatch(s *subject) {
	first := s.one(message("lobby", grace, "@ada"))
	if results, err := s.Append(ctx, []store.Draft{message("lobby", ada, "2"), edit(grace, 1, "1"), mark(ada, 2), {Room: "lobby", Kind: "nonsense"}}); err == nil {
		s.Fatalf("a draft of no kind became %+v", results)
	}
	s.everyLife(func() {
		want(s, "the log", s.read("lobby", 0, 10), []protocol.Event{first})
		s.wantUnread(ada, "lobby", store.Unread{Messages: 1, Mentions: 1})
	})
	want(s, "the next seq", s.one(message("lobby", ada, "2")).Seq, 2)
}

func whereALogStands(s *subject) {
	s.do(message("lobby", ada, "1"), message("attic", ada, "1"), topic(ada, "all and sundry"), message("lobby", ada, "3"))
	s.everyLife(func() {
		lobby, attic := s.room("lobby"), s.room("attic")
		want(s, "lobby", lobby, store.Room{Name: "lobby", Epoch: lobby.Epoch, First: 1, Head: 3, Topic: "all and sundry"})
		want(s, "attic", attic, store.Room{Name: "attic", Epoch: attic.Epoch, First: 1, Head: 1})
		rooms, err := s.Rooms(ctx)
		want(s, "rooms", fmt.Sprint(rooms, err), fmt.Sprint([]store.Room{attic, lobby}, nil))
	})
}

func epochs(s *subject) {
	lobby, attic := s.room("lobby"), s.room("attic")
	want(s, "before it", lobby, store.Room{Name: "lobby", Epoch: lobby.Epoch, First: 1})
	if lobby.Epoch == "" || lobby.Epoch == attic.Epoch {
		s.Fatalf("the epochs %q and %q", lobby.Epoch, attic.Epoch)
	}
	s.everyLife(func() {
		s.one(message("lobby", ada, "hi"))
		want(s, "with it", s.room("lobby").Epoch, lobby.Epoch)
		want(s, "still without it", s.room("attic").Epoch, attic.Epoch)
	})
}

func secrets(s *subject) {
	secret := s.Secret()
	if len(secret) != 32 || slices.Max(secret) == 0 {
		s.Fatalf("the secret is %x", secret)
	}
	secret = slices.Clone(secret)
	s.everyLife(func() { want(s, "secret", s.Secret(), secret) })
}
