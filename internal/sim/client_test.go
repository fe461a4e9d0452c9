package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// client does what docs/wire.md asks of clients.
type client struct {
	world   *world
	name    string
	user    protocol.User
	dialect protocol.Dialect

	conn    *conn // nil without one
	welcome bool
	decoder frame.Decoder
	lazy    bool // it reads nothing for now
	tries   int
	views   []*view
	outbox  []*draft
	said    int

	// Of the tutorial's: what it was given last on this connection.
	last     birthplace
	lastLife string
	lastOnce bool
	got      []string
}

// view is a room as a client of parley.v1 has it.
type view struct {
	room    string
	epoch   string // empty: it has nothing
	base    protocol.Seq
	seq     protocol.Seq
	entries []entry // behind base, up to seq

	asks    *conn        // where a join has no answer yet
	on      *conn        // that it was joined on
	expects protocol.Seq // the next there
}

type entry struct {
	text    string
	own     bool
	deleted bool
}

// draft is what a client has to say until it is answered.
type draft struct {
	room   string
	kind   protocol.Kind
	key    string
	text   string
	target protocol.Seq
	epoch  string // of the target
	on     *conn  // that it was last sent on
}

func (w *world) newClient(i int) *client {
	c := &client{world: w, name: fmt.Sprintf("client %d", i+1)}
	c.user = protocol.User{ID: fmt.Sprintf("u%d", i+1), Name: c.name}
	c.dialect = protocol.V1
	if w.chance(0.3) {
		c.dialect = protocol.Tutorial
	}
	for _, room := range w.plan.rooms {
		if len(c.views) == 0 || c.dialect == protocol.V1 && w.chance(0.7) {
			c.views = append(c.views, &view{room: room})
		}
	}
	w.after(w.between(0, time.Second), c.connects)
	w.after(w.between(0, w.plan.think), c.speaks)
	return c
}

// connects tries to, until it is welcome.
func (c *client) connects() {
	w := c.world
	if c.conn != nil {
		return
	}
	n := w.nodes[w.rng.IntN(len(w.nodes))]
	if !n.alive || !n.ready {
		c.again()
		return
	}
	k := &conn{world: w, client: c, node: n, up: true, encoding: roomlog.Encoding{Dialect: c.dialect, Deflate: w.plan.deflate}}
	c.conn = k
	w.after(w.between(200*time.Microsecond, 5*time.Millisecond), func() {
		n.do(func() {
			if k.up {
				k.open = true
				n.conns = append(n.conns, k)
				n.people.puts(c.user.ID, 1)
				k.writes(piece{answer: welcomed{}})
			}
		})
	})
	w.after(3*time.Second, func() {
		if c.conn == k && !c.welcome {
			c.loses(k)
		}
	})
}

type welcomed struct{}

// again connects after a while.
func (c *client) again() {
	c.tries = min(c.tries+1, 5)
	c.world.after(c.world.between(0, 100*time.Millisecond<<c.tries), c.connects)
}

// loses forgets a line that is no more, and comes back.
func (c *client) loses(k *conn) {
	if c.conn != k {
		return
	}
	w := c.world
	w.note(c.name, "has no line", k.node.name)
	k.up = false
	c.conn, c.welcome = nil, false
	w.after(w.between(0, 100*time.Millisecond), func() { k.node.do(k.ends) })
	c.again()
}

// doubts has a line that nothing comes on be given up.
func (c *client) doubts(k *conn) {
	w := c.world
	if w.plan.patient {
		return
	}
	w.after(w.between(2*time.Second, 10*time.Second), func() {
		if k.node.frozen {
			c.loses(k)
		}
	})
}

func (c *client) cut() {
	if c.conn != nil && c.welcome {
		c.world.fires(lineCut, c.name)
		c.conn.breaks()
	}
}

// stops has it read nothing for a while.
func (c *client) stops(length time.Duration) {
	c.world.fires(readerStops, c.name)
	c.lazy = true
	c.world.after(length, c.reads)
}

func (c *client) reads() {
	c.lazy = false
	if k := c.conn; k != nil {
		arrived := k.arrived
		k.arrived = nil
		for _, p := range arrived {
			c.gets(k, p)
		}
	}
}

