// Package storetest is the promise of a store as tests: every implementation of
// store.Store passes Run.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/store"
)

// Run holds a store to its promises. open makes an empty one, and closes it when
// the test ends.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	for name, promise := range map[string]func(*testing.T, store.Store){
		"seqs run 1, 2, 3 in each room without holes":   denseSeqs,
		"events come back in the order of their drafts": inOrder,
		"times never fall":                  timesNeverFall,
		"what is read is what was appended": readsBack,
		"any may read while one appends":    readsBeside,
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

func readsBack(t *testing.T, s store.Store) {
	var want []store.Event
	for i := range 300 {
		want = append(want, appendAll(t, s, []store.Draft{{Room: "lobby", User: "u1", Name: "Ada 🚀", Text: fmt.Sprint("line\n", i)}})...)
		appendAll(t, s, []store.Draft{{Room: "attic", Name: "grace", Text: "elsewhere"}})
	}
	for cursor := range store.Seq(301) {
		limit := int(cursor%7) + 1
		got, err := s.Read(context.Background(), "lobby", cursor, limit)
		if errors.Is(err, store.ErrNotKept) {
			continue // it says so: that is its promise
		}
		if err != nil {
			t.Fatal(err)
		}
		if rest := want[cursor:]; !slices.Equal(got, rest[:min(limit, len(rest))]) {
			t.Fatalf("after %d: %+v", cursor, got)
		}
	}
	if got, err := s.Read(context.Background(), "nowhere", 0, 10); err != nil || len(got) > 0 {
		t.Fatalf("a room that is not there: %+v, %v", got, err)
	}
}

// readsBeside has readers follow a log that grows: none may see a hole.
func readsBeside(t *testing.T, s store.Store) {
	const events = 2000
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for cursor := store.Seq(0); cursor < events; {
				page, err := s.Read(context.Background(), "lobby", cursor, 50)
				if errors.Is(err, store.ErrNotKept) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range page {
					if e.Seq != cursor+1 {
						t.Errorf("seq %d after %d", e.Seq, cursor)
						return
					}
					cursor = e.Seq
				}
			}
		})
	}
	for range events / 20 {
		appendAll(t, s, slices.Repeat([]store.Draft{{Room: "lobby", Name: "ada", Text: "x"}}, 20))
	}
	readers.Wait()
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
