package sim

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// database is the server that all nodes use.
type database struct {
	world *world
	store *memory.Store
	up    bool
	slow  time.Duration
	// What was on its way to it when it went down never comes.
	starts int
	downs  int
}

func newDatabase(w *world) *database {
	return &database{world: w, store: memory.NewSimulated(1<<40, w.clock, w), up: true}
}

func (d *database) goesDown(length time.Duration) { d.outage(storeDown, length, func() {}) }

// outage has it be away for a while, and begin again.
func (d *database) outage(f fault, length time.Duration, begin func()) {
	d.world.fires(f, "store")
	d.up = false
	d.starts++
	d.downs++
	d.world.after(length, func() {
		if d.downs--; !d.world.plan.healed {
			begin()
			d.up = d.downs == 0
		}
	})
}

// failOver has another server take over, or the same one start again.
func (d *database) failOver(length time.Duration) {
	switch d.world.rng.IntN(4) {
	case 0:
		d.outage(failoverSameLife, length, func() {})
	case 1:
		d.outage(failoverNothingLost, length, func() { d.rewind(0) })
	default:
		d.outage(failoverEventsLost, length, func() { d.rewind(1 + d.world.rng.IntN(12)) })
	}
}

func (d *database) rewind(lost int) {
	d.store.Rewind(lost)
	d.world.oracle.rewound()
}

func (d *database) slows(length time.Duration) {
	d.world.fires(storeSlow, "store")
	d.slow = d.world.between(10*time.Millisecond, 400*time.Millisecond)
	d.world.after(length, func() { d.slow = 0 })
}

// purge forgets what is older than some time.
func (d *database) purge() {
	w := d.world
	room := w.plan.rooms[w.rng.IntN(len(w.plan.rooms))]
	before := w.clock().Add(-w.between(time.Second, 8*time.Second))
	if n, _ := d.store.Purge(context.Background(), room, before); n > 0 {
		w.fires(eventsPurged, "store")
	}
}

// append does what a transaction does.
func (d *database) append(drafts []store.Draft) []store.Result {
	results, err := d.store.Append(context.Background(), drafts)
	if err != nil {
		d.world.breaks("the store can't append: %v", err)
		return make([]store.Result, len(drafts))
	}
	for i := range results {
		if results[i].New {
			d.world.oracle.committed(&results[i].Event)
		}
	}
	return results
}

// link is what a node has of the store: connections, and the life that it knows of.
type link struct {
	store.Shared // what else a store does nobody asks here

	node    *node
	life    string
	renewed func(life string)
	cut     bool

	second time.Duration // in which …
	asked  int           // … it asked so often on its own
}

var (
	errAway      = errors.New("the store can't be reached")
	errUnknown   = errors.New("nobody knows what the store did")
	errOtherLife = errors.New("the logs have begun another life meanwhile")
)

func (l *link) cutFor(d time.Duration) {
	l.node.world.fires(storeCut, l.node.name)
	l.cut = true
	l.node.world.after(d, func() { l.cut = false })
}

// ask has the server do something, and waits for its answer. What is answered is of the
// life that is known before and after.
func (l *link) ask(do func(d *database)) error {
	w := l.node.world
	l.counts()
	for {
		before := l.life
		saw, err := l.travel(before, do)
		switch {
		case err != nil:
			return err
		case saw != before: // it has done nothing
			l.hears(before, saw)
			continue
		case l.life != before:
			return errOtherLife
		}
		if w.chance(w.plan.paused) {
			l.pauses()
		}
		return nil
	}
}

// pauses has others run before the answer is used.
func (l *link) pauses() {
	w, p := l.node.world, l.node.world.running
	w.fires(procPaused, l.node.name)
	length := w.between(0, 20*time.Millisecond)
	if w.chance(0.3) {
		length *= 50
	}
	w.after(length, func() { l.node.do(p.resume) })
	p.park()
}

// hears is told of the life that the server is in.
func (l *link) hears(before, life string) {
	if l.life != before {
		return // somebody has heard of a newer one
	}
	if l.life = life; l.renewed != nil {
		l.renewed(life)
	}
}

// counts holds what a node asks on its own to its bound.
func (l *link) counts() {
	w := l.node.world
	if !w.running.upkeep {
		return
	}
	if second := w.now.Truncate(time.Second); second != l.second {
		l.second, l.asked = second, 0
	}
	l.asked++
	w.asked = max(w.asked, l.asked)
	if l.asked > maxAsks {
		w.breaks("%s asked the store %d times in a second", l.node.name, l.asked)
	}
}

// maxAsks is how often a node may ask the store in a second for what nobody waits for.
const maxAsks = 50

