package storetest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// RunShared holds a store to what it promises several nodes. b.Another and b.Rewind
// are needed.
func RunShared(t *testing.T, b Backend) {
	promises := map[string]func(*shared){}
	for _, some := range []map[string]func(*shared){together, leases, lives} {
		maps.Copy(promises, some)
	}
	if _, ok := b.Open(t).(store.Revoker); ok {
		promises["what one node revokes the other knows"] = revokedTogether
	}
	for name, promise := range promises {
		t.Run(name, func(t *testing.T) { promise(b.share(t)) })
	}
}

// shared is one store, as two nodes have it open.
type shared struct {
	testing.TB
	here, there *node
	rewind      func()
}

// node is what one of them has open.
type node struct {
	*subject
	store.Shared
	renewals atomic.Int64 // how often it was told of another life
	told     atomic.Value // the last one
}

func (b Backend) share(t *testing.T) *shared {
	s := &shared{TB: t}
	first := b.Open(t)
	s.here = newNode(t, first)
	s.there = newNode(t, b.Another(t, first))
	s.rewind = func() { b.Rewind(t, first) }
	return s
}

func newNode(t *testing.T, opened store.Store) *node {
	n := &node{subject: &subject{TB: t, Store: opened}}
	var ok bool
	if n.Shared, ok = opened.(store.Shared); !ok {
		t.Fatalf("%T is no store.Shared", opened)
	}
	n.Watch(func(life string) {
		n.renewals.Add(1)
		n.told.Store(life)
	})
	return n
}

func (s *shared) nodes() []*node { return []*node{s.here, s.there} }

var together = map[string]func(*shared){
	"what one node appends the other has":               oneLog,
	"nodes that append at once leave no hole":           appendAtOnce,
	"a key that many nodes get at once is written once": keyAtOnce,
	"nodes have one secret and one life":                oneSecret,
	"heads are those of the logs, in order":             heads,
	"what one node purges the other lacks":              purgedTogether,
}

func oneLog(s *shared) {
	var said []protocol.Event
	for i := range 20 {
		by := s.nodes()[i%2]
		said = append(said, by.one(keyed(message("lobby", ada, fmt.Sprint("needle ", i)), fmt.Sprint(i))))
		want(by.subject, "seq", said[i].Seq, protocol.Seq(i+1))
		s.nodes()[(i+1)%2].wantRepeat(keyed(message("lobby", ada, fmt.Sprint("needle ", i)), fmt.Sprint(i)), said[i])
	}
	s.there.one(topic(ada, "all"))
	s.here.append(mark(grace, 5))
	changed := s.there.one(edit(ada, 3, "changed"))
	said[2].Text, said[2].Edited = "changed", changed.TS
	for _, n := range s.nodes() {
		want(n.subject, "log", n.read("lobby", 0, 20), said)
		want(n.subject, "room", n.room("lobby"), store.Room{Name: "lobby", Epoch: s.here.room("lobby").Epoch, First: 1, Head: 22, Topic: "all"})
		n.wantUnread(grace, "lobby", store.Unread{Read: 5, Messages: 15})
		want(n.subject, "found", len(n.search(store.Query{Text: "needle", Limit: 30})), 19)
	}
}

func appendAtOnce(s *shared) {
	const batches, each = 30, 10
	rooms := []string{"lobby", "attic", "cellar"}
	var writers sync.WaitGroup
	for i, n := range s.nodes() {
		writers.Go(func() {
			for batch := range batches {
				var drafts []store.Draft
				for j := range each {
					text := fmt.Sprintf("%d %d %d", i, batch, j)
					drafts = append(drafts, keyed(message(rooms[(i+batch+j)%3], ada, text), text))
				}
				if i == 1 {
					slices.Reverse(drafts) // so that rooms come in another order
				}
				if _, err := n.Append(ctx, drafts); err != nil {
					n.Error(err)
				}
			}
		})
	}
	writers.Wait()
	seen := map[string]bool{}
	for _, room := range rooms {
		events := s.here.read(room, 0, 1000)
		want(s.there.subject, room, s.there.read(room, 0, 1000), events)
		for i, e := range events {
			if e.Seq != protocol.Seq(i+1) || seen[e.Key] || i > 0 && e.TS < events[i-1].TS {
				s.Fatalf("%+v is number %d of %s", e, i+1, room)
			}
			seen[e.Key] = true
		}
	}
	if len(seen) != 2*batches*each {
		s.Fatalf("%d messages of %d", len(seen), 2*batches*each)
	}
}

