package roomlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// told counts the answers to proposals.
type told struct {
	wait   sync.WaitGroup
	failed atomic.Int64
}

func (p *told) Appended(_ *Proposal, _ *store.Result, err error) {
	if err != nil {
		p.failed.Add(1)
	}
	p.wait.Done()
}

func TestEveryProposalIsAnsweredOnceAndKeepsItsOrder(t *testing.T) {
	const senders, each = 16, 500
	l := newLog(8 << 20)
	r := attach(l, plain)
	var stored atomic.Int64
	w := NewWriter(memory.New(64<<20), func(events int) { stored.Add(int64(events)) }, func(err error) { t.Error(err) })
	var by told
	by.wait.Add(senders * each)
	var send sync.WaitGroup
	for s := range senders {
		send.Go(func() {
			for i := range each {
				w.Propose(Proposal{Log: l, By: &by, Draft: store.Draft{Room: "lobby", Kind: protocol.KindMessage, User: protocol.User{Name: fmt.Sprint(s)}, Text: fmt.Sprint(i)}})
			}
		})
	}
	send.Wait()
	by.wait.Wait()
	w.Close()
	if stored.Load() != senders*each || by.failed.Load() != 0 {
		t.Fatalf("%d stored, %d failed", stored.Load(), by.failed.Load())
	}
	pieces, _, err := r.Read(nil, r.Head(), 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	next := map[string]int{}
	for _, text := range texts(t, plain, pieces) {
		var name, n string
		if _, err := fmt.Sscanf(text, `{"type":"chat","username":%q,"text":%q`, &name, &n); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if n != fmt.Sprint(next[name]) {
			t.Fatalf("%s said %s, want %d", name, n, next[name])
		}
		next[name]++
	}
}

// broken is a store whose disk is full now and then.
type broken struct {
	store.Store
	full atomic.Bool
}

var errFull = errors.New("disk full")

func (b *broken) Append(ctx context.Context, drafts []store.Draft) ([]store.Result, error) {
	if b.full.Load() {
		return nil, errFull
	}
	return b.Store.Append(ctx, drafts)
}

func TestNobodySeesWhatWasNotStored(t *testing.T) {
	l := newLog(1 << 20)
	r := attach(l, plain)
	b := &broken{Store: memory.New(64 << 20)}
	var news []error
	w := NewWriter(b, func(int) {}, func(err error) { news = append(news, err) })
	propose := func() bool {
		var by told
		by.wait.Add(1)
		w.Propose(Proposal{Log: l, By: &by, Draft: store.Draft{Room: "lobby", Kind: protocol.KindMessage, User: ada, Text: "x"}})
		by.wait.Wait()
		return by.failed.Load() == 0
	}
	for i := range 10 {
		b.full.Store(i%2 == 1)
		head := r.Head()
		if ok := propose(); ok == b.full.Load() {
			t.Fatalf("full %v, stored %v", b.full.Load(), ok)
		}
		if grew := r.Head().cursor > head.cursor; grew == b.full.Load() {
			t.Fatalf("full %v, seen %v", b.full.Load(), grew)
		}
		propose() // the same again is no news
	}
	w.Close()
	if len(news) != 9 || news[0] != errFull || news[1] != nil {
		t.Fatalf("told %v, want each change once", news)
	}
}

// renewing is a store whose logs begin another life before a batch is answered, and the
// others who share them.
type renewing struct {
	*memory.Store
	renews bool
	lives  []string // that were told
}

func (s *renewing) Append(ctx context.Context, drafts []store.Draft) ([]store.Result, error) {
	results, err := s.Store.Append(ctx, drafts)
	if s.renews {
		s.Rewind(0)
	}
	return results, err
}

func (s *renewing) Wrote(_ *Log, life string, _ []protocol.Event) { s.lives = append(s.lives, life) }

func TestOfWhichLifeABatchIsNobodyKnowsWhenAnotherBeganMeanwhile(t *testing.T) {
	s := &renewing{Store: memory.NewRewindable(1 << 20)}
	first := s.Life()
	l := shared(first, 0)
	attach(l, dense)
	s.Watch(l.Rewind)
	w := NewStepped(s, func(int) {}, func(error) {})
	w.Shares(s)
	for _, s.renews = range []bool{false, true, false} {
		var by told
		by.wait.Add(1)
		w.Propose(Proposal{Log: l, By: &by, Draft: store.Draft{Room: "lobby", Kind: protocol.KindMessage, User: ada, Text: "x"}})
		w.Step()
	}
	if want := []string{first, "", s.Life()}; !slices.Equal(s.lives, want) {
		t.Errorf("told of the lives %q, want %q", s.lives, want)
	}
	if l.head != 0 { // nobody has said where it stands in the second
		t.Errorf("the log goes to %d", l.head)
	}
}