// gets is what came over the line.
func (c *client) gets(k *conn, p piece) {
	switch {
	case c.conn != k:
		return
	case c.lazy:
		k.arrived = append(k.arrived, p)
		return
	}
	if len(p.frames) > 0 {
		full := k.under >= c.world.plan.window
		if k.under -= len(p.frames); full {
			c.world.after(c.world.between(0, time.Millisecond), func() { k.node.do(func() { k.pump(nil) }) })
		}
		c.decodes(k, &p)
		return
	}
	switch a := p.answer.(type) {
	case nil:
		c.loses(k)
	case welcomed:
		c.tries, c.welcome = 0, true
		c.last, c.got = birthplace{}, nil
		c.decoder = frame.NewDecoder(frame.Client, k.encoding.Deflate, frame.Limits{MessageBytes: 1 << 20, Fragments: 1})
		for _, v := range c.views {
			c.joins(k, v)
		}
	case *joined:
		c.isIn(k, a)
	case *refused:
		c.world.after(c.world.between(50*time.Millisecond, 500*time.Millisecond), func() {
			if v := c.view(a.room); c.conn == k {
				v.asks = nil
				c.joins(k, v)
			}
		})
	case *written:
		c.isAnswered(k, a)
	}
}

func (c *client) view(room string) *view {
	i := slices.IndexFunc(c.views, func(v *view) bool { return v.room == room })
	return c.views[i]
}

func (c *client) joins(k *conn, v *view) {
	if c.dialect == protocol.Tutorial {
		k.sends(func() { k.comesIn(v.room) })
		return
	}
	if v.asks == k {
		return
	}
	v.asks = k
	var since *protocol.Cursor
	if v.epoch != "" {
		since = &protocol.Cursor{Epoch: v.epoch, Seq: v.seq}
	}
	last := c.world.rng.IntN(20)
	k.sends(func() { k.joins(v.room, since, last) })
}

// isIn begins with what a join brings.
func (c *client) isIn(k *conn, a *joined) {
	w := c.world
	w.note(c.name, "is in", a.room+" "+string(a.reset), uint64(a.from), uint64(a.head))
	v := c.view(a.room)
	switch {
	case w.oracle.truthOf(a.room, a.epoch) == nil:
		w.breaks("%s is told of an epoch of %s that there never was", c.name, a.room)
	case a.reset != "" && w.mutant == ignoresResets:
	case a.reset != "" || v.epoch == "":
		if v.epoch != "" && v.epoch != a.epoch {
			c.dropsTargets(a.room)
		}
		*v = view{room: a.room, epoch: a.epoch, base: a.from - 1, seq: a.from - 1}
	case a.epoch != v.epoch:
		w.breaks("%s goes on in %s in another epoch without a reset", c.name, a.room)
	case a.from > v.seq+1:
		w.breaks("%s has %s up to %d and goes on with %d", c.name, a.room, v.seq, a.from)
	}
	v.on, v.asks, v.expects = k, nil, a.from
	c.pump(k)
}

// dropsTargets forgets changes of messages whose seqs mean nothing any more.
func (c *client) dropsTargets(room string) {
	c.outbox = slices.DeleteFunc(c.outbox, func(d *draft) bool { return d.room == room && d.target != 0 })
}

// speaks has it say something now and then.
func (c *client) speaks() {
	w := c.world
	if !w.plan.healed {
		w.after(w.between(0, 2*w.plan.think), c.speaks)
		if len(c.outbox) < 5 {
			c.says(c.views[w.rng.IntN(len(c.views))], true)
		}
		if c.dialect == protocol.V1 && c.welcome && w.chance(0.05) {
			c.joins(c.conn, c.views[0]) // as after a hole
		}
	}
}

// says puts something new into the outbox: a message, or now and then a change of one.
func (c *client) says(v *view, changes bool) {
	w := c.world
	c.said++
	d := &draft{room: v.room, kind: protocol.KindMessage, text: fmt.Sprintf("%s.%d", c.user.ID, c.said)}
	if c.dialect == protocol.Tutorial {
		if c.conn != nil && c.welcome {
			k := c.conn
			k.sends(func() {
				if k.seat(v.room) != nil {
					k.proposes(d, store.Draft{Room: v.room, Kind: d.kind, User: c.user, Text: d.text})
				}
			})
		}
		return
	}
	d.key = d.text
	if target := v.ownOne(w.rng.IntN(10)); changes && target != 0 && w.chance(w.plan.changes) {
		d.target, d.epoch, d.key = target, v.epoch, ""
		if d.kind = protocol.KindEdit; w.chance(0.5) {
			d.kind, d.text = protocol.KindDelete, ""
		}
	}
	c.outbox = append(c.outbox, d)
	if c.conn != nil && c.welcome {
		c.pump(c.conn)
	}
}

// ownOne is a message of one's own, nth from the end; 0 for none.
func (v *view) ownOne(nth int) protocol.Seq {
	for i := len(v.entries) - 1; i >= 0; i-- {
		if x := &v.entries[i]; x.own && !x.deleted {
			if nth--; nth < 0 {
				return v.base + protocol.Seq(i) + 1
			}
		}
	}
	return 0
}

