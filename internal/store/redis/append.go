package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// How many drafts, and about how many bytes of them, go to Redis at once: it takes them a
// few milliseconds, in which it does nothing else.
const (
	draftsAtOnce = 500
	bytesAtOnce  = 1 << 20
)

var kinds = append(protocol.Kinds(), store.KindRead)

// errNotSaved is what becomes of drafts that Redis didn't take when it took others.
var errNotSaved = &protocol.Error{Code: protocol.CodeUnavailable}

// Append implements store.Store. Rooms are written one by one: if some of them can't be,
// their drafts are refused as unavailable, and it is no error unless nothing was done.
func (s *Store) Append(ctx context.Context, drafts []store.Draft) ([]store.Result, error) {
	for i := range drafts {
		if !slices.Contains(kinds, drafts[i].Kind) {
			return nil, fmt.Errorf("a draft of kind %q", drafts[i].Kind)
		}
	}
	a := &appending{store: s, life: s.present(), until: time.Now().Add(patience), results: make([]store.Result, len(drafts))}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for from := 0; from < len(drafts); {
		to := from + some(drafts[from:])
		a.parts = append(a.parts, a.batches(drafts, from, to))
		from = to
	}
	err := a.all(ctx)
	if err != nil || a.life != s.present() {
		return nil, errRenewed // what was done is of logs that are no more
	}
	if a.err == nil {
		return a.results, nil
	}
	if !a.done {
		return nil, explain(a.err)
	}
	if now := time.Now(); now.Sub(s.complained) > time.Minute { // not at each batch
		s.complained = now
		s.log.Warn("some rooms can't be written to", "err", explain(a.err))
	}
	return a.results, nil
}

// some is how many of drafts go at once.
func some(drafts []store.Draft) int {
	bytes := 0
	for i := range drafts {
		if bytes += len(drafts[i].Text); i == draftsAtOnce || i > 0 && bytes > bytesAtOnce {
			return i
		}
	}
	return len(drafts)
}

// appending is one Append.
type appending struct {
	store   *Store
	life    string // that it is for
	until   time.Time
	results []store.Result
	parts   [][]*batch // what goes at once, in the order of the drafts
	done    bool       // something was
	err     error      // why something was not
}

// all appends part by part, and all of them once more when another life begins. It is an
// error if there is no time for that.
func (a *appending) all(ctx context.Context) error {
	for renewals, i := 0, 0; i < len(a.parts); i++ {
		if a.some(ctx, a.parts[i]) {
			continue
		}
		if !a.store.mayTryAgain(ctx, errAgain, renewals, a.until) {
			return errRenewed
		}
		a.renew()
		renewals, i = renewals+1, -1
	}
	return nil
}

// some appends a part in rounds: in each, the rooms that aren't done yet are looked at,
// decided for, and written to. It gives false when another life has begun.
func (a *appending) some(ctx context.Context, part []*batch) bool {
	batches := slices.DeleteFunc(slices.Clone(part), func(b *batch) bool { return b.refused })
	for tries := 0; len(batches) > 0; tries++ {
		err := a.round(ctx, batches)
		if errors.Is(err, errRenewed) {
			return false
		}
		batches = slices.DeleteFunc(batches, a.settled)
		if len(batches) > 0 && !a.store.mayTryAgain(ctx, err, tries, a.until) {
			for _, b := range batches {
				b.err = cmp.Or(err, b.err)
				a.refuse(b)
			}
			return true
		}
	}
	return true
}

// renew goes on in another life. What was done in the old one may be gone, and what a
// draft is about is something else now, or nothing: so each batch is asked for again.
func (a *appending) renew() {
	a.life, a.done = a.store.present(), false
	for _, part := range a.parts {
		for _, b := range part {
			b.renew(a.life)
		}
	}
}

// batches are the drafts by their rooms.
func (a *appending) batches(drafts []store.Draft, from, to int) (batches []*batch) {
	of := map[string]*batch{}
	for i := from; i < to; i++ {
		b := of[drafts[i].Room]
		if b == nil {
			b = &batch{room: drafts[i].Room, id: newBatchID(), life: a.life}
			of[b.room] = b
			batches = append(batches, b)
		}
		d := draft{Draft: &drafts[i], place: i}
		if d.Key != "" {
			d.body = a.store.bodies.Of(d.Text, d.ReplyTo)
		}
		b.drafts = append(b.drafts, d)
	}
	return batches
}

// settled takes the results of a batch that is done, or that has failed for good.
func (a *appending) settled(b *batch) bool {
	switch {
	case b.done:
		a.done = true
		for i, d := range b.drafts {
			a.results[d.place] = b.decided.results[i]
		}
	case b.err != nil && !passing(b.err) && !errors.Is(b.err, errRenewed):
		a.refuse(b)
	default:
		return false
	}
	return true
}

func (a *appending) refuse(b *batch) {
	b.refused = true
	if a.err == nil {
		a.err = fmt.Errorf("append to %s: %w", b.room, b.err)
	}
	for _, d := range b.drafts {
		a.results[d.place] = store.Result{Err: errNotSaved}
	}
}

// round does what can be done now. The error is one that holds for all.
func (a *appending) round(ctx context.Context, batches []*batch) error {
	looks := make([]*call, len(batches))
	for i, b := range batches {
		looks[i] = b.look(a.store)
	}
	first := a.store.askIn(ctx, a.life, looks...)
	var writes []*call
	var written []*batch
	now := time.Now().UnixMilli()
	for i, b := range batches {
		b.err = looks[i].err
		if b.err == nil {
			b.err = b.decide(&looks[i].reply, now)
		}
		if b.err == nil && !b.done {
			writes = append(writes, b.apply(a.store))
			written = append(written, b)
		}
	}
	if len(writes) == 0 {
		return roundError(first, batches)
	}
	second := a.store.askIn(ctx, a.life, writes...)
	for i, b := range written {
		if b.err = writes[i].err; b.err == nil {
			b.err = b.applied(&writes[i].reply)
		}
	}
	return roundError(errors.Join(first, second), batches)
}

// roundError is what stops all that aren't done, if something does.
func roundError(err error, batches []*batch) error {
	if errors.Is(err, errRenewed) {
		return errRenewed
	}
	for _, b := range batches {
		if b.err != nil && passing(b.err) {
			return b.err
		}
	}
	return err
}
