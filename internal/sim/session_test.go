package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// conn is a client's line to a node, and the session at its end.
type conn struct {
	world    *world
	client   *client
	node     *node
	encoding roomlog.Encoding
	up       bool // the client's end
	open     bool // the node's: the session lives

	under    int           // bytes on the way to the client, or unread there
	down     time.Duration // when what was sent last arrives …
	upward   time.Duration // … at either end
	arrived  []piece       // that the client has yet to read
	seats    []*seat
	cold     *seat
	busy     bool     // with an errand
	commands []func() // that wait for it
}

// seat is a session's place in a room.
type seat struct {
	conn   *conn
	room   *liveRoom
	reader roomlog.Reader
	until  protocol.Seq
	told   bool // it has caught up
}

// piece is what a node writes at once: frames, an answer, or its close.
type piece struct {
	frames []byte
	answer any
	close  protocol.CloseCode
	at     time.Duration // when it was written …
	calm   time.Duration // … by a node that has had the store since then …
	fell   time.Duration // … and slept from here …
	woke   time.Duration // … to here
	life   string        // that it knew of
}

// writes sends a piece to the client.
func (c *conn) writes(p piece) {
	w := c.world
	n := c.node
	p.at, p.calm, p.fell, p.woke, p.life = w.now, n.trouble, n.fell, n.woke, n.link.life
	if n.link.cut || !w.database.up || w.database.slow > 0 {
		p.calm = w.now
	}
	c.under += len(p.frames)
	c.down = max(c.down, w.now+w.between(200*time.Microsecond, 5*time.Millisecond))
	w.after(c.down-w.now, func() {
		if c.up {
			c.client.gets(c, p)
		}
	})
}

// sends has a command reach the session.
func (c *conn) sends(command func()) {
	w := c.world
	c.upward = max(c.upward, w.now+w.between(200*time.Microsecond, 5*time.Millisecond))
	w.after(c.upward-w.now, func() { c.node.do(func() { c.hears(command) }) })
}

func (c *conn) hears(command func()) {
	switch {
	case !c.open:
	case c.busy:
		c.commands = append(c.commands, command)
	default:
		command()
	}
}

// errand asks the store with what comes after waiting.
func (c *conn) errand(run, done func()) {
	c.busy = true
	c.node.spawn(func() {
		run()
		if !c.node.alive {
			return
		}
		done()
		c.busy = false
		for len(c.commands) > 0 && !c.busy {
			next := c.commands[0]
			c.commands = c.commands[1:]
			c.hears(next)
		}
	})
}

// breaks cuts the line: the node and the client learn of it, each in a while.
func (c *conn) breaks() {
	w := c.world
	w.after(w.between(0, time.Second), func() { c.node.do(c.ends) })
	w.after(w.between(0, time.Second), func() { c.client.loses(c) })
	c.upward = max(c.upward, w.now+time.Hour) // nothing comes through any more
	c.down = c.upward
}

// ends is the session's end.
func (c *conn) ends() {
	if !c.open {
		return
	}
	c.open = false
	for len(c.seats) > 0 {
		c.unseat(c.seats[0])
	}
	n := c.node
	n.people.puts(c.client.user.ID, -1)
	n.conns = slices.DeleteFunc(n.conns, func(x *conn) bool { return x == c })
}

func (c *conn) closes(code protocol.CloseCode) {
	c.world.note(c.node.name, "closes", c.client.name, uint64(code))
	c.ends()
	c.writes(piece{close: code})
}

func (c *conn) unseat(x *seat) {
	if c.cold == x {
		c.cold = nil
	}
	x.reader.Detach()
	c.seats = slices.DeleteFunc(c.seats, func(y *seat) bool { return x == y })
	x.room.seats = slices.DeleteFunc(x.room.seats, func(y *seat) bool { return x == y })
	c.node.close(x.room)
}

func (c *conn) seat(room string) *seat {
	for _, x := range c.seats {
		if x.room.log.Room() == room {
			return x
		}
	}
	return nil
}

func (c *conn) attach(r *liveRoom) *seat {
	x := &seat{conn: c, room: r}
	r.log.Attach(&x.reader, c.encoding)
	return x
}

// joins is v1.join.
func (c *conn) joins(room string, since *protocol.Cursor, last int) {
	n := c.node
	live := n.open(room)
	n.follow(live)
	x := c.attach(live)
	life := n.link.Life()
	var r store.Room
	var err error
	c.errand(func() { r, err = n.link.Room(context.Background(), room) }, func() {
		if !c.open || err != nil {
			x.reader.Detach()
			n.close(live)
		}
		switch {
		case !c.open:
		case err != nil:
			c.writes(piece{answer: &refused{room: room}})
		default:
			if live.log.Base(life, r.Head) {
				live.wake()
			}
			c.sits(x, &r, since, last)
		}
	})
}

// joined and refused are what a client is answered.
type (
	joined struct {
		room  string
		epoch string
		from  protocol.Seq
		head  protocol.Seq
		reset protocol.Reset
	}
	refused struct{ room string }
	written struct {
		draft  *draft
		result store.Result
		err    error
	}
)

