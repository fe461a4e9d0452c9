//go:build e2e

package redis

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

func TestWhatIsUnreadIsWhatTheLogSaysHoweverManyAsk(t *testing.T) {
	url := testserver.StartRedis(t).URL() + "?history=300"
	s, other := open(t, url), open(t, url)
	rooms := []string{"lobby", "attic", "cellar"}
	var asking sync.WaitGroup
	for n := range 6 {
		asking.Go(func() {
			for range 60 {
				if _, err := s.Unread(ctx, protocol.User{ID: fmt.Sprint("u", n), Name: fmt.Sprint("name", n)}, rooms); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	by := func(n int) protocol.User { return protocol.User{ID: fmt.Sprint("u", n%5)} }
	for i := range 200 {
		room := rooms[i%3]
		m := message(room, fmt.Sprintf("@name%d look", i%4))
		m.User = by(i)
		seq := do(t, other, m, message(room, "nothing"))[0].Event.Seq
		target := max(1, seq-min(seq, protocol.Seq(i%7)))
		_, err := other.Append(ctx, []store.Draft{
			{Room: room, Kind: protocol.KindDelete, User: protocol.User{ID: "u9", Role: store.RoleAdmin}, Target: target},
			{Room: room, Kind: protocol.KindEdit, User: m.User, Target: seq, Text: fmt.Sprint("@name", i%3)},
			{Room: room, Kind: store.KindRead, User: by(i / 2), Target: protocol.Seq(i / 9)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	asking.Wait()
	fresh := open(t, url)
	for n := range 6 {
		who := protocol.User{ID: fmt.Sprint("u", n), Name: fmt.Sprint("name", n)}
		got, err := s.Unread(ctx, who, rooms)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fresh.Unread(ctx, who, rooms)
		if err != nil {
			t.Fatal(err)
		}
		for i, room := range rooms {
			messages := 0
			for _, e := range readAll(t, s, room) {
				if e.Kind == protocol.KindMessage && !e.Deleted && e.User.ID != who.ID && e.Seq > got[i].Read {
					messages++
				}
			}
			if got[i] != want[i] || got[i].Messages != messages {
				t.Errorf("%s in %s: %+v, told anew %+v, read %d", who.Name, room, got[i], want[i], messages)
			}
		}
	}
}

func TestTalliesTakeNoMorePlaceThanThereIs(t *testing.T) {
	var ts tallies
	for i := range 20 {
		room := fmt.Sprint(i)
		tally, err := ts.lend(ctx, room)
		if err != nil {
			t.Fatal(err)
		}
		tally.said = make([]said, maxTallied/4)
		ts.giveBack(room, tally)
		sum := 0
		for _, other := range ts.of {
			sum += len(other.said)
		}
		if sum != ts.held || sum > maxTallied {
			t.Fatalf("after %d: %d events, %d held", i, sum, ts.held)
		}
	}
}

func TestALogThatSomebodyElseRemovedIsAnError(t *testing.T) {
	server := testserver.StartRedis(t)
	s, c := open(t, server.URL()), client(t, server.URL())
	do(t, s, message("lobby", "1"), message("lobby", "2"))
	c.Del(ctx, "parley:log:{lobby}")
	if events, err := s.Read(ctx, "lobby", 0, 10); !errors.Is(err, errGarbled) {
		t.Errorf("%+v, %v", events, err)
	}
	if all, err := s.Unread(ctx, protocol.User{ID: "u2"}, []string{"lobby"}); !errors.Is(err, errGarbled) {
		t.Errorf("%+v, %v", all, err)
	}
}
