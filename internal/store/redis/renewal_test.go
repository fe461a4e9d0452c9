//go:build e2e

package redis

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

func TestAMessageIsThereOnceThoughRedisRestartsBeforeItAnswers(t *testing.T) {
	appendOnly := []string{"--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes"}
	restart := func(_ *testing.T, server *testserver.Redis) { server.Kill(); server.Start() }
	for name, c := range map[string]struct {
		settings []string
		parts    int // that Append writes one after the other; the answer of the last is lost
		restart  func(*testing.T, *testserver.Redis)
	}{
		"all is kept":                          {appendOnly, 1, restart},
		"all is kept, and part was answered":   {appendOnly, 2, restart},
		"all is lost":                          {nil, 1, restart},
		"all is lost, and part was answered":   {nil, 2, restart},
		"the newest are lost":                  {appendOnly, 1, loseNewest},
		"some are lost, and part was answered": {appendOnly, 2, loseNewest},
	} {
		t.Run(name, func(t *testing.T) {
			server := testserver.StartRedis(t, c.settings...)
			line := newBreaker(t, server.Addr)
			s, direct := follow(t, "redis://"+line.addr), client(t, server.URL())
			var drafts []store.Draft
			for i := range draftsAtOnce*(c.parts-1) + 6 { // the last part has both rooms
				drafts = append(drafts, message([]string{"lobby", "attic"}[i%2], fmt.Sprint(i)))
			}
			line.skip.Store(int64(c.parts - 1))
			line.plan.Store(int64(heldAnswer))
			type end struct {
				results []store.Result
				err     error
			}
			ended := make(chan end, 1)
			go func() {
				results, err := s.Append(ctx, drafts)
				ended <- end{results, err}
			}()
			for n, deadline := int64(0), time.Now().Add(20*time.Second); n < int64(len(drafts)); {
				if n = direct.XLen(ctx, s.keys.log("lobby")).Val() + direct.XLen(ctx, s.keys.log("attic")).Val(); time.Now().After(deadline) {
					t.Fatalf("%d of %d were written", n, len(drafts))
				}
			}
			c.restart(t, server)
			is := <-ended
			if is.err != nil || s.told() != 1 {
				t.Fatalf("%v, told of %d lives", is.err, s.told())
			}
			logs := map[string][]protocol.Event{"lobby": readAll(t, s.Store, "lobby"), "attic": readAll(t, s.Store, "attic")}
			if n := len(logs["lobby"]) + len(logs["attic"]); n != len(drafts) {
				t.Errorf("%d messages are there, of %d", n, len(drafts))
			}
			for i, r := range is.results {
				log := logs[drafts[i].Room]
				if r.Err != nil || int(r.Event.Seq) > len(log) || r.Event.Text != drafts[i].Text || log[r.Event.Seq-1] != r.Event {
					t.Fatalf("%q was told as %+v", drafts[i].Text, r)
				}
			}
			if line.broken[heldAnswer].Load() != 1 {
				t.Error("no answer was lost")
			}
		})
	}
}

func TestABatchOfALifeBeforeIsLookedForAndNotSentAgain(t *testing.T) {
	const ours = "ours"
	at := func(head, first int, batch string) *reply {
		var is any
		if batch != "" {
			is = batch
		}
		return &reply{values: []any{fmt.Sprint(head), "1", fmt.Sprint(first), nil, nil, nil, is}}
	}
	for name, c := range map[string]struct {
		now  *reply
		over bool
		err  error
		done bool
		anew bool
	}{
		"it is there":                  {at(6, 1, ours), true, nil, true, false},
		"somebody else's is":           {at(6, 1, "theirs"), true, nil, false, true},
		"nothing is":                   {at(3, 1, ""), true, nil, false, true},
		"it stands as it did":          {at(5, 1, ""), true, nil, false, true},
		"it was forgotten":             {at(9, 8, ""), true, errUnknown, false, false},
		"it stands as it did, in time": {at(5, 1, ""), false, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := message("lobby", "hi")
			b := &batch{room: "lobby", id: ours, life: "1", drafts: []draft{{Draft: &m}}}
			b.wants = b.wanted()
			if err := b.decide(at(5, 1, ""), 1); err != nil {
				t.Fatal(err)
			}
			was := b.decided
			if c.over {
				b.renew("2")
			}
			err := b.decide(c.now, 2)
			if !errors.Is(err, c.err) || b.done != c.done || (b.decided != was) != c.anew {
				t.Fatalf("%v, done: %v, decided anew: %v", err, b.done, b.decided != was)
			}
		})
	}
}
