// Package storetest is the promise of a store as tests: every implementation of
// store.Store passes Run.
package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/parley-chat/parley/internal/store"
)

// Run holds a store to its promises. open makes an empty one, and closes it when
// the test ends.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	for name, promise := range map[string]func(*testing.T, store.Store){
		"seqs run 1, 2, 3 in each room without holes":   denseSeqs,
		"events come back in the order of their drafts": inOrder,
		"times never fall": timesNeverFall,
	} {
		t.Run(name, func(t *testing.T) { promise(t, open(t)) })
	}
}

func denseSeqs(t *testing.T, s store.Store) {
	next := map[string]store.Seq{}
	for batch := range 20 {
		var drafts []store.Draft
		for i := range batch {
			drafts = append(drafts, store.Draft{Room: []string{"lobby", "attic"}[(i+batch)%2], Name: "ada", Text: "hi"})
		}
		for _, e := range appendAll(t, s, drafts) {
			next[e.Room]++
			if e.Seq != next[e.Room] {
				t.Fatalf("%s: seq %d, want %d", e.Room, e.Seq, next[e.Room])
			}
		}
	}
}

func inOrder(t *testing.T, s store.Store) {
	var drafts []store.Draft
	for i := range 100 {
		drafts = append(drafts, store.Draft{Room: "lobby", User: "u1", Name: "ada", Text: fmt.Sprint(i)})
	}
	for i, e := range appendAll(t, s, drafts) {
		if e.Draft != drafts[i] {
			t.Fatalf("event %d holds %+v, want %+v", i, e.Draft, drafts[i])
		}
	}
}

func timesNeverFall(t *testing.T, s store.Store) {
	var last int64
	for range 100 {
		for _, e := range appendAll(t, s, []store.Draft{{Room: "lobby"}, {Room: "lobby"}}) {
			if e.Time < last {
				t.Fatalf("time fell from %d to %d", last, e.Time)
			}
			last = e.Time
		}
	}
}

func appendAll(t *testing.T, s store.Store, drafts []store.Draft) []store.Event {
	t.Helper()
	events, err := s.Append(context.Background(), drafts)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != len(drafts) {
		t.Fatalf("%d events for %d drafts", len(events), len(drafts))
	}
	return events
}
