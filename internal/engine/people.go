package engine

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/cluster"
)

// people is what nodes tell one another of who is where, and what this one has heard.
// Nil where nothing is heard of others. A room's mu is taken before mu.
//
// Whom a node carries in a room it tells those that follow the room (afar). In which
// rooms it has how many it tells all, at most once a second but for a room's first and
// last; that is also how others notice that they have missed something of a room.
type people struct {
	// Fixed after newPeople.
	engine  *Engine
	cluster *cluster.Cluster
	clock   *cluster.Clock
	stop    context.CancelFunc
	done    chan struct{} // closed when run has ended

	// Guarded by mu.
	mu       sync.Mutex
	nodes    map[string]*neighbour
	late     map[*liveRoom]struct{} // that have people to tell of with the next step
	rooms    roomsThere
	users    usersThere
	doubts   map[doubt]time.Time // what may have been missed, and when to look again
	answered map[doubt]int       // how often each was answered within the second
	sheets   chan struct{}       // closed when another sheet of rooms is known; nil: nobody waits for one
	second   time.Time           // when counts are due
	digest   time.Time           // when versions are
	unrest   time.Time           // until then they are due every second
}

// neighbour is another node, as far as its people are concerned.
type neighbour struct {
	leased bool      // the store says that it lives
	gone   bool      // the store says that it doesn't: it is not believed until it does again
	since  time.Time // that is so
	mute   bool      // somebody waited for it in vain, and nothing was heard of it since
}

// doubt is that we may not know of all people of a node in a room. Of the whole node, if
// the room is empty.
type doubt struct{ node, room string }

// roomsThere is in which rooms nodes have people.
type roomsThere struct {
	here    map[string]cluster.InRoom
	waiting map[string]cluster.InRoom // to be told within the second; no users: it is none any more
	sheet   *cluster.Sheet[string, cluster.InRoom]
	others  *cluster.Mirror[string, cluster.InRoom]
	pace    cluster.Pace
}

const (
	// What waits is told so often, and what was missed is looked for.
	peopleStep = cluster.GatherFor

	// Counts are told at most so often, and versions of sheets as seldom.
	countsEvery = time.Second
	digestEvery = 5 * time.Second

	// What one message says may be on its way when another one tells of it.
	doubtFor = 300 * time.Millisecond
	askAgain = time.Second
	repeats  = 10 // who asks so often within a second has been answered

	// A node that is heard, and of which the store doesn't know, is taken for gone.
	unleasedFor = 15 * time.Second
	goneFor     = 10 * time.Minute // is longer than any message is on its way

	// How long somebody who comes in waits for other nodes to say who is there.
	awaitFor = 150 * time.Millisecond
)

func newPeople(e *Engine, c *cluster.Cluster) *people {
	if !c.Speaks() {
		return nil
	}
	clock := cluster.NewClock(c.Node())
	at := clock.Tick(time.Now())
	return &people{
		engine: e, cluster: c, clock: clock, done: make(chan struct{}),
		nodes: map[string]*neighbour{}, late: map[*liveRoom]struct{}{},
		doubts: map[doubt]time.Time{}, answered: map[doubt]int{},
		rooms: roomsThere{
			here: map[string]cluster.InRoom{}, waiting: map[string]cluster.InRoom{},
			sheet: cluster.NewSheet(cluster.RoomsForm, "", at), others: cluster.NewMirror(cluster.RoomsForm),
		},
		users: newUsersThere(at),
	}
}

// ears adds what people hear of to what others do.
func (p *people) ears(e *cluster.Ears) {
	if p == nil {
		return
	}
	e.Message[cluster.KindPeople] = p.hear
	e.Message[cluster.KindUser] = p.hearUser
	e.Came, e.Gone, e.Lapsed = p.came, p.gone, p.resync
	listens, everyone := e.Listens, e.Everyone
	e.Listens = func(rooms []string) {
		listens(rooms)
		p.listens(rooms)
	}
	e.Everyone = func() {
		everyone()
		p.resync()
	}
}

func (p *people) start() {
	if p == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go p.run(ctx)
}

func (p *people) close() {
	if p == nil {
		return
	}
	p.stop()
	<-p.done
	p.step(time.Now(), true) // that nobody is here any more
}

func (p *people) run(ctx context.Context) {
	defer close(p.done)
	tick := time.NewTicker(peopleStep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.step(time.Now(), false)
		case <-ctx.Done():
			return
		}
	}
}

