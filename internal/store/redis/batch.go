package redis

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// batch is what an Append has for one room.
type batch struct {
	room   string
	id     string
	drafts []draft
	wants  *wanted

	life    string    // that its drafts are decided in
	decided *decision // nil before the first look; it may have been done, even if nobody said so
	done    bool
	refused bool
	err     error // of the last try
}

type draft struct {
	*store.Draft
	body  store.Body
	place int // among Append's drafts
}

// decision is what becomes of a batch where the log stands at head and first.
type decision struct {
	head, first protocol.Seq
	over        bool // it is of a life before: it was done in that, or never will be
	results     []store.Result
	events      int
	marks       []string // whose mark may move, in their order
	args        []any    // the events, and then the marks, for the script
}

// renew has a batch asked for in another life, be it done or not: what was done in the old
// one may be gone, or be here.
func (b *batch) renew(life string) {
	b.life, b.done = life, false
	if b.decided != nil {
		b.decided.over = true
	}
}

// newBatchID names a batch: with its seq and life it is the only one.
func newBatchID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// wanted is what a look asks for, in the order in which it is answered.
type wanted struct {
	messages []protocol.Seq
	keyed    []sent
	reacted  []reaction
	emoji    []protocol.Seq
	marks    []string
}

func (b *batch) wanted() *wanted {
	messages, keyed, reacted := map[protocol.Seq]bool{}, map[sent]bool{}, map[reaction]bool{}
	emoji, marks := map[protocol.Seq]bool{}, map[string]bool{}
	for _, d := range b.drafts {
		switch d.Kind {
		case protocol.KindMessage:
			if d.Key != "" {
				keyed[sent{d.User.ID, d.Key}] = true
			}
			if d.ReplyTo != 0 {
				messages[d.ReplyTo] = true
			}
		case protocol.KindReact, protocol.KindUnreact:
			emoji[d.Target], messages[d.Target] = true, true
			reacted[reaction{d.Target, d.User.ID, d.Emoji}] = true
		case store.KindRead:
			marks[d.User.ID] = true
		case protocol.KindEdit, protocol.KindDelete:
			messages[d.Target] = true
		}
	}
	return &wanted{
		slices.Collect(maps.Keys(messages)), slices.Collect(maps.Keys(keyed)), slices.Collect(maps.Keys(reacted)),
		slices.Collect(maps.Keys(emoji)), slices.Sorted(maps.Keys(marks)),
	}
}

// look asks where the log stands, what the drafts are about, and whether the batch was done.
func (b *batch) look(s *Store) *call {
	if b.wants == nil {
		b.wants = b.wanted()
	}
	w, k := b.wants, s.keys
	args := []any{k.reacted(b.room), k.emoji(b.room), uint64(b.probed()), len(w.messages)}
	for _, seq := range w.messages {
		args = append(args, uint64(seq))
	}
	args = append(args, len(w.keyed))
	for _, key := range w.keyed {
		args = append(args, key.user, key.key)
	}
	args = append(args, len(w.reacted))
	for _, r := range w.reacted {
		args = append(args, uint64(r.target), r.user, r.emoji)
	}
	args = append(args, len(w.emoji))
	for _, seq := range w.emoji {
		args = append(args, uint64(seq))
	}
	args = append(args, len(w.marks))
	for _, user := range w.marks {
		args = append(args, user)
	}
	return &call{
		script: lookScript, args: args,
		keys: []string{k.room(b.room), k.log(b.room), k.text(b.room), k.changed(b.room), k.key(b.room), k.mark(b.room)},
	}
}

// probed is where the batch's last event is if it was done, which is the last to be
// forgotten; 0 for nowhere.
func (b *batch) probed() protocol.Seq {
	if b.decided == nil || b.decided.events == 0 {
		return 0
	}
	return b.decided.head + protocol.Seq(b.decided.events)
}

