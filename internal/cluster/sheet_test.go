package cluster

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// words is a matter for tests, whose items are short texts by number.
var words = &Form[Stamp, string]{
	Matter: People, AppendKey: AppendStamp, TakeKey: TakeStamp,
	AppendValue: AppendText,
	TakeValue: func(b []byte) (string, bool) {
		text, _, ok := TakeText(b)
		return text, ok
	},
	Same: func(a, b string) bool { return a == b },
}

// author is a node that writes a sheet, and knows what is on it.
type author struct {
	name  string
	clock *Clock
	sheet *Sheet[Stamp, string]
	items map[Stamp]string
	sent  int // messages of changes
	done  int // changes
}

func newAuthor(name string) *author {
	return &author{name: name, clock: NewClock(name), sheet: NewSheet(words, "lobby", 1), items: map[Stamp]string{}}
}

func (a *author) whole(most int) [][]byte {
	return a.sheet.Whole(maps.All(a.items), a.clock.Tick(time.UnixMilli(1)), most)
}

// envelope is a message on its way.
type envelope struct {
	from, to string // to is empty for all
	body     []byte
}

// wire loses, doubles and reorders, until it is mended.
type wire struct {
	t      *rapid.T
	way    []envelope
	mended bool
}

func (w *wire) send(from, to string, bodies ...[]byte) {
	for _, body := range bodies {
		e := envelope{from, to, body}
		if w.mended {
			w.way = append(w.way, e)
			continue
		}
		switch rapid.SampledFrom([]string{"on its way", "on its way", "on its way", "lost", "doubled"}).Draw(w.t, "becomes") {
		case "on its way":
			w.way = append(w.way, e)
		case "doubled":
			w.way = append(w.way, e, e)
		}
	}
}

func (w *wire) take() (e envelope) {
	i := 0
	if !w.mended {
		i = rapid.IntRange(0, len(w.way)-1).Draw(w.t, "next")
	}
	e = w.way[i]
	w.way = append(w.way[:i], w.way[i+1:]...)
	return e
}

// TestWhatIsKnownOfASheetIsWhatWasOnItAndInTheEndIsOnIt has authors change their sheets
// while messages are lost, doubled and swapped, and a reader hear of them, forget them
// and begin anew.
func TestWhatIsKnownOfASheetIsWhatWasOnItAndInTheEndIsOnIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 120 // a few items
		w := &wire{t: t}
		authors := map[string]*author{"a": newAuthor("a"), "b": newAuthor("b")}
		history := map[string]map[Stamp]map[Stamp]string{"a": {}, "b": {}} // by version
		mirror := NewMirror(words)
		shadow := map[string]map[Stamp]string{"a": {}, "b": {}} // what the ops made
		now := time.UnixMilli(1)
		some := func(t *rapid.T) *author { return authors[rapid.SampledFrom([]string{"a", "b"}).Draw(t, "author")] }
		changed := func(a *author) {
			a.done++
			history[a.name][a.sheet.Version()] = maps.Clone(a.items)
		}
		deliver := func() {
			e := w.take()
			s, ok := Read(e.body)
			if !ok {
				t.Fatalf("%x can't be read", e.body)
			}
			if s.Verb == Ask {
				if a := authors[e.to]; s.Version != a.sheet.Version() {
					w.send(a.name, "reader", a.sheet.Tell(most)...)
					w.send(a.name, "reader", a.whole(most)...)
				}
				return
			}
			before := mirror.Version(e.from)
			ops, gap := mirror.Hear(e.from, &s)
			if gap {
				w.send("reader", e.from, Say(People, Ask, "lobby", mirror.Version(e.from)))
			}
			if mirror.Version(e.from) < before {
				t.Fatalf("%s went back", e.from)
			}
			for _, op := range ops {
				old, had := shadow[e.from][op.Key]
				if had != op.Had || had && op.Put && old != op.Old || had && !op.Put && old != op.Value {
					t.Fatalf("%+v, and there was %q, %v", op, old, had)
				}
				if delete(shadow[e.from], op.Key); op.Put {
					shadow[e.from][op.Key] = op.Value
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"one comes": func(t *rapid.T) {
				a := some(t)
				at := a.clock.Tick(now)
				a.items[at] = fmt.Sprint("person ", at)
				a.sheet.Put(at, a.items[at], at)
				changed(a)
			},
			"one changes or goes": func(t *rapid.T) {
				a := some(t)
				for range a.items {
					key := slices.Min(slices.Collect(maps.Keys(a.items)))
					if rapid.Bool().Draw(t, "goes") {
						delete(a.items, key)
						a.sheet.Drop(key, a.clock.Tick(now))
					} else {
						a.items[key] += "'"
						a.sheet.Put(key, a.items[key], a.clock.Tick(now))
					}
					changed(a)
					break
				}
			},
			"they are told": func(t *rapid.T) {
				a := some(t)
				bodies := a.sheet.Tell(most)
				a.sent += len(bodies)
				w.send(a.name, "", bodies...)
			},
			"time goes by": func(t *rapid.T) {
				now = now.Add(rapid.Custom(func(t *rapid.T) time.Duration {
					return time.Duration(rapid.IntRange(-5, 9).Draw(t, "ms")) * time.Millisecond
				}).Draw(t, "by"))
			},
			"a message comes": func(t *rapid.T) {
				if len(w.way) == 0 {
					t.Skip("none is on its way")
				}
				deliver()
			},
			"the reader forgets one": func(t *rapid.T) {
				a := some(t)
				mirror.Lost(a.name)
				shadow[a.name] = map[Stamp]string{}
			},
			"": func(t *rapid.T) {
				for name := range authors {
					if v := mirror.Version(name); v > 0 && !maps.Equal(maps.Collect(mirror.Items(name)), shadow[name]) {
						t.Fatalf("of %s it has %v, and has told %v", name, maps.Collect(mirror.Items(name)), shadow[name])
					}
				}
			},
		})
		w.mended = true
		for range 2 { // a digest may meet an answer of before
			for _, a := range authors {
				bodies := a.sheet.Tell(most)
				a.sent += len(bodies)
				w.send(a.name, "", bodies...)
				w.send(a.name, "", Say(People, Digest, "lobby", a.sheet.Version()))
			}
			for len(w.way) > 0 {
				deliver()
			}
		}
		for name, a := range authors {
			if got := maps.Collect(mirror.Items(name)); !maps.Equal(got, a.items) {
				t.Fatalf("of %s it knows %v, and there is %v", name, got, a.items)
			}
			if a.sent > a.done {
				t.Fatalf("%d messages of %d changes", a.sent, a.done)
			}
		}
	})
}

