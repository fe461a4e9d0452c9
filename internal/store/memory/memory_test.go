package memory

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/protocol"
)

func TestStoreKeepsItsPromises(t *testing.T) {
	storetest.Run(t, storetest.Backend{Open: func(*testing.T) store.Store { return New(DefaultBudget) }})
}

func TestNodesOfOneProcessShareAStore(t *testing.T) {
	storetest.RunShared(t, storetest.Backend{
		Open:    func(*testing.T) store.Store { return NewRewindable(DefaultBudget) },
		Another: func(_ *testing.T, s store.Store) store.Store { return s },
		Rewind:  func(_ *testing.T, s store.Store) { s.(*Store).Rewind(s.(*Store).newest()) },
	})
}

// newest is how many events must go for each log to lack one.
func (s *Store) newest() int {
	seen := map[string]bool{}
	for n := 1; n <= len(s.history); n++ {
		if seen[s.history[len(s.history)-n].Room] = true; len(seen) == len(s.rooms) {
			return n
		}
	}
	return 0
}

// A rewound store must be what one is to which less was ever said.
func TestAStoreIsRewoundToWhatItWas(t *testing.T) {
	s := NewRewindable(DefaultBudget)
	do(t, s, message("lobby", "one"), message("lobby", "two"))
	edit := store.Draft{Room: "lobby", Kind: protocol.KindEdit, User: ada, Target: 1, Text: "changed"}
	do(t, s, edit, store.Draft{Room: "lobby", Kind: protocol.KindDelete, User: ada, Target: 2}, message("attic", "new"))
	do(t, s, store.Draft{Room: "lobby", Kind: store.KindRead, User: ada, Target: 4})
	s.Rewind(3)
	events, err := s.Read(ctx, "lobby", 0, 10)
	if err != nil || len(events) != 2 || events[0].Text != "one" || events[0].Edited != 0 || events[1].Text != "two" {
		t.Fatalf("%+v, %v", events, err)
	}
	if r := where(t, s, "attic"); r.Head != 0 {
		t.Fatalf("the attic is at %+v", r)
	}
	if u, err := s.Unread(ctx, ada, []string{"lobby"}); err != nil || u[0].Read != 2 {
		t.Fatalf("%+v, %v", u, err)
	}
	if r := do(t, s, edit)[0]; !r.New || r.Event.Seq != 3 {
		t.Fatalf("it went on with %+v", r)
	}
}

// A key lasts as long as its message, in a rewound log too.
func TestARewoundStoreKnowsWhatWasSentAgainAfterAPurge(t *testing.T) {
	s := NewRewindable(DefaultBudget)
	again := message("lobby", "hi")
	again.Key = "k"
	do(t, s, again)
	if _, err := s.Purge(ctx, "lobby", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if r := do(t, s, again)[0]; !r.New || r.Event.Seq != 2 {
		t.Fatalf("after the purge: %+v", r)
	}
	do(t, s, message("lobby", "lost"))
	s.Rewind(1)
	if r := do(t, s, again)[0]; r.New || r.Event.Seq != 2 {
		t.Fatalf("after the rewinding: %+v", r)
	}
}