// ledgerOf reads what a look tells, and whose event stands where ours would.
func (b *batch) ledgerOf(r *reply) (l *ledger, batch string, err error) {
	w := b.wants
	l = newLedger()
	l.at.Life = b.life
	l.at.Head, l.at.Time, l.first = r.seq(), r.number(), max(1, r.seq())
	l.at.Topic, _ = r.maybe()
	l.at.TopicSet = store.Stamp{Seq: r.seq(), TS: r.number()}
	batch, _ = r.maybe()
	for _, seq := range w.messages {
		if m, ok := r.message(seq); ok {
			l.messages[seq] = m
		}
	}
	for _, key := range w.keyed {
		if stamp, body, ok := r.keyed(); ok {
			l.keyed[key] = first{stamp, body}
		}
	}
	for _, reaction := range w.reacted {
		if stamp, ok := r.stamp(); ok {
			l.reacted[reaction] = stamp
		}
	}
	for _, seq := range w.emoji {
		l.emoji[seq] = r.counts()
	}
	for _, user := range w.marks {
		l.marks[user] = r.seq()
	}
	return l, batch, r.err(b.room)
}

// decide says what becomes of the batch, unless it was done.
func (b *batch) decide(r *reply, now int64) error {
	l, by, err := b.ledgerOf(r)
	if err != nil {
		return err
	}
	if probed := b.probed(); probed > 0 {
		switch {
		case by == b.id:
			b.done = true
			return nil
		case l.at.Head >= probed && l.first > probed:
			return errUnknown
		case !b.decided.over && l.at.Head == b.decided.head && l.first == b.decided.first:
			return nil // what was sent may yet arrive: be it the same then
		}
	}
	return b.decideAnew(l, now)
}

func (b *batch) decideAnew(l *ledger, now int64) error {
	d := &decision{head: l.at.Head, first: l.first, results: make([]store.Result, len(b.drafts))}
	marks := map[string]protocol.Seq{}
	for i, draft := range b.drafts {
		result, err := store.Decide(draft.Draft, draft.body, now, l)
		if err != nil {
			return err
		}
		d.results[i] = result
		switch {
		case result.New:
			l.done(&result.Event, draft.body)
			d.event(&result.Event, draft.body)
		case draft.Kind == store.KindRead && result.Event.Seq > 0:
			l.marks[draft.User.ID], marks[draft.User.ID] = result.Event.Seq, result.Event.Seq
		}
	}
	for user, seq := range marks {
		d.marks = append(d.marks, user)
		d.args = append(d.args, user, uint64(seq))
	}
	b.decided = d
	b.done = len(d.args) == 0
	return nil
}

// event adds an event to what the script does.
func (d *decision) event(e *protocol.Event, body store.Body) {
	var is string
	if e.Key != "" {
		is = string(body[:])
	}
	d.events++
	d.args = append(d.args, string(e.Kind), e.TS, e.User.ID, e.User.Name, e.Key, seqText(e.ReplyTo), seqText(e.Target), e.Emoji, e.Text, is)
}

// seqText is a seq, or nothing for 0.
func seqText(seq protocol.Seq) string {
	if seq == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(seq), 10)
}

// apply has the decision done.
func (b *batch) apply(s *Store) *call {
	k, d := s.keys, b.decided
	args := []any{b.room, uint64(d.head), uint64(d.first), s.history, b.id, k.reacted(b.room), k.emoji(b.room), d.events}
	return &call{
		script: applyScript, args: append(args, d.args...),
		keys: []string{k.rooms(), k.room(b.room), k.log(b.room), k.text(b.room), k.changed(b.room), k.key(b.room), k.mark(b.room)},
	}
}

// applied takes in that it was done, and where marks were further already.
func (b *batch) applied(r *reply) error {
	was := map[string]protocol.Seq{}
	for _, user := range b.decided.marks {
		was[user] = r.seq()
	}
	b.done = true
	for i, d := range b.drafts {
		if e := &b.decided.results[i].Event; d.Kind == store.KindRead {
			e.Seq = max(e.Seq, was[d.User.ID])
		}
	}
	if r.garbled {
		return fmt.Errorf("%w: %s", errGarbled, b.room)
	}
	return nil
}
