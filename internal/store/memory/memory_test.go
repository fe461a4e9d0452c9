package memory

import (
	"context"
	"testing"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
)

func TestStoreKeepsItsPromises(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return New() })
}

func TestAReleasedRoomStartsANewLog(t *testing.T) {
	s := New()
	for range 3 {
		if _, err := s.Append(context.Background(), []store.Draft{{Room: "lobby"}}); err != nil {
			t.Fatal(err)
		}
	}
	s.Release("lobby")
	if len(s.heads) != 0 {
		t.Fatalf("%d rooms are kept, want none", len(s.heads))
	}
	events, err := s.Append(context.Background(), []store.Draft{{Room: "lobby"}})
	if err != nil || events[0].Seq != 1 {
		t.Fatalf("first event after a release: %+v, %v", events, err)
	}
}