// pump sends what waits, a few of each room at once, in its order.
func (c *client) pump(k *conn) {
	for _, v := range c.views {
		if v.on != k {
			continue
		}
		under := 0
		for _, d := range c.outbox {
			if d.room != v.room || under == 2 {
				continue
			}
			under++
			if d.on != k {
				c.sends(k, d)
			}
		}
	}
}

func (c *client) sends(k *conn, d *draft) {
	if d.on != nil && c.world.mutant == resendsWithAnotherKey && d.key != "" {
		d.key += "'"
	}
	d.on = k
	draft := store.Draft{Room: d.room, Kind: d.kind, User: c.user, Key: d.key, Text: d.text, Target: d.target}
	c.world.note(c.name, "sends "+string(d.kind), d.text, uint64(d.target))
	k.sends(func() { k.proposes(d, draft) })
}

// isAnswered hears what became of a draft.
func (c *client) isAnswered(k *conn, a *written) {
	w := c.world
	if c.dialect == protocol.Tutorial {
		return
	}
	i := slices.Index(c.outbox, a.draft)
	if i < 0 {
		return // it was dropped
	}
	refusal, isRefusal := errors.AsType[*protocol.Error](a.err)
	switch {
	case isRefusal && refusal.Code == protocol.CodeKeyReused:
		w.breaks("%s: the key %s is taken", c.name, a.draft.key)
	case a.err != nil && !isRefusal: // it can't be saved now
		a.draft.on = nil
		if w.mutant == resendsWithAnotherKey && a.draft.key != "" {
			a.draft.key += "'"
		}
		w.after(w.between(50*time.Millisecond, 500*time.Millisecond), func() {
			if c.conn == k {
				c.pump(k)
			}
		})
		return
	case !isRefusal:
		w.note(c.name, "is answered", a.draft.text, uint64(a.result.Event.Seq))
		w.oracle.acknowledged(c, a)
	}
	c.outbox = slices.Delete(c.outbox, i, i+1)
	c.pump(k)
}

// decodes reads frames as they come.
func (c *client) decodes(k *conn, p *piece) {
	for b := p.frames; len(b) > 0; {
		n, m, ok, err := c.decoder.Decode(b)
		if err != nil {
			c.world.breaks("%s is given bytes that are no frames: %v", c.name, err)
			return
		}
		if b = b[n:]; ok {
			c.hears(k, m.Payload, p)
		}
	}
}

// says is what a frame of the tutorial's has.
type says struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (c *client) hears(k *conn, payload []byte, p *piece) {
	var e protocol.Event
	var s says
	var err error
	if c.dialect == protocol.V1 {
		err = json.Unmarshal(payload, &e)
	} else {
		err = json.Unmarshal(payload, &s)
	}
	switch {
	case err != nil:
		c.world.breaks("%s is given %s: %v", c.name, payload, err)
	case c.dialect == protocol.V1:
		c.takes(k, &e, p)
	case s.Type == "chat":
		c.hearsChat(s.Text, p)
	}
}

// takes is the second of the rules of docs/wire.md.
func (c *client) takes(k *conn, e *protocol.Event, p *piece) {
	w := c.world
	w.note(c.name, "is given "+string(e.Kind), e.Text, uint64(e.Seq), uint64(e.TS))
	v := c.view(e.Room)
	switch {
	case v.on != k:
		w.breaks("%s is given an event of %s, and hasn't joined it", c.name, e.Room)
		return
	case e.Seq != v.expects:
		w.breaks("%s is given %d of %s, and %d would be next", c.name, e.Seq, e.Room, v.expects)
		return
	}
	v.expects++
	w.oracle.sees(c, v.epoch, e, p)
	if e.Seq == v.seq+1 {
		v.seq++
		v.entries = append(v.entries, entry{text: e.Text, own: e.Kind == protocol.KindMessage && e.User.ID == c.user.ID, deleted: e.Deleted})
		v.applies(e)
	}
}

func (v *view) applies(e *protocol.Event) {
	if e.Target <= v.base {
		return
	}
	switch m := &v.entries[e.Target-v.base-1]; {
	case e.Kind == protocol.KindDelete:
		m.text, m.deleted = "", true
	case e.Kind == protocol.KindEdit && !e.Deleted:
		m.text = e.Text
	}
}

// hearsChat is one more message for one who has no seqs.
func (c *client) hearsChat(text string, p *piece) {
	c.world.note(c.name, "is given", text)
	c.got = append(c.got, text)
	c.world.oracle.reads(c, text, p)
}