// step does what is due.
func (p *people) step(now time.Time, last bool) {
	p.mu.Lock()
	late := p.late
	p.late = map[*liveRoom]struct{}{}
	p.mu.Unlock()
	for r := range late {
		r.tellPeople()
	}
	p.mu.Lock()
	if second := !now.Before(p.second); second || last {
		p.second = now.Add(countsEvery)
		p.writeCounts(now)
		clear(p.answered)
	}
	p.tellSheets()
	digest := !now.Before(p.digest)
	if digest {
		p.digest = now.Add(digestEvery)
		if now.Before(p.unrest) {
			p.digest = now.Add(countsEvery)
		}
		p.tellAll(cluster.KindPeople, cluster.Say(cluster.Rooms, cluster.Digest, "", p.rooms.sheet.Version()))
		p.tellAll(cluster.KindUser, cluster.Say(cluster.Users, cluster.Digest, "", p.users.sheet.Version()))
	}
	lost := p.forget(now)
	due := p.due(now)
	p.mu.Unlock()
	for _, node := range lost {
		p.lose(node)
	}
	for d := range due {
		p.check(d, now)
	}
	if digest {
		p.audit()
	}
}

// forget lets go of what is too old to matter, and gives the nodes that the store
// doesn't know.
func (p *people) forget(now time.Time) (lost []string) {
	for node, n := range p.nodes {
		switch {
		case n.gone && now.Sub(n.since) > goneFor:
			delete(p.nodes, node)
		case !n.gone && !n.leased && now.Sub(n.since) > unleasedFor:
			n.gone, n.since = true, now
			lost = append(lost, node)
		}
	}
	return lost
}

func (p *people) tellAll(kind cluster.Kind, bodies ...[]byte) {
	for _, body := range bodies {
		p.cluster.TellAll(kind, body)
	}
}

// ask asks a node for a sheet. Whoever asks sees to it that this isn't too often.
func (p *people) ask(node string, kind cluster.Kind, body []byte) {
	p.cluster.TellNode(node, kind, body)
}

// put has a room's people be told of with the next step.
func (p *people) put(r *liveRoom) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late[r] = struct{}{}
}

// counts notes how many users this node has in a room.
func (p *people) counts(room string, n cluster.InRoom) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.rooms.here[room].Users
	if n.Users == 0 {
		delete(p.rooms.here, room)
	} else {
		p.rooms.here[room] = n
	}
	if (before == 0) == (n.Users == 0) {
		p.rooms.waiting[room] = n
		return
	}
	now := time.Now()
	delete(p.rooms.waiting, room)
	p.writeCount(room, n, now)
	if p.rooms.pace.Wait(now) == 0 {
		p.tellSheets()
	}
}

func (p *people) writeCount(room string, n cluster.InRoom, now time.Time) {
	if n.Users == 0 {
		p.rooms.sheet.Drop(room, p.clock.Tick(now))
	} else {
		p.rooms.sheet.Put(room, n, p.clock.Tick(now))
	}
}

func (p *people) writeCounts(now time.Time) {
	for room, n := range p.rooms.waiting {
		p.writeCount(room, n, now)
	}
	clear(p.rooms.waiting)
}

// tellSheets tells what has yet to be told of rooms and users.
func (p *people) tellSheets() {
	most := p.cluster.MaxBody()
	p.tellAll(cluster.KindPeople, p.rooms.sheet.Tell(most)...)
	p.tellAll(cluster.KindUser, p.users.sheet.Tell(most)...)
	p.tellActs()
}

// believes notes that a node was heard, and reports whether what it says counts.
func (p *people) believes(node string) bool {
	p.mu.Lock()
	n := p.nodes[node]
	fresh := n == nil
	if fresh {
		n = &neighbour{since: time.Now()}
		p.nodes[node] = n
	}
	n.mute = false
	gone := n.gone
	p.mu.Unlock()
	if fresh { // the store will say so soon
		p.askSheets(node)
	}
	return !gone
}

// given reports whether a node was given up, perhaps while something of it was on its
// way. Its caller holds mu.
func (p *people) given(node string) (up bool) {
	n := p.nodes[node]
	return n == nil || n.gone
}

// came hears that a node lives.
func (p *people) came(node string) {
	p.mu.Lock()
	p.nodes[node] = &neighbour{leased: true, since: time.Now()}
	p.mu.Unlock()
	p.askSheets(node)
}

// gone hears that it doesn't.
func (p *people) gone(node string) {
	p.mu.Lock()
	p.nodes[node] = &neighbour{gone: true, since: time.Now()}
	p.mu.Unlock()
	p.lose(node)
}

// lose forgets whom a node carried.
func (p *people) lose(node string) {
	p.mu.Lock()
	p.rooms.others.Lost(node)
	p.users.others.Lost(node)
	maps.DeleteFunc(p.doubts, func(d doubt, _ time.Time) bool { return d.node == node })
	p.mu.Unlock()
	for _, r := range p.engine.rooms.all() {
		if r.afar != nil {
			r.loses(node)
		}
	}
}

