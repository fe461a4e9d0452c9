package storetest

import (
	"fmt"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var lives = map[string]func(*shared){
	"nobody is told of another life without one":             noOtherLife,
	"another life is told before a head of it":               toldBefore(func(n *node) error { _, err := n.Heads(ctx, []string{"lobby"}); return err }),
	"another life is told before a place in it":              toldBefore(func(n *node) error { _, err := n.Store.Room(ctx, "lobby"); return err }),
	"another life is told before all places in it":           toldBefore(func(n *node) error { _, err := n.Store.Rooms(ctx); return err }),
	"another life is told before an event of it":             toldBefore(func(n *node) error { _, err := n.Store.Read(ctx, "lobby", 0, 1); return err }),
	"another life is told before anything is done in it":     toldBefore(func(n *node) error { _, err := n.Append(ctx, []store.Draft{message("lobby", ada, "new")}); return err }),
	"another life is told to a node that only beats":         toldBefore(func(n *node) error { _, _, err := n.Beat(ctx, "a", longLease); return err }),
	"in another life every log has another epoch":            otherEpochs,
	"a log goes on in another life from what is left of it":  goesOn,
	"a life may follow another one":                          manyLives,
	"what was made in another life finds no message of this": madeBefore,
}

func noOtherLife(s *shared) {
	s.here.one(message("lobby", ada, "1"))
	s.there.one(message("lobby", ada, "2"))
	for _, n := range s.nodes() {
		_, _ = n.beat("a", longLease)
		want(n.subject, "head", n.room("lobby").Head, 2)
		want(n.subject, "renewals", n.renewals.Load(), 0)
	}
}

// toldBefore has a node ask for something once the logs have begun another life: when
// it is answered, it must have been told.
func toldBefore(ask func(*node) error) func(*shared) {
	return func(s *shared) {
		s.here.do(message("lobby", ada, "1"), message("lobby", ada, "2"))
		s.there.one(message("lobby", ada, "3"))
		was := s.here.Life()
		s.rewind()
		for _, n := range s.nodes() {
			if err := ask(n); err != nil {
				s.Fatal(err)
			}
			want(n.subject, "renewals", n.renewals.Load(), 1)
			want(n.subject, "the life that was told", n.told.Load(), any(n.Life()))
			if n.Life() == was {
				s.Fatalf("the life is still %s", was)
			}
		}
		want(s.there.subject, "life", s.there.Life(), s.here.Life())
	}
}

func otherEpochs(s *shared) {
	s.here.do(message("lobby", ada, "1"), message("attic", ada, "1"), message("lobby", ada, "2"))
	epochs := map[string]bool{}
	for _, name := range []string{"lobby", "attic", "empty"} {
		want(s.there.subject, "room", s.there.room(name), s.here.room(name))
		epochs[s.here.room(name).Epoch] = true
	}
	s.rewind()
	for _, name := range []string{"lobby", "attic", "empty"} {
		is := s.here.room(name)
		want(s.there.subject, "room", s.there.room(name), is)
		if epochs[is.Epoch] {
			s.Fatalf("%s is still in epoch %s", name, is.Epoch)
		}
		epochs[is.Epoch] = true
	}
	want(s.here.subject, "epochs", len(epochs), 6)
}

func goesOn(s *shared) {
	var said []protocol.Event
	for i := range 10 {
		said = append(said, s.nodes()[i%2].one(keyed(message("lobby", ada, fmt.Sprint(i)), fmt.Sprint(i))))
	}
	s.rewind()
	left := s.there.room("lobby").Head
	if left >= 10 {
		s.Fatalf("the head is %d: nothing is lost", left)
	}
	want(s.there.subject, "what is left", s.there.read("lobby", 0, 100), said[:left])
	for i := range 10 { // as clients do that have no answer
		n := s.nodes()[i%2]
		r := n.append(keyed(message("lobby", ada, fmt.Sprint(i)), fmt.Sprint(i)))[0]
		if r.New != (protocol.Seq(i) >= left) || r.Event.Seq != protocol.Seq(i+1) {
			s.Fatalf("after %d that were left, number %d became %+v", left, i+1, r)
		}
	}
	for _, n := range s.nodes() {
		want(n.subject, "head", n.room("lobby").Head, 10)
		want(n.subject, "renewals", n.renewals.Load(), 1)
	}
}

func manyLives(s *shared) {
	seen := map[string]bool{s.here.Life(): true, s.here.room("lobby").Epoch: true}
	for i := range 3 {
		s.here.do(message("lobby", ada, "1"), message("lobby", ada, "2"))
		s.rewind()
		for _, n := range s.nodes() {
			epoch := n.room("lobby").Epoch
			want(n.subject, "renewals", n.renewals.Load(), int64(i+1))
			if n == s.here && (seen[epoch] || seen[n.Life()]) {
				s.Fatalf("life %d has %s and %s of an earlier one", i+2, n.Life(), epoch)
			}
			seen[epoch], seen[n.Life()] = true, true
		}
	}
	want(s.here.subject, "lives", len(seen), 8)
}

// madeBefore has a draft name an event of the life that it was made in, whose seq is
// another's now.
func madeBefore(s *shared) {
	n := s.here
	said := n.one(message("lobby", ada, "old"))
	edited := edit(ada, said.Seq, "newer")
	edited.Life = n.Life()
	s.rewind()
	for n.room("lobby").Head < said.Seq {
		n.one(message("lobby", ada, "new"))
	}
	n.wantRefusal(edited, protocol.CodeNotFound)
	edited.Life = n.Life()
	n.one(edited)
}
