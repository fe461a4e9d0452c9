package storetest

import (
	"fmt"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var keys = map[string]func(*subject){
	"a repeated key gets the first seq and time back":       repeatedKey,
	"a key with another body is refused":                    reusedKey,
	"a key lives as long as its message, edited or deleted": keyLife,
	"a key is its user's in its room":                       ownKeys,
	"a key is known within its batch":                       keyInBatch,
	"without a key, a repeat is a second message":           noKey,
}

func repeatedKey(s *subject) {
	d := keyed(message("lobby", ada, "once"), "k")
	first := s.one(d)
	s.one(message("lobby", ada, "between"))
	s.everyLife(func() {
		for range 5 {
			s.wantRepeat(d, first)
		}
		renamed := d
		renamed.User.Name = "Ada L."
		s.wantRepeat(renamed, first)
	})
	want(s, "head", s.room("lobby").Head, 2)
}

func reusedKey(s *subject) {
	first := s.one(keyed(message("lobby", ada, "one"), "k"))
	answer := keyed(reply(message("lobby", ada, "two"), first.Seq), "r")
	s.one(answer)
	s.everyLife(func() {
		s.wantRefusal(keyed(message("lobby", ada, "another"), "k"), protocol.CodeKeyReused)
		s.wantRefusal(keyed(reply(message("lobby", ada, "one"), first.Seq), "k"), protocol.CodeKeyReused)
		s.wantRefusal(keyed(message("lobby", ada, "two"), "r"), protocol.CodeKeyReused)
		s.wantRefusal(keyed(reply(message("lobby", ada, "two"), 2), "r"), protocol.CodeKeyReused)
	})
	want(s, "head", s.room("lobby").Head, 2)
}

func keyLife(s *subject) {
	d := keyed(message("lobby", ada, "as sent"), "k")
	first := s.one(d)
	still := func() {
		s.Helper()
		s.wantRepeat(d, first)
		s.wantRefusal(keyed(message("lobby", ada, "as edited"), "k"), protocol.CodeKeyReused)
	}
	s.one(edit(ada, first.Seq, "as edited"))
	s.everyLife(still)
	answer := keyed(reply(message("lobby", grace, "yes"), first.Seq), "yes")
	answered := s.one(answer)
	s.one(remove(ada, first.Seq))
	s.everyLife(func() {
		still()
		s.wantRepeat(answer, answered)
	})
	want(s, "head", s.room("lobby").Head, 4)

	s.purge("lobby", future)
	s.everyLife(func() { want(s, "head", s.room("lobby").Head, 4) })
	again := s.one(d) // the message is gone, and its key with it
	want(s, "seq after a purge", again.Seq, 5)
	s.everyLife(func() { s.wantRepeat(d, again) })
}

func ownKeys(s *subject) {
	for _, room := range []string{"lobby", "attic"} {
		for _, by := range []protocol.User{ada, grace} {
			s.one(keyed(message(room, by, "hi from "+by.Name), "k"))
			s.one(keyed(message(room, by, "hi from "+by.Name), "K"))
		}
	}
}

func keyInBatch(s *subject) {
	d := keyed(message("lobby", ada, "once"), "k")
	results := s.append(d, d, keyed(message("lobby", ada, "another"), "k"), message("lobby", ada, "next"), d)
	first, next := results[0].Event, results[3].Event
	for i, r := range results {
		results[i].Err = code(r.Err)
	}
	want(s, "results", results, []store.Result{
		{Event: first, New: true}, repeat(first), {Err: &protocol.Error{Code: protocol.CodeKeyReused}},
		{Event: next, New: true}, repeat(first),
	})
	want(s, "seqs", fmt.Sprint(first.Seq, next.Seq), "1 2")
}

// code is a refusal without its text.
func code(err *protocol.Error) *protocol.Error {
	if err == nil {
		return nil
	}
	return &protocol.Error{Code: err.Code}
}

func noKey(s *subject) {
	s.do(message("lobby", ada, "hi"), message("lobby", ada, "hi"))
	want(s, "head", s.room("lobby").Head, 2)
}
