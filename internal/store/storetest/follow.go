package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// followModel does the same to a store and to the model, whatever comes to rapid's
// mind, and compares after each step.
func followModel(t *testing.T, b Backend) {
	rapid.Check(t, func(rt *rapid.T) {
		f := &follower{subject: b.open(t, rt), model: model{rooms: map[string]*modelRoom{}}}
		defer func() {
			if err := f.Close(); err != nil {
				rt.Error(err)
			}
		}()
		secret := string(f.Secret())
		steps := map[string]func(*rapid.T){
			"append": f.appendSome,
			"purge":  f.purgeSome,
			"search": f.searchSome,
			"":       f.compare,
		}
		if f.reopen != nil {
			steps["reopen"] = func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "now") > 0 {
					return // it takes longer than the other steps
				}
				f.reopen()
				want(f.subject, "secret", string(f.Secret()), secret)
			}
		}
		rt.Repeat(steps)
	})
}

type follower struct {
	*subject
	model model
}

// Few of each, so that they meet.
var (
	someRoom = rapid.SampledFrom([]string{"lobby", "attic", "~cellar"})
	someUser = rapid.SampledFrom([]protocol.User{ada, grace, linus})
	someKey  = rapid.SampledFrom([]string{"", "", "k1", "k2", "k3"})
	someSeq  = rapid.Custom(func(t *rapid.T) protocol.Seq { return protocol.Seq(rapid.IntRange(0, 12).Draw(t, "seq")) })
	someWord = rapid.SampledFrom([]string{"state", "stateful", "foo-bar", "@ada", "@grace hopper", "東京", "京", "café", "🚀"})
	someText = rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(someWord, 1, 3).Draw(t, "words"), " ") })
)

var someDraft = rapid.Custom(func(t *rapid.T) store.Draft {
	d := store.Draft{Room: someRoom.Draw(t, "room"), User: someUser.Draw(t, "user")}
	target := someSeq.Draw(t, "target")
	switch kind := rapid.SampledFrom([]protocol.Kind{
		protocol.KindMessage, protocol.KindMessage, protocol.KindMessage, protocol.KindEdit, protocol.KindEdit, protocol.KindDelete,
		protocol.KindReact, protocol.KindUnreact, protocol.KindTopic, store.KindRead,
	}).Draw(t, "kind"); kind {
	case protocol.KindMessage:
		d.Kind, d.Text, d.Key = kind, someText.Draw(t, "text"), someKey.Draw(t, "key")
		if rapid.IntRange(0, 3).Draw(t, "reply") == 0 {
			d.ReplyTo = target
		}
	case protocol.KindEdit:
		d.Kind, d.Target, d.Text = kind, target, someText.Draw(t, "text")
	case protocol.KindTopic:
		d.Kind, d.Text = kind, rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "topic")
	case protocol.KindReact, protocol.KindUnreact:
		d.Kind, d.Target, d.Emoji = kind, target, rapid.SampledFrom([]string{"👍", "🎉"}).Draw(t, "emoji")
	default:
		d.Kind, d.Target = kind, target
	}
	return d
})

func (f *follower) appendSome(t *rapid.T) {
	drafts := rapid.SliceOfN(someDraft, 1, 8).Draw(t, "drafts")
	for i, r := range f.append(drafts...) {
		f.take(drafts[i], r)
	}
}

// take holds a result to what the model says, and has the model follow.
func (f *follower) take(d store.Draft, got store.Result) {
	r := f.model.room(d.Room)
	if d.Kind == store.KindRead {
		now := max(r.marks[d.User.ID], min(d.Target, r.head()))
		r.marks[d.User.ID] = now
		want(f.subject, "mark", got, store.Result{Event: protocol.Event{Room: d.Room, Seq: now}})
		return
	}
	got.Err = code(got.Err)
	before, refused := r.done(d)
	switch {
	case refused != "":
		want(f.subject, "refusal", got, store.Result{Err: &protocol.Error{Code: refused}})
	case before != nil:
		want(f.subject, "repeat", got, store.Result{Event: protocol.Event{Room: d.Room, Seq: before.Seq, TS: before.TS}})
	default:
		e := protocol.Event{
			Room: d.Room, Seq: r.head() + 1, TS: got.Event.TS, Kind: d.Kind, User: protocol.User{ID: d.User.ID, Name: d.User.Name},
			Text: d.Text, Key: d.Key, ReplyTo: d.ReplyTo, Target: d.Target, Emoji: d.Emoji,
		}
		want(f.subject, "event", got, store.Result{Event: e, New: true})
		if n := len(r.events); n > 0 && e.TS < r.events[n-1].TS {
			f.Fatalf("time fell from %d to %d", r.events[n-1].TS, e.TS)
		}
		r.events = append(r.events, e)
	}
}

