package sim

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// node is one life of a node: the real parts, and between them what the engine has.
type node struct {
	world  *world
	name   string
	alive  bool
	ready  bool // it takes clients
	frozen bool
	inbox  []func() // what came while it was frozen
	offset time.Duration
	procs  []*proc

	link    *link
	line    *line
	cluster *cluster.Cluster
	writer  *roomlog.Writer
	writing bool

	rooms  []*liveRoom
	budget roomlog.Budget
	life   string // that rooms begin in
	conns  []*conn
	people *people
	began  time.Duration

	// What asks the store on its own.
	upkeep  *roomlog.Upkeep
	hinted  []string
	polls   roomlog.Polls
	run     *proc
	idle    bool // run waits
	more    bool // it has something to do
	ticked  bool
	wakes   int
	trouble time.Duration // when something last kept the store from it
	fell    time.Duration // when it was last frozen
	woke    time.Duration // when it last went on
}

// liveRoom is a room that somebody here is in, or writes to.
type liveRoom struct {
	node     *node
	log      *roomlog.Log
	holders  int
	followed bool
	seats    []*seat
	passes   bool
}

var silence = slog.New(slog.DiscardHandler)

// begin starts the node of a place.
func (w *world) begin(place, start int) *node {
	n := &node{world: w, name: fmt.Sprintf("node %d.%d", place+1, start), alive: true, upkeep: roomlog.NewUpkeep()}
	n.budget = roomlog.Budget{MemoryBytes: w.plan.memory, Total: 1 << 30}
	n.link, n.line = &link{node: n}, &line{node: n}
	n.jump()
	n.began = w.now
	n.people = newPeople(n)
	w.nodes[place], w.hub.lines[place] = n, n.line
	n.spawn(n.starts)
	return n
}

// jump sets its clock to another time.
func (n *node) jump() {
	n.world.fires(clockJumps, n.name)
	n.offset = n.world.between(-time.Hour, time.Hour)
}

// starts is startPeers and what comes before it, until it succeeds.
func (n *node) starts() {
	w := n.world
	n.pausesUntil(func() error { return n.link.ask(func(d *database) { n.link.life = d.store.Life() }) })
	n.life = n.link.life
	n.link.Watch(n.renewed)
	n.writer = roomlog.NewStepped(n.link, func(int) {}, func(error) {})
	n.writer.Shares(n)
	n.cluster = cluster.New(cluster.Config{
		Store: n.link, Log: silence, Broker: n.openLine, Node: n.name,
		Now: n.wall,
	})
	ears := cluster.Ears{
		Message: map[cluster.Kind]func(*cluster.Message){cluster.KindEvents: n.hearsEvents},
		Hint:    n.hints,
		Listens: func(rooms []string) {
			for _, room := range rooms {
				n.looks(room)
			}
		},
	}
	n.people.ears(&ears)
	n.pausesUntil(func() error { return n.cluster.Join(context.Background(), ears) })
	if !n.alive {
		return
	}
	n.ready = true
	w.note(n.name, "is ready", "")
	n.run = n.spawn(n.follows)
	n.run.upkeep = true
	n.every(roomlog.PollAway, func() { n.ticked = true; n.signal() })
	n.people.starts()
	n.every(cluster.BeatEvery, func() { n.spawn(func() { _ = n.cluster.Beat(context.Background()) }) })
}

func (n *node) pausesUntil(done func() error) {
	p := n.world.running
	for n.alive && done() != nil {
		n.world.after(300*time.Millisecond, func() { n.do(p.resume) })
		p.park()
	}
}

func (n *node) every(d time.Duration, do func()) {
	n.world.after(d, func() {
		if n.alive {
			n.do(do)
			n.every(d, do)
		}
	})
}

// do has something happen at the node, once it isn't frozen.
func (n *node) do(f func()) {
	switch {
	case !n.alive:
	case n.frozen:
		n.inbox = append(n.inbox, f)
	default:
		f()
	}
}

func (n *node) freeze(length time.Duration) {
	if n.frozen || !n.alive {
		return
	}
	n.world.fires(nodeFreezes, n.name)
	n.frozen = true
	n.fell = n.world.now
	for _, c := range n.conns {
		c.client.doubts(c)
	}
	n.world.after(length, n.thaw)
}

func (n *node) thaw() {
	if !n.frozen {
		return
	}
	n.frozen = false
	n.woke = n.world.now
	n.world.note(n.name, "goes on", "", uint64(len(n.inbox)))
	inbox := n.inbox
	n.inbox = nil
	for _, f := range inbox {
		n.do(f)
	}
}

// crash ends a node without a word; another one takes its place.
func (w *world) crash(place int) {
	n := w.nodes[place]
	if !n.alive {
		return
	}
	w.fires(nodeCrashes, n.name)
	n.alive = false
	w.oracle.dies(n)
	for _, p := range n.procs {
		p.kill()
	}
	n.line.up = false
	for _, c := range slices.Clone(n.conns) {
		c.breaks()
	}
	w.after(w.between(100*time.Millisecond, 5*time.Second), func() { w.restart(place) })
}

func (w *world) restart(place int) {
	if !w.nodes[place].alive {
		w.starts++
		w.begin(place, w.starts)
	}
}

// wall is the clock that can be wrong.
func (n *node) wall() time.Time { return n.world.clock().Add(n.offset) }

// now is the monotonic clock.
func (n *node) now() time.Time { return n.world.clock() }

