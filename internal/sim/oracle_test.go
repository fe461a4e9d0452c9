package sim

import (
	"context"
	"slices"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// oracle knows what the store committed, and holds to it what everybody is given.
type oracle struct {
	world   *world
	life    int
	now     []*truth // of each room, in the plan's order
	all     map[where]*truth
	births  map[string][]birthplace // of each text
	acks    []ack
	dropped int
}

type where struct{ room, epoch string }

// truth is a room's log in one life.
type truth struct {
	room, epoch string
	life        string // the store's
	facts       []*fact
	keys        map[[2]string]protocol.Seq
}

// fact is an event as it is now.
type fact struct {
	event    protocol.Event // as it was committed
	at       time.Duration
	born     birthplace
	versions []version // of a message's text
	deleted  bool
}

// version is a text until another one stands in its place.
type version struct {
	text  string
	gone  bool
	until time.Duration
}

// birthplace is the life and seq that an event was first committed in: later ones are
// greater.
type birthplace struct {
	life int
	seq  protocol.Seq
}

func (b birthplace) after(a birthplace) bool {
	return b.life > a.life || b.life == a.life && b.seq > a.seq
}

type ack struct {
	room  string
	user  string
	key   string
	truth *truth
}

func newOracle(w *world) *oracle {
	o := &oracle{world: w, all: map[where]*truth{}, births: map[string][]birthplace{}}
	for _, room := range w.plan.rooms {
		o.now = append(o.now, o.begin(room))
	}
	return o
}

// begin is the log of a room in a new life.
func (o *oracle) begin(room string) *truth {
	r, _ := o.world.database.store.Room(context.Background(), room)
	t := &truth{room: room, epoch: r.Epoch, life: o.world.database.store.Life(), keys: map[[2]string]protocol.Seq{}}
	if o.all[where{room, r.Epoch}] != nil {
		o.world.breaks("the epoch of %s is one that was", room)
	}
	o.all[where{room, r.Epoch}] = t
	return t
}

func (o *oracle) truthOf(room, epoch string) *truth { return o.all[where{room, epoch}] }

// inLife is a room's log in a life of the store; the newest where that isn't known.
func (o *oracle) inLife(room, life string) *truth {
	for _, t := range o.all {
		if t.room == room && t.life == life {
			return t
		}
	}
	return o.of(room)
}

func (o *oracle) of(room string) *truth {
	return o.now[slices.Index(o.world.plan.rooms, room)]
}

// committed is told of an event by the store, before anybody else is.
func (o *oracle) committed(e *protocol.Event) {
	w := o.world
	t := o.of(e.Room)
	f := &fact{event: *e, at: w.now, born: birthplace{o.life, e.Seq}}
	w.note("store", "commits "+string(e.Kind), e.Room+" "+e.Text, uint64(e.Seq), uint64(e.Target))
	if last := len(t.facts); e.Seq != protocol.Seq(last+1) || last > 0 && e.TS < t.facts[last-1].event.TS {
		w.breaks("the store puts event %d of %s, at %d, behind %d others", e.Seq, e.Room, e.TS, last)
	}
	if was := t.keys[[2]string{e.User.ID, e.Key}]; e.Key != "" && was != 0 && o.keeps(e.Room, was) {
		w.breaks("the key %s is written as %d and %d of %s", e.Key, was, e.Seq, e.Room)
	}
	t.add(f)
	switch e.Kind {
	case protocol.KindMessage:
		o.births[e.Text] = append(o.births[e.Text], f.born)
		if o.countOf(t, e.Text) > 1 {
			w.breaks("%s is in %s twice", e.Text, e.Room)
		}
	case protocol.KindEdit:
		o.births[e.Text] = append(o.births[e.Text], t.facts[e.Target-1].born)
	}
}

// keeps reports whether an event was not purged: a key lasts as long as its message.
func (o *oracle) keeps(room string, seq protocol.Seq) bool {
	r, _ := o.world.database.store.Room(context.Background(), room)
	return seq >= r.First
}

// countOf is how often a message is kept in a log, by its text as it was first.
func (o *oracle) countOf(t *truth, text string) (n int) {
	for _, b := range o.births[text] {
		if f := t.at(b); f != nil && f.event.Kind == protocol.KindMessage && f.event.Text == text && o.keeps(t.room, b.seq) {
			n++
		}
	}
	return n
}

// add does what an event says.
func (t *truth) add(f *fact) {
	e := &f.event
	t.facts = append(t.facts, f)
	if e.Key != "" {
		t.keys[[2]string{e.User.ID, e.Key}] = e.Seq
	}
	if e.Kind == protocol.KindMessage {
		f.versions = []version{{text: e.Text}}
		return
	}
	m := t.facts[e.Target-1]
	last := &m.versions[len(m.versions)-1]
	last.gone, last.until = true, f.at
	if e.Kind == protocol.KindDelete {
		m.deleted = true
	} else {
		m.versions = append(m.versions, version{text: e.Text})
	}
}

// rewound is told that the store began another life.
func (o *oracle) rewound() {
	w := o.world
	o.life++
	for i, was := range o.now {
		t := o.begin(was.room)
		r, _ := w.database.store.Room(context.Background(), was.room)
		for _, f := range was.facts[:r.Head] {
			t.add(&fact{event: f.event, at: f.at, born: f.born})
		}
		o.dropped += len(was.facts) - len(t.facts)
		o.now[i] = t
		w.note("store", "begins another life", was.room+" "+t.epoch[:4], uint64(len(was.facts)), uint64(r.Head))
	}
}

// forgottenIn is how soon a text that is gone is given to nobody any more, by a node that
// has the store: what was lost on the way is found by asking every five seconds.
const forgottenIn = 12 * time.Second

// inHand is how long what the store answered may take. A node that falls asleep with an
// answer in its hand gives what it was told when it wakes; but what others told it
// meanwhile it must not believe.
const inHand = 2 * time.Second

// sees holds what a client of parley.v1 is given to the log of the epoch that it joined.
func (o *oracle) sees(c *client, epoch string, e *protocol.Event, p *piece) {
	w := o.world
	t := o.truthOf(e.Room, epoch)
	if int(e.Seq) > len(t.facts) {
		w.breaks("%s is given event %d of %s, %s, that isn't stored", c.name, e.Seq, e.Room, e.Text)
		return
	}
	f := t.facts[e.Seq-1]
	g := &f.event
	if g.TS != e.TS || g.Kind != e.Kind || g.User.ID != e.User.ID || g.Key != e.Key || g.Target != e.Target {
		w.breaks("%s is given %+v, and the log has %+v", c.name, *e, *g)
		return
	}
	m := f
	if e.Kind == protocol.KindEdit {
		m = t.facts[e.Target-1]
	}
	if e.Kind == protocol.KindDelete || e.Deleted && (m.deleted || m != f) {
		return
	}
	o.mayBeGiven(c, m, e.Text, p)
}

// mayBeGiven reports what is wrong with a text of a message.
func (o *oracle) mayBeGiven(c *client, m *fact, text string, p *piece) {
	i := len(m.versions) - 1 // an edit may be done again, later: its text is there again
	for i >= 0 && m.versions[i].text != text {
		i--
	}
	if i < 0 {
		o.world.breaks("%s is given %q as event %d, which never was its text", c.name, text, m.event.Seq)
		return
	}
	since := p.calm
	if m.at < p.fell+inHand {
		since = max(since, p.woke)
	}
	if v := m.versions[i]; v.gone && p.at-max(v.until, since) > forgottenIn {
		o.world.breaks("%s is given %q, which is gone for %v", c.name, text, p.at-v.until)
	}
}

// reads holds what a client of the tutorial's is given to the order of its room's log.
func (o *oracle) reads(c *client, text string, p *piece) {
	w := o.world
	t := o.inLife(c.views[0].room, p.life) // who wrote it may not have heard of a later one
	births := o.births[text]
	i := slices.IndexFunc(births, func(b birthplace) bool { return b.after(c.last) })
	if i < 0 {
		w.breaks("%s is given %q, which is %v, behind %v", c.name, text, births, c.last)
		return
	}
	was := c.last
	c.last = births[i]
	if is := t.at(c.last); is != nil {
		once := len(births) == 1 // one that was said twice, having been lost or purged, may be either
		if once {
			o.mayBeGiven(c, is, text, p)
		}
		if p.life == c.lastLife && t.at(was) != nil && once && c.lastOnce {
			o.passesOverNone(c, t, was.seq, c.last.seq)
		}
	}
	c.lastLife, c.lastOnce = p.life, len(births) == 1
}

// at is what was born there, if it is in the log.
func (t *truth) at(b birthplace) *fact {
	if b.seq == 0 || int(b.seq) > len(t.facts) || t.facts[b.seq-1].born != b {
		return nil
	}
	return t.facts[b.seq-1]
}

func (o *oracle) passesOverNone(c *client, t *truth, from, to protocol.Seq) {
	for seq := from + 1; seq < to; seq++ {
		f := t.facts[seq-1]
		if f.event.Kind == protocol.KindMessage && !f.deleted {
			o.world.breaks("%s is given %d of %s behind %d, and missed %s", c.name, to, t.room, from, f.event.Text)
		}
	}
}

// acknowledged is told what a client was answered.
func (o *oracle) acknowledged(c *client, a *written) {
	w := o.world
	d := a.draft
	if d.kind != protocol.KindMessage {
		return
	}
	seq := a.result.Event.Seq
	has := func(t *truth) bool {
		return t.room == d.room && int(seq) <= len(t.facts) && t.keys[[2]string{c.user.ID, d.key}] == seq
	}
	if t := o.of(d.room); has(t) {
		o.acks = append(o.acks, ack{d.room, c.user.ID, d.key, t})
		return
	}
	for _, t := range o.all { // a failover dropped it before it was heard of
		if has(t) {
			return
		}
	}
	w.breaks("%s is told that %s is %d of %s, and it isn't", c.name, d.key, seq, d.room)
}

// settled holds everybody to the logs as they are once all is healed.
func (o *oracle) settled() {
	w := o.world
	o.counts()
	for _, a := range o.acks {
		t := o.of(a.room)
		if t.keys[[2]string{a.user, a.key}] == 0 && a.truth == t {
			w.breaks("%s was acknowledged, and is not in %s", a.key, a.room)
		}
	}
	for _, c := range w.clients {
		if c.dialect == protocol.Tutorial {
			o.endsReading(c)
			continue
		}
		if len(c.outbox) > 0 {
			w.breaks("%s still waits to say %d things, the first of them %+v", c.name, len(c.outbox), *c.outbox[0])
		}
		for _, v := range c.views {
			o.endsWith(c, v)
		}
	}
}

// endsWith holds a view to the log.
func (o *oracle) endsWith(c *client, v *view) {
	t := o.of(v.room)
	if v.on == nil || v.on != c.conn || v.epoch != t.epoch || int(v.seq) != len(t.facts) {
		o.world.breaks("%s has %s in %.4s up to %d, and the log is %.4s up to %d", c.name, v.room, v.epoch, v.seq, t.epoch, len(t.facts))
		return
	}
	for i, x := range v.entries {
		f := t.facts[int(v.base)+i]
		if f.event.Kind != protocol.KindMessage || !o.keeps(v.room, f.event.Seq) {
			continue // what was purged is not told of any more
		}
		if want := f.versions[len(f.versions)-1].text; f.deleted != x.deleted || !f.deleted && want != x.text {
			o.world.breaks("%s has %q as %d of %s, and it is %q", c.name, x.text, f.event.Seq, v.room, want)
		}
	}
}

// endsReading wants one who has no seqs to have been given what was said last.
func (o *oracle) endsReading(c *client) {
	t := o.of(c.views[0].room)
	for i := len(t.facts) - 1; i >= 0 && t.facts[i].at >= o.world.plan.last; i-- {
		f := t.facts[i]
		if f.event.Kind == protocol.KindMessage && !slices.Contains(c.got, f.event.Text) {
			o.world.breaks("%s was never given %s", c.name, f.event.Text)
		}
	}
}