// resync asks every node for what may have been missed, and has them ask for what they
// may have.
func (p *people) resync() {
	p.mu.Lock()
	var nodes []string
	for node, n := range p.nodes {
		if !n.gone {
			nodes = append(nodes, node)
		}
	}
	// Where all lost the broker, others may not hear yet what is said now, nor we what
	// they answer.
	p.digest, p.unrest = time.Time{}, time.Now().Add(digestEvery)
	p.mu.Unlock()
	for _, node := range nodes {
		p.askSheets(node)
	}
}

func (p *people) askSheets(node string) {
	p.mu.Lock()
	rooms := cluster.Say(cluster.Rooms, cluster.Ask, "", p.rooms.others.Version(node))
	users := cluster.Say(cluster.Users, cluster.Ask, "", p.users.others.Version(node))
	p.mu.Unlock()
	p.ask(node, cluster.KindPeople, rooms)
	p.ask(node, cluster.KindUser, users)
}

// hear takes what another node says of people.
func (p *people) hear(m *cluster.Message) {
	if len(m.Body) == 0 || !p.believes(m.From) {
		return
	}
	if cluster.Matter(m.Body[0]) == cluster.Typing {
		if r := p.engine.rooms.find(m.Room); r != nil && r.afar != nil {
			r.hearTyping(m.From, m.Body[1:], time.Now())
		}
		return
	}
	s, ok := cluster.Read(m.Body)
	if !ok || m.Room != "" && m.Room != s.Room {
		return
	}
	switch s.Matter {
	case cluster.People:
		p.hearRoom(m.From, &s)
	case cluster.Rooms:
		p.hearRooms(m.From, &s)
	}
}

// hearRoom takes what is said of those in one room.
func (p *people) hearRoom(node string, s *cluster.Said) {
	empty := p.clock.Tick(time.Now()) // before the look: what comes later is later
	r := p.engine.rooms.find(s.Room)
	switch {
	case s.Verb != cluster.Ask:
		if r != nil && r.afar != nil {
			r.hearPeople(node, s)
		}
	case !p.mayAnswer(node, s.Room):
	case r != nil && r.afar != nil:
		r.answer(node, s.Version)
	default: // nobody is here any more
		for _, body := range peopleForm.Whole(s.Room, empty, empty, func(func(cluster.Stamp, *far) bool) {}, p.cluster.MaxBody()) {
			p.cluster.TellNode(node, cluster.KindPeople, body)
		}
	}
}

// mayAnswer reports whether a node is answered that asks for a sheet.
func (p *people) mayAnswer(node, room string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := doubt{node, room}
	p.answered[d]++
	return p.answered[d] <= repeats
}

// hearRooms takes what is said of where a node has people.
func (p *people) hearRooms(node string, s *cluster.Said) {
	if s.Verb == cluster.Ask {
		if p.mayAnswer(node, "") {
			answerSheet(p, node, cluster.KindPeople, p.rooms.sheet, p.rooms.here, s.Version)
		}
		return
	}
	ops, heard := hearSheet(p, doubt{node: node}, cluster.KindPeople, p.rooms.others, s)
	if !heard {
		return
	}
	if s.Verb == cluster.Whole {
		p.sheetCame()
	}
	for i := range ops {
		if r := p.engine.rooms.find(ops[i].Key); r != nil && r.afar != nil {
			p.doubtOf(r, node)
		}
	}
}

// mayAskFor reports whether a sheet is asked for, which was not just before.
func (p *people) mayAskFor(d doubt) bool {
	now := time.Now()
	if at, ok := p.doubts[d]; ok && now.Before(at) {
		return false
	}
	p.doubts[d] = now.Add(askAgain)
	return true
}

// hearSheet takes what a node says of a sheet that it has for all, and asks for what was
// missed; about is what is in doubt then. It is not heard of one that was given up.
func hearSheet[K comparable, V any](p *people, about doubt, kind cluster.Kind, others *cluster.Mirror[K, V], s *cluster.Said) (ops []cluster.Op[K, V], heard bool) {
	p.mu.Lock()
	if p.given(about.node) {
		p.mu.Unlock()
		return nil, false
	}
	ops, gap := others.Hear(about.node, s)
	body := cluster.Say(s.Matter, cluster.Ask, "", others.Version(about.node))
	gap = gap && p.mayAskFor(about)
	p.mu.Unlock()
	p.clock.Saw(s.Version)
	if gap {
		p.ask(about.node, kind, body)
	}
	return ops, true
}

// answerSheet tells a node all that is on a sheet that is for all, unless it knows.
func answerSheet[K comparable, V any](p *people, node string, kind cluster.Kind, sheet *cluster.Sheet[K, V], here map[K]V, known cluster.Stamp) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tellSheets()
	if known == sheet.Version() {
		return
	}
	for _, body := range sheet.Whole(maps.All(here), p.clock.Tick(time.Now()), p.cluster.MaxBody()) {
		p.cluster.TellNode(node, kind, body)
	}
}
