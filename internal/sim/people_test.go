package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/cluster"
)

// people is what the engine's does in one matter: how many sessions users have on each
// node.
type people struct {
	node   *node
	clock  *cluster.Clock
	here   map[cluster.UserKey]int
	sheet  *cluster.Sheet[cluster.UserKey, int]
	others *cluster.Mirror[cluster.UserKey, int]
	known  map[string]*neighbour
	doubts map[string]time.Duration // when a node may be asked again
	late   bool                     // something has yet to be told
}

// neighbour is another node.
type neighbour struct {
	leased, gone bool
	since        time.Duration
}

const (
	tellEvery   = cluster.GatherFor
	digestEvery = 5 * time.Second
	askAgain    = time.Second
	unleasedFor = 15 * time.Second
)

func newPeople(n *node) *people {
	p := &people{
		node: n, clock: cluster.NewClock(n.name), here: map[cluster.UserKey]int{},
		others: cluster.NewMirror(cluster.UsersForm), known: map[string]*neighbour{}, doubts: map[string]time.Duration{},
	}
	p.sheet = cluster.NewSheet(cluster.UsersForm, "", p.tick())
	return p
}

func (p *people) tick() cluster.Stamp { return p.clock.Tick(p.node.wall()) }

// ears are those of cluster.Ears that people need.
func (p *people) ears(e *cluster.Ears) {
	e.Message[cluster.KindUser] = p.hears
	e.Came = func(node string) {
		p.known[node] = &neighbour{leased: true, since: p.node.world.now}
		p.asks(node)
	}
	e.Gone = func(node string) {
		if p.node.world.mutant == keepsTheDead {
			return
		}
		p.known[node] = &neighbour{gone: true, since: p.node.world.now}
		p.others.Lost(node)
	}
	e.Lapsed, e.Everyone = p.resyncs, p.resyncs
}

// starts has what is due be done.
func (p *people) starts() {
	p.node.every(time.Second, p.forgets)
	p.node.every(digestEvery, p.digests)
}

// puts notes that a session has come, or gone.
func (p *people) puts(user string, more int) {
	key := cluster.KeyOf(user)
	if p.here[key] += more; p.here[key] == 0 {
		delete(p.here, key)
		p.sheet.Drop(key, p.tick())
	} else {
		p.sheet.Put(key, p.here[key], p.tick())
	}
	if !p.late {
		p.late = true
		p.node.world.after(tellEvery, func() { p.node.do(p.tells) })
	}
}

func (p *people) tells() {
	p.late = false
	for _, body := range p.sheet.Tell(p.node.cluster.MaxBody()) {
		p.node.cluster.TellAll(cluster.KindUser, body)
	}
}

// forgets gives up nodes that are heard, and of which the store doesn't know.
func (p *people) forgets() {
	for _, node := range slices.Sorted(maps.Keys(p.known)) {
		if x := p.known[node]; !x.gone && !x.leased && p.node.world.now-x.since > unleasedFor {
			x.gone = true
			p.others.Lost(node)
		}
	}
}

func (p *people) digests() {
	p.node.cluster.TellAll(cluster.KindUser, cluster.Say(cluster.Users, cluster.Digest, "", p.sheet.Version()))
}

func (p *people) asks(node string) {
	if p.node.world.mutant != neverAsks {
		p.node.cluster.TellNode(node, cluster.KindUser, cluster.Say(cluster.Users, cluster.Ask, "", p.others.Version(node)))
	}
}

func (p *people) resyncs() {
	for _, node := range slices.Sorted(maps.Keys(p.known)) {
		if !p.known[node].gone {
			p.asks(node)
		}
	}
	p.digests()
}

// hears is people.hearUser.
func (p *people) hears(m *cluster.Message) {
	w := p.node.world
	x := p.known[m.From]
	if x == nil {
		x = &neighbour{since: w.now}
		p.known[m.From] = x
		p.asks(m.From)
	}
	s, ok := cluster.Read(m.Body)
	if !ok || x.gone {
		return
	}
	if s.Verb == cluster.Ask {
		p.answers(m.From, s.Version)
		return
	}
	_, gap := p.others.Hear(m.From, &s)
	p.clock.Saw(s.Version)
	if at, asked := p.doubts[m.From]; gap && (!asked || w.now >= at) {
		p.doubts[m.From] = w.now + askAgain
		p.asks(m.From)
	}
}

func (p *people) answers(node string, known cluster.Stamp) {
	p.tells()
	if known == p.sheet.Version() {
		return
	}
	items := func(yield func(cluster.UserKey, int) bool) {
		for _, key := range slices.Sorted(maps.Keys(p.here)) {
			if !yield(key, p.here[key]) {
				return
			}
		}
	}
	for _, body := range p.sheet.Whole(items, p.tick(), p.node.cluster.MaxBody()) {
		p.node.cluster.TellNode(node, cluster.KindUser, body)
	}
}

// goneIn is how soon a dead node's people are gone.
const goneIn = 15 * time.Second

// dies has every node that the store isn't kept from meanwhile know, in time, that
// another is dead.
func (o *oracle) dies(dead *node) {
	w := o.world
	died := w.now
	w.after(goneIn, func() {
		for _, n := range w.nodes {
			if n.ready && n.alive && !n.frozen && n.began < died && max(n.trouble, n.woke) < died && len(maps.Collect(n.people.others.Items(dead.name))) > 0 {
				w.breaks("%s takes those of %s for present, which is dead for %v", n.name, dead.name, goneIn)
			}
		}
	})
}

// counts holds what nodes know of one another's people to what is so.
func (o *oracle) counts() {
	w := o.world
	alive := map[string]bool{}
	for _, n := range w.nodes {
		alive[n.name] = true
		for _, of := range w.nodes {
			if known := maps.Collect(n.people.others.Items(of.name)); n != of && !maps.Equal(known, of.people.here) {
				w.breaks("%s knows %v of %s, and there are %v", n.name, known, of.name, of.people.here)
			}
		}
	}
	for _, n := range w.nodes {
		for of := range n.people.others.Nodes() {
			if w.plan.last < w.now && !alive[of] && len(maps.Collect(n.people.others.Items(of))) > 0 {
				w.breaks("%s takes those of %s for present, which is no more", n.name, of)
			}
		}
	}
}