func TestManyChangesGoInFewMessagesAndAChangeOfMindInNone(t *testing.T) {
	a := newAuthor("a")
	for i := range 10_000 {
		at := a.clock.Tick(time.UnixMilli(1))
		a.sheet.Put(at, "somebody", at)
		if i%2 == 1 {
			a.sheet.Drop(at, a.clock.Tick(time.UnixMilli(1)))
		}
	}
	bodies := a.sheet.Tell(4000)
	size := 0
	for _, body := range bodies {
		if len(body) > 4000 {
			t.Fatalf("one has %d bytes", len(body))
		}
		size += len(body)
	}
	if len(bodies) > 55 || size > 210_000 {
		t.Errorf("%d messages, %d bytes", len(bodies), size)
	}
	if again := a.sheet.Tell(4000); again != nil {
		t.Errorf("told again: %d", len(again))
	}
}

// TestAnItemThatNoMessageCanHoldKeepsNothingElseBack: names of users are others' choice.
func TestAnItemThatNoMessageCanHoldKeepsNothingElseBack(t *testing.T) {
	a, m := newAuthor("a"), NewMirror(words)
	long := string(make([]byte, 5000))
	for i, text := range []string{"ada", long, "grace"} {
		key := Stamp(i + 1)
		a.items[key] = text
		a.sheet.Put(key, text, key)
	}
	for _, bodies := range [][][]byte{a.sheet.Tell(4000), a.whole(4000)} {
		for _, body := range bodies {
			if len(body) > 4000 {
				t.Fatalf("%d bytes", len(body))
			}
			s, _ := Read(body)
			m.Hear("a", &s)
		}
		if got := maps.Collect(m.Items("a")); len(got) != 2 || m.Version("a") != a.sheet.Version() {
			t.Errorf("knows %v", got)
		}
		m.Lost("a")
	}
}

func TestStampsOnlyRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, last := NewClock("a"), Stamp(0)
		for range 100 {
			if heard := Stamp(rapid.Uint64().Draw(t, "heard")); rapid.Bool().Draw(t, "hears") {
				c.Saw(heard)
				if heard <= lastHeard {
					last = max(last, heard)
				}
			}
			now := time.UnixMicro(rapid.Int64Range(-5, 1<<50).Draw(t, "now"))
			next := c.Tick(now)
			if next <= last {
				t.Fatalf("%d after %d", next, last)
			}
			last = next
		}
	})
}

// FuzzHear has a mirror hear anything: it comes from nodes of the same store, but
// perhaps of a newer version.
func FuzzHear(f *testing.F) {
	a := newAuthor("a")
	for range 3 {
		at := a.clock.Tick(time.UnixMilli(1))
		a.items[at] = "somebody"
		a.sheet.Put(at, "somebody", at)
	}
	seeds := append(a.sheet.Tell(60), a.whole(60)...)
	for _, body := range append(seeds, Say(Rooms, Ask, "", 1), Say(Users, Digest, "", 7)) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, ok := Read(body)
		if !ok {
			return
		}
		m, r, u := NewMirror(words), NewMirror(RoomsForm), NewMirror(UsersForm)
		for range 2 {
			ops, _ := m.Hear("a", &s)
			if len(ops) > len(body) {
				t.Fatalf("%d items in %d bytes", len(ops), len(body))
			}
			r.Hear("a", &s)
			u.Hear("a", &s)
		}
	})
}