// travel is a request and its answer: saw is the life that the server is in; if that is
// another, it has done nothing.
func (l *link) travel(life string, do func(d *database)) (saw string, err error) {
	w, p := l.node.world, l.node.world.running
	d := l.node.world.database
	heard := false
	answer := func(after time.Duration, life string, e error) {
		w.after(after, func() {
			l.node.do(func() {
				if heard {
					return
				}
				heard = true
				if saw, err = life, e; e != nil {
					l.node.trouble = w.now
				}
				p.resume()
			})
		})
	}
	l.sends(answer, life, do, d.starts)
	if !p.park() {
		return "", errAway
	}
	return saw, err
}

func (l *link) sends(answer func(time.Duration, string, error), life string, do func(*database), starts int) {
	w := l.node.world
	d := w.database
	fails := func(err error) { answer(w.between(time.Millisecond, time.Second), "", err) }
	if l.cut || !d.up {
		fails(errAway)
		return
	}
	if w.chance(w.plan.unasked) {
		w.fires(requestLost, l.node.name)
		fails(errAway)
		return
	}
	way := d.way()
	overdue := w.chance(w.plan.overdue)
	if overdue {
		fails(errUnknown)
		way += w.between(500*time.Millisecond, 3*time.Second)
	}
	w.after(way, func() {
		switch {
		case d.starts != starts || !d.up || l.cut:
			fails(errUnknown)
			return
		case d.store.Life() != life:
			answer(d.way(), d.store.Life(), nil)
			return
		}
		do(d)
		switch {
		case overdue:
			w.fires(requestLate, l.node.name)
		case w.chance(w.plan.unheard):
			w.fires(answerLost, l.node.name)
			fails(errUnknown)
		default:
			answer(d.way(), life, nil)
		}
	})
}

func (d *database) way() time.Duration {
	w := d.world
	return w.between(100*time.Microsecond, 2*time.Millisecond) + w.between(0, d.slow)
}

// Watch implements store.Shared.
func (l *link) Watch(renewed func(life string)) { l.renewed = renewed }

// Life implements store.Shared.
func (l *link) Life() string { return l.life }

// Secret implements store.Store.
func (l *link) Secret() []byte { return l.node.world.database.store.Secret() }

// Append implements store.Store.
func (l *link) Append(_ context.Context, drafts []store.Draft) (results []store.Result, err error) {
	drafts = slices.Clone(drafts) // what is late is done all the same
	if l.node.world.mutant == acksBeforeCommit {
		return l.pretends(drafts), nil
	}
	if err = l.ask(func(d *database) { results = d.append(drafts) }); err != nil {
		return nil, err // whatever came of it
	}
	return results, nil
}

// pretends says what will be so soon.
func (l *link) pretends(drafts []store.Draft) []store.Result {
	w := l.node.world
	results := make([]store.Result, len(drafts))
	for i := range drafts {
		room, _ := w.database.store.Room(context.Background(), drafts[i].Room)
		results[i] = store.Result{New: true, Event: protocol.Event{
			Room: drafts[i].Room, Seq: room.Head + 1 + protocol.Seq(i), TS: w.clock().UnixMilli(), Kind: drafts[i].Kind,
			User: drafts[i].User, Text: drafts[i].Text, Key: drafts[i].Key, Target: drafts[i].Target,
		}}
	}
	w.after(50*time.Millisecond, func() { w.database.append(drafts) })
	return results
}

// Read implements store.Store.
func (l *link) Read(ctx context.Context, room string, cursor protocol.Seq, limit int) (events []protocol.Event, err error) {
	var refused error
	if err = l.ask(func(d *database) { events, refused = d.store.Read(ctx, room, cursor, limit) }); err != nil {
		return nil, err
	}
	return events, refused
}

// Room implements store.Store.
func (l *link) Room(ctx context.Context, name string) (r store.Room, err error) {
	err = l.ask(func(d *database) { r, _ = d.store.Room(ctx, name) })
	return r, err
}

// Heads implements store.Shared.
func (l *link) Heads(ctx context.Context, rooms []string) (heads []protocol.Seq, err error) {
	err = l.ask(func(d *database) { heads, _ = d.store.Heads(ctx, rooms) })
	return heads, err
}

// Beat implements store.Shared.
func (l *link) Beat(ctx context.Context, node string, ttl time.Duration) (nodes []string, lapsed bool, err error) {
	err = l.ask(func(d *database) { nodes, lapsed, _ = d.store.Beat(ctx, node, ttl) })
	return nodes, lapsed, err
}

// Resign implements store.Shared.
func (l *link) Resign(ctx context.Context, node string) error {
	return l.ask(func(d *database) { _ = d.store.Resign(ctx, node) })
}