// open is rooms.open.
func (n *node) open(name string) *liveRoom {
	r := n.find(name)
	if r == nil {
		r = &liveRoom{node: n}
		r.log = roomlog.New(name, &n.budget, r.wake)
		r.log.Shared(n.life)
		n.rooms = append(n.rooms, r)
	}
	r.holders++
	return r
}

// close is rooms.close.
func (n *node) close(r *liveRoom) {
	if r.holders--; r.holders > 0 {
		return
	}
	n.rooms = slices.DeleteFunc(n.rooms, func(x *liveRoom) bool { return x == r })
	if r.followed {
		n.cluster.Unfollow(r.log.Room())
	}
}

// follow is rooms.follow.
func (n *node) follow(r *liveRoom) {
	if !r.followed {
		r.followed = true
		n.cluster.Follow(r.log.Room())
	}
}

func (n *node) find(name string) *liveRoom {
	for _, r := range n.rooms {
		if r.log.Room() == name {
			return r
		}
	}
	return nil
}

// wake is a pass through the room's members, soon.
func (r *liveRoom) wake() {
	if r.passes {
		return
	}
	r.passes = true
	w := r.node.world
	w.after(w.between(0, time.Millisecond), func() { r.node.do(r.pass) })
}

func (r *liveRoom) pass() {
	r.passes = false
	var p roomlog.Repeat
	for _, x := range slices.Clone(r.seats) {
		x.conn.pump(&p)
	}
}

// Life implements roomlog.Others.
func (n *node) Life() string { return n.link.Life() }

// Wrote implements roomlog.Others, as peers.Wrote does.
func (n *node) Wrote(l *roomlog.Log, life string, events []protocol.Event) {
	if n.world.mutant == tellsOfOtherLives {
		life = n.Life()
	}
	n.cluster.Tell(l.Room(), life, cluster.KindEvents, roomlog.WriteNews(events, n.cluster.MaxBody()))
	if r := n.find(l.Room()); r != nil && r.log == l {
		n.wants(l)
	}
}

// hearsEvents is peers.hearEvents.
func (n *node) hearsEvents(m *cluster.Message) {
	r := n.find(m.Room)
	if r == nil {
		return
	}
	news := roomlog.News{Life: m.Life, Late: m.Late, Unsure: m.Unsure, Body: m.Body}
	if n.world.mutant == believesOtherLives {
		news.Life = n.link.Life()
	}
	if n.world.mutant == believesOldNews {
		news.Late, news.Unsure = 0, false
	}
	if n.upkeep.Hear(r.log, &news, n.link.Life(), n.now()) {
		n.signal()
	}
}

// hints is peers.hint.
func (n *node) hints(room string) {
	if n.hinted == nil {
		n.world.after(100*time.Millisecond, func() {
			n.do(func() {
				rooms := n.hinted
				n.hinted = nil
				for _, room := range rooms {
					n.looks(room)
				}
			})
		})
	}
	n.hinted = append(n.hinted, room)
}

// looks is, room by room, peers.listens.
func (n *node) looks(room string) {
	if r := n.find(room); r != nil {
		n.upkeep.Look(r.log)
		n.signal()
	}
}

func (n *node) wants(l *roomlog.Log) {
	if n.upkeep.Wants(l, n.now()) {
		n.signal()
	}
}

// renewed is peers.renewed.
func (n *node) renewed(life string) {
	n.life = life
	n.world.note(n.name, "hears of another life", life[:4])
	if n.world.mutant == skipsRewind {
		return
	}
	for _, r := range n.rooms {
		r.log.Rewind(life)
		r.wake()
		n.upkeep.Look(r.log)
	}
	n.signal()
}

// signal has follows do something.
func (n *node) signal() {
	n.more = true
	if !n.idle || n.wakes > 0 {
		return
	}
	n.wakes++
	n.world.after(0, func() {
		n.do(func() {
			n.wakes--
			if n.idle && n.more {
				n.run.resume()
			}
		})
	})
}

// follows is logFollower.run.
func (n *node) follows() {
	p := n.world.running
	p.upkeep = true
	for n.alive {
		for !n.more {
			n.idle = true
			if !p.park() {
				return
			}
			n.idle = false
		}
		n.more = false
		if n.ticked {
			n.polled()
		}
		began := n.now()
		if logs := n.upkeep.Looks(); len(logs) > 0 {
			_, _ = n.upkeep.Ask(context.Background(), n.link, logs, n.now)
		}
		n.polls.Took(n.now().Sub(began))
		n.fillsWhatIsDue()
	}
}

func (n *node) polled() {
	n.ticked = false
	if n.world.mutant == neverPolls || !n.polls.Due(n.now(), n.cluster.Away()) {
		return
	}
	for _, r := range n.rooms {
		if r.followed {
			n.upkeep.Look(r.log)
		}
	}
}

func (n *node) fillsWhatIsDue() {
	logs, wait := n.upkeep.Due(n.now())
	for _, l := range logs {
		n.spawn(func() { n.fills(l) })
	}
	if wait < time.Minute {
		n.world.after(wait, func() { n.do(n.signal) })
	}
}

// fills is logFollower.fill.
func (n *node) fills(l *roomlog.Log) {
	n.world.running.upkeep = true
	var err error
	for done := false; n.alive && !done && err == nil; {
		if n.world.mutant == ignoresHoles {
			break
		}
		done, err = n.upkeep.Fill(context.Background(), l, n.link)
	}
	n.upkeep.Filled(l, err, n.now())
	n.signal()
}

// writes has the writer append what is proposed.
func (n *node) writes() {
	if n.writing {
		return
	}
	n.writing = true
	n.spawn(func() {
		for n.alive && n.writer.Step() {
			continue
		}
		n.writing = false
	})
}