// purgeSome purges before the time of some event, or after all of them.
func (f *follower) purgeSome(t *rapid.T) {
	name := someRoom.Draw(t, "room")
	r := f.model.room(name)
	before := future
	if seq := someSeq.Draw(t, "before"); seq > 0 && seq <= r.head() {
		before = time.UnixMilli(r.events[seq-1].TS)
	}
	n := 0
	for r.first <= r.head() && r.events[r.first-1].TS < before.UnixMilli() {
		r.first++
		n++
	}
	want(f.subject, "purged", f.purge(name, before), n)
}

func (f *follower) searchSome(t *rapid.T) {
	query := someText.Draw(t, "query")
	if letters := []rune(query); rapid.Bool().Draw(t, "unfinished") {
		query = string(letters[:rapid.IntRange(1, len(letters)).Draw(t, "letters")])
	}
	var rooms []string
	if rapid.Bool().Draw(t, "in rooms") {
		rooms = rapid.SliceOf(someRoom).Draw(t, "rooms")
	}
	got := f.pages(store.Query{Text: query, Rooms: rooms, Limit: rapid.IntRange(1, 5).Draw(t, "limit")})
	wantFound(f.subject, got, f.model.search(query, rooms))
}

// compare asks for everything.
func (f *follower) compare(t *rapid.T) {
	f.TB = t
	var all []store.Room
	for _, name := range []string{"lobby", "attic", "~cellar"} {
		r := f.model.room(name)
		got := f.room(name)
		if r.epoch == "" {
			r.epoch = got.Epoch
		}
		topic, _ := r.topic()
		want(f.subject, "room", got, store.Room{Name: name, Epoch: r.epoch, First: r.first, Head: r.head(), Topic: topic})
		f.compareLog(t, name, r)
		for _, by := range []protocol.User{ada, grace, linus} {
			f.wantUnread(by, name, r.unread(by))
		}
	}
	for _, name := range f.model.withLogs() {
		all = append(all, f.room(name))
	}
	rooms, err := f.Rooms(ctx)
	if err != nil {
		f.Fatal(err)
	}
	want(f.subject, "rooms", rooms, all)
	f.compareUnsettledSearch()
}

// compareLog reads all that is kept, and a page from somewhere.
func (f *follower) compareLog(t *rapid.T, name string, r *modelRoom) {
	cursor, limit := someSeq.Draw(t, "cursor"), rapid.IntRange(0, 5).Draw(t, "limit")
	for _, c := range []struct {
		cursor protocol.Seq
		limit  int
	}{{r.first - 1, 1000}, {cursor, limit}} {
		events, kept := r.read(c.cursor, c.limit)
		if kept {
			want(f.subject, name, f.read(name, c.cursor, c.limit), events)
		} else {
			f.wantNotKept(name, c.cursor)
		}
	}
}

// compareUnsettledSearch searches while there may be something that isn't indexed:
// what is found is right all the same, and complete up to what it says.
func (f *follower) compareUnsettledSearch() {
	for _, text := range []string{"state", "foo-bar", "東"} {
		got, err := f.Search(ctx, store.Query{Text: text, Limit: 1000})
		if err != nil {
			f.Fatal(err)
		}
		right := map[string]protocol.Event{}
		for _, e := range f.model.search(text, nil) {
			right[e.Room+string(rune(e.Seq))] = e
		}
		for _, e := range got.Events {
			want(f.subject, "found", e, right[e.Room+string(rune(e.Seq))])
			delete(right, e.Room+string(rune(e.Seq)))
		}
		for _, e := range right {
			if e.TS <= got.Indexed && e.Edited <= got.Indexed {
				f.Fatalf("indexed up to %d, but not found: %+v", got.Indexed, e)
			}
		}
	}
	if _, err := f.Search(ctx, store.Query{Text: "state", Cursor: "!", Limit: 1}); !errors.Is(err, store.ErrBadCursor) {
		f.Fatalf("%v, want %v", err, store.ErrBadCursor)
	}
}
