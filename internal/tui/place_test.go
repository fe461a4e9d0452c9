package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

func TestAMessageIsNamedByItsNumber(t *testing.T) {
	for words, want := range map[string]struct {
		seq  protocol.Seq
		rest string
	}{
		"#42 it is fixed":  {42, "it is fixed"},
		"#42":              {42, ""},
		"42 is the answer": {0, "42 is the answer"},
		"#general is it":   {0, "#general is it"},
		"#-1 x":            {0, "#-1 x"},
		"":                 {0, ""},
	} {
		if seq, rest := numberAt(words); seq != want.seq || rest != want.rest {
			t.Errorf("%q is %d and %q", words, seq, rest)
		}
	}
}

// seen is what a plain view shows of items, without times.
func seen(t *testing.T, items ...client.Item) string {
	t.Helper()
	var out, err strings.Builder
	c := &chat{view: plain{&out, &err}, here: place{name: "lobby"}, me: protocol.User{ID: "1", Name: "ada"}}
	for _, item := range items {
		if err := c.item(item); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(out.String()+err.String(), stamp(time.UnixMilli(0))+" ", "")
}

func TestWhatBecameOfAMessageIsShownOnce(t *testing.T) {
	grace := protocol.User{ID: "2", Name: "grace\x1b[2J"}
	event := func(e protocol.Event) client.Event {
		e.Room, e.User = "lobby", grace
		return client.Event{Event: e}
	}
	for _, tt := range []struct {
		name  string
		items []client.Item
		want  string
	}{
		{
			"an edit that comes later",
			[]client.Item{
				event(protocol.Event{Seq: 1, Kind: protocol.KindMessage, Text: "helo"}),
				event(protocol.Event{Seq: 2, Kind: protocol.KindEdit, Target: 1, Text: "hello"}),
			},
			"grace\uFFFD[2J: helo\n* grace\uFFFD[2J changed #1: hello\n",
		},
		{
			"one that was there already",
			[]client.Item{
				event(protocol.Event{Seq: 1, Kind: protocol.KindMessage, Text: "hello", Edited: 5}),
				event(protocol.Event{Seq: 2, Kind: protocol.KindEdit, Target: 1, Text: "hello"}),
			},
			"grace\uFFFD[2J: hello (edited)\n",
		},
		{
			"a message that is gone, and was edited before",
			[]client.Item{
				event(protocol.Event{Seq: 1, Kind: protocol.KindMessage, Deleted: true}),
				event(protocol.Event{Seq: 2, Kind: protocol.KindEdit, Target: 1, Deleted: true}),
				event(protocol.Event{Seq: 3, Kind: protocol.KindDelete, Target: 1}),
			},
			"grace\uFFFD[2J: (deleted)\n",
		},
		{
			"one that went before anything was shown",
			[]client.Item{event(protocol.Event{Seq: 9, Kind: protocol.KindDelete, Target: 1})},
			"* grace\uFFFD[2J deleted #1\n",
		},
		{
			"a kind of a newer server",
			[]client.Item{event(protocol.Event{Seq: 1, Kind: "poll", Text: "?"})},
			"",
		},
		{
			"a room that we are not in",
			[]client.Item{client.Event{Event: protocol.Event{Room: "attic", Seq: 1, Kind: protocol.KindMessage, Text: "hello"}}},
			"",
		},
	} {
		if got := seen(t, tt.items...); got != tt.want {
			t.Errorf("%s shows %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWhoCameAndWhoWentIsTold(t *testing.T) {
	user := func(name string) protocol.User { return protocol.User{ID: "id of " + name, Name: name} }
	signal := func(p protocol.Presence) client.Presence {
		p.Room = "lobby"
		return client.Presence{Presence: p}
	}
	got := seen(t,
		signal(protocol.Presence{All: true, Joined: []protocol.User{{ID: "1", Name: "ada"}, user("bob")}, Count: 2}), // no news
		signal(protocol.Presence{Joined: []protocol.User{user("grace"), user("bob")}, Count: 3}),
		signal(protocol.Presence{Joined: []protocol.User{user("x"), user("y"), user("z")}, Count: 6}),
		signal(protocol.Presence{Joined: []protocol.User{{ID: "id of bob", Name: "Bob"}}, Left: []protocol.User{user("x"), user("y")}, Count: 4}),
	)
	now := stamp(time.Now())[:len("2006-01-02")]
	var lines []string
	for line := range strings.Lines(got) {
		if !strings.HasPrefix(line, now) {
			t.Fatalf("%q has no date", line)
		}
		_, rest, _ := strings.Cut(line, " * ")
		lines = append(lines, rest)
	}
	if text := strings.Join(lines, ""); text != "grace joined #lobby\nx, y and 1 other joined #lobby\nbob is Bob now\nx and y left #lobby\n" {
		t.Errorf("told is %q", text)
	}
}

// What others are told of a new name comes before or after the answer to it.
func TestOnesOwnNewNameIsKnownAtOnce(t *testing.T) {
	ada, renamed := protocol.User{ID: "1", Name: "ada"}, protocol.User{ID: "1", Name: "Ada"}
	news := func(all bool, u protocol.User) client.Presence {
		return client.Presence{Presence: protocol.Presence{Room: "lobby", All: all, Joined: []protocol.User{u}, Count: 1}}
	}
	for _, newsFirst := range []bool{true, false} {
		var out, told strings.Builder
		c := &chat{view: plain{&out, &told}, here: place{name: "lobby"}, me: ada}
		who := func(when, want string) {
			t.Helper()
			if got := c.here.who(); got != want {
				t.Errorf("%s, news first %v: who says %q, want %q", when, newsFirst, got, want)
			}
		}
		does := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		does(c.item(news(true, ada)))
		who("before", "1 in #lobby: ada")
		if newsFirst {
			does(c.item(news(false, renamed)))
		}
		does(c.renamed(renamed))
		who("answered", "1 in #lobby: Ada")
		if !newsFirst {
			does(c.item(news(false, renamed)))
		}
		who("at the end", "1 in #lobby: Ada")
		if got := out.String() + told.String(); got != "parley: you are Ada now\n" {
			t.Errorf("news first %v: told is %q", newsFirst, got)
		}
	}
}

func TestANewNameOutsideARoomBringsNobodyIn(t *testing.T) {
	var out, told strings.Builder
	c := &chat{view: plain{&out, &told}, me: protocol.User{ID: "1", Name: "ada"}}
	if err := c.renamed(protocol.User{ID: "1", Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if len(c.here.users) != 0 || c.me.Name != "Ada" {
		t.Errorf("%d are here, and I am %s", len(c.here.users), c.me.Name)
	}
}