// sits is v1.sit.
func (c *conn) sits(x *seat, r *store.Room, since *protocol.Cursor, last int) {
	cursor, reset := roomlog.Begin(since, last, r)
	if c.world.mutant == forgetsEpochs && since != nil && reset == protocol.ResetEpoch && since.Seq <= r.Head {
		cursor, reset = since.Seq, ""
	}
	x.reader.Seek(cursor, r.Head)
	x.until = r.Head
	if old := c.seat(r.Name); old != nil {
		c.unseat(old)
	}
	c.seats = append(c.seats, x)
	x.room.seats = append(x.room.seats, x)
	c.writes(piece{answer: &joined{room: r.Name, epoch: r.Epoch, from: cursor + 1, head: r.Head, reset: reset}})
	c.pump(nil)
}

// comesIn is tutorialDialect.joinAs: one room at a time.
func (c *conn) comesIn(room string) {
	n := c.node
	for len(c.seats) > 0 {
		c.unseat(c.seats[0])
	}
	live := n.open(room)
	n.follow(live)
	enter := func() {
		if !c.open {
			n.close(live)
			return
		}
		x := c.attach(live)
		x.told = true
		c.seats = append(c.seats, x)
		live.seats = append(live.seats, x)
		live.log.Notice(protocol.Tutorial, fmt.Appendf(nil, `{"type":"system","text":"%s joined #%s","users":[]}`, c.client.name, room), nil)
		live.wake()
	}
	c.errand(func() {
		if live.log.Based() {
			return
		}
		lacks, err := n.upkeep.Ask(context.Background(), n.link, []*roomlog.Log{live.log}, n.now)
		if lacks || err != nil {
			n.signal()
		}
	}, enter)
}

// proposes is v1.write, and tutorialDialect.chat.
func (c *conn) proposes(d *draft, draft store.Draft) {
	live := c.node.open(draft.Room)
	c.node.writer.Propose(roomlog.Proposal{Log: live.log, Draft: draft, By: &flight{conn: c, draft: d, room: live}})
	c.node.writes()
}

// flight is a proposal that has no answer yet.
type flight struct {
	conn  *conn
	draft *draft
	room  *liveRoom
}

// Appended implements roomlog.Proposer.
func (f *flight) Appended(_ *roomlog.Proposal, r *store.Result, err error) {
	c := f.conn
	c.node.close(f.room)
	if !c.open || !c.node.alive {
		return
	}
	answer := &written{draft: f.draft, result: *r, err: err}
	if err != nil && c.world.mutant == acksFailures {
		answer.err = nil
		answer.result.Event.Seq = f.room.log.Size().Head + 1
	}
	if err == nil && r.Err != nil {
		answer.err = r.Err
	}
	c.writes(piece{answer: answer})
}

// most is what is read at once.
const most = 2 << 10

// pump writes what the session's rooms have for it, while its socket takes it.
func (c *conn) pump(p *roomlog.Repeat) {
	for more := true; more && c.open && c.cold == nil && c.under < c.world.plan.window; {
		more = false
		for _, x := range slices.Clone(c.seats) {
			if c.open && c.cold == nil {
				more = x.reads(p) || more
			}
		}
	}
}

// reads is v1.readSeat and tutorialDialect.read. more: it wrote something.
func (x *seat) reads(p *roomlog.Repeat) (more bool) {
	c := x.conn
	if !x.told && x.reader.Passed(roomlog.Behind(x.until)) {
		x.told = true
	}
	var pieces [][]byte
	var err error
	if x.told {
		pieces, _, err = x.reader.Follow(nil, most, p)
	} else {
		pieces, _, err = x.reader.Read(nil, roomlog.Behind(x.until), most)
	}
	if len(pieces) > 0 {
		c.writes(piece{frames: slices.Concat(pieces...)})
	}
	switch {
	case errors.Is(err, roomlog.ErrRewound):
		c.closes(protocol.CloseGoingAway)
		return false
	case err != nil:
		c.cold = x
		c.node.spawn(func() { x.warms(x.reader.Cold()) })
		return false
	}
	return len(pieces) > 0
}

func (x *seat) end() roomlog.Position {
	if x.told {
		return roomlog.End
	}
	return roomlog.Behind(x.until)
}

// warms asks the store for what is not in memory, and takes what it gives, as
// session.Warm does.
func (x *seat) warms(ask roomlog.ColdRead) {
	c := x.conn
	events, err := c.node.link.Read(context.Background(), ask.Room, ask.Cursor, ask.Limit)
	if !c.node.alive || c.cold != x {
		return
	}
	switch {
	case errors.Is(err, store.ErrNotKept), len(events) > 0 && events[0].Seq != ask.Cursor+1:
		c.closes(protocol.CloseTooSlow)
		return
	case err != nil:
		c.closes(protocol.CloseInternal)
		return
	}
	frames, _, ok := x.reader.Warm(events, x.end(), most)
	c.cold = nil
	if len(frames) > 0 {
		c.writes(piece{frames: frames})
	}
	if !ok {
		c.closes(protocol.CloseTooSlow)
		return
	}
	c.pump(nil)
}