func keyAtOnce(s *shared) {
	for i := range 30 {
		draft := keyed(message("lobby", ada, "hi"), fmt.Sprint(i))
		var results [2]store.Result
		var writers sync.WaitGroup
		for j, n := range s.nodes() {
			writers.Go(func() { results[j] = n.append(draft)[0] })
		}
		writers.Wait()
		first, second := results[0], results[1]
		if second.New {
			first, second = second, first
		}
		if !first.New || second != repeat(first.Event) || first.Event.Seq != protocol.Seq(i+1) {
			s.Fatalf("sent twice it became %+v and %+v", results[0], results[1])
		}
	}
}

func oneSecret(s *shared) {
	want(s.there.subject, "secret", string(s.there.Store.Secret()), string(s.here.Store.Secret()))
	want(s.there.subject, "life", s.there.Life(), s.here.Life())
	if s.here.Life() == "" {
		s.Fatal("the life has no name")
	}
}

func heads(s *shared) {
	s.here.do(message("lobby", ada, "1"), message("attic", ada, "1"), message("lobby", ada, "2"))
	for _, n := range s.nodes() {
		for _, c := range []struct {
			rooms []string
			want  []protocol.Seq
		}{
			{nil, []protocol.Seq{}},
			{[]string{"nowhere"}, []protocol.Seq{0}},
			{[]string{"lobby", "nowhere", "attic", "lobby"}, []protocol.Seq{2, 0, 1, 2}},
		} {
			got, err := n.Heads(ctx, c.rooms)
			if err != nil {
				s.Fatal(err)
			}
			want(n.subject, fmt.Sprint("heads of ", c.rooms), got, c.want)
		}
	}
}

func purgedTogether(s *shared) {
	s.here.do(message("lobby", ada, "1"), message("lobby", ada, "2"))
	want(s.there.subject, "purged", s.there.purge("lobby", future), 2)
	s.here.wantNotKept("lobby", 0)
	want(s.here.subject, "next", s.here.one(message("lobby", ada, "3")).Seq, 3)
}

func revokedTogether(s *shared) {
	s.here.revoke(store.Revocation{User: "u1", At: 5})
	s.there.revoke(store.Revocation{User: "u1", At: 4}, store.Revocation{Token: "x", At: 6})
	for _, n := range s.nodes() {
		n.wantRevoked(store.Revocation{User: "u1", At: 5}, store.Revocation{Token: "x", At: 6})
	}
}

var leases = map[string]func(*shared){
	"a node is one for as long as its lease": leaseEnds,
	"who resigns is gone at once":            resigns,
}

const longLease = time.Hour

func (n *node) beat(name string, ttl time.Duration) (nodes []string, lapsed bool) {
	n.Helper()
	nodes, lapsed, err := n.Beat(ctx, name, ttl)
	if err != nil {
		n.Fatal(err)
	}
	return nodes, lapsed
}

func (n *node) wantBeat(name string, nodes []string, lapsed bool) {
	n.Helper()
	got, gotLapsed := n.beat(name, longLease)
	want(n.subject, name+" beats", fmt.Sprint(got, gotLapsed), fmt.Sprint(nodes, lapsed))
}

func leaseEnds(s *shared) {
	s.there.wantBeat("b", []string{"b"}, true)
	s.there.wantBeat("b", []string{"b"}, false)
	// A lease that is as short as this may have ended before it is asked for.
	if _, lapsed := s.here.beat("a", time.Millisecond); !lapsed {
		s.Fatal("a new node had been one")
	}
	for {
		if nodes, _ := s.there.beat("b", longLease); slices.Equal(nodes, []string{"b"}) {
			break
		}
	}
	s.here.wantBeat("a", []string{"a", "b"}, true)
	s.here.wantBeat("a", []string{"a", "b"}, false)
	s.there.wantBeat("b", []string{"a", "b"}, false)
}

func resigns(s *shared) {
	s.here.wantBeat("a", []string{"a"}, true)
	s.there.wantBeat("b", []string{"a", "b"}, true)
	for range 2 { // once more is nothing
		if err := s.here.Resign(ctx, "a"); err != nil {
			s.Fatal(err)
		}
	}
	s.there.wantBeat("b", []string{"b"}, false)
	s.here.wantBeat("a", []string{"a", "b"}, true)
}
