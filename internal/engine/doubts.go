package engine

import (
	"context"
	"maps"
	"time"
)

// wrong reports whether a node has other people in a room than is known of. Its caller
// holds the room's mu.
func (p *people) wrong(r *liveRoom, node string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	there, some := p.rooms.others.Of(node, r.name)
	if some {
		return there.Version > r.afar.mirror.Version(node)
	}
	for range r.afar.mirror.Items(node) {
		return p.rooms.others.Version(node) > 0
	}
	return false
}

// doubtOf looks whether something of a node's people in a room was missed. What is not
// known at all is asked for at once; what follows may be on its way.
func (p *people) doubtOf(r *liveRoom, node string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.afar.hears || !p.wrong(r, node) {
		return
	}
	now := time.Now()
	again := now.Add(doubtFor)
	if r.afar.mirror.Version(node) == 0 {
		r.afar.ask(node, now)
		again = now.Add(askAgain)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doubts[doubt{node, r.name}] = again
}

// due takes the doubts that are to be looked at.
func (p *people) due(now time.Time) map[doubt]time.Time {
	due := maps.Clone(p.doubts)
	maps.DeleteFunc(due, func(_ doubt, at time.Time) bool { return now.Before(at) })
	for d := range due {
		delete(p.doubts, d)
	}
	return due
}

// check asks for what is still missing.
func (p *people) check(d doubt, now time.Time) {
	if d.room == "" {
		return // whether something is, the next digest tells
	}
	r := p.engine.rooms.find(d.room)
	if r == nil || r.afar == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.wrong(r, d.node) {
		return
	}
	r.afar.ask(d.node, now)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doubts[d] = now.Add(askAgain)
}

// listens hears that all that is said of rooms from now on is heard.
func (p *people) listens(rooms []string) {
	for _, name := range rooms {
		if r := p.engine.rooms.find(name); r != nil && r.afar != nil {
			r.mu.Lock()
			r.afar.hears = true
			r.mu.Unlock()
			for _, node := range p.others() {
				p.doubtOf(r, node)
			}
		}
	}
}

// others are the nodes that are not gone.
func (p *people) others() (nodes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for node, n := range p.nodes {
		if !n.gone {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// audit looks at everything that is known of everybody.
func (p *people) audit() {
	nodes := p.others()
	for _, r := range p.engine.rooms.all() {
		if r.afar == nil {
			continue
		}
		for _, node := range nodes {
			p.doubtOf(r, node)
		}
	}
}

// lacking are the nodes of which we can't say yet who is in a room there, or whether
// anybody is. Its caller holds the room's mu.
func (p *people) lacking(r *liveRoom) (nodes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for node, n := range p.nodes {
		if n.gone || n.mute {
			continue
		}
		there, some := p.rooms.others.Of(node, r.name)
		if p.rooms.others.Version(node) == 0 || some && there.Version > r.afar.mirror.Version(node) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// waits reports whether somebody who comes into a room has to wait for other nodes to
// say who is there. Where somebody is already, nobody does.
func (p *people) waits(r *liveRoom) bool {
	if p == nil || p.cluster.Away() {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.here() == 0 && len(p.lacking(r)) > 0
}

// waitsFor has the session's errand be one that may wait for other nodes, if it does.
func (s *session) waitsFor(r *liveRoom) {
	if s.engine.elsewhere().waits(r) {
		s.errand.kind = waits
	}
}

// await waits until it is known who is in a room, for a moment at most.
func (p *people) await(ctx context.Context, r *liveRoom) {
	if !p.waits(r) {
		return
	}
	enough := time.NewTimer(awaitFor)
	defer enough.Stop()
	for {
		r.mu.Lock()
		lacking := p.lacking(r)
		if r.here() > 0 || len(lacking) == 0 {
			r.mu.Unlock()
			return
		}
		if r.afar.news == nil {
			r.afar.news = make(chan struct{})
		}
		news, sheets := r.afar.news, p.awaitSheets()
		r.mu.Unlock()
		select {
		case <-news:
		case <-sheets:
		case <-ctx.Done():
			return
		case <-enough.C:
			p.mutes(lacking)
			return
		}
	}
}

func (p *people) awaitSheets() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sheets == nil {
		p.sheets = make(chan struct{})
	}
	return p.sheets
}

// sheetCame lets those go on who wait for a sheet of rooms.
func (p *people) sheetCame() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sheets != nil {
		close(p.sheets)
		p.sheets = nil
	}
}

// mutes has nobody wait for nodes again, until they are heard.
func (p *people) mutes(nodes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, node := range nodes {
		if n := p.nodes[node]; n != nil {
			n.mute = true
		}
	}
}

// present is how many users there are in each room, as far as other nodes tell. One who
// is in a room by several nodes counts for each.
func (p *people) present() map[string]int {
	all := map[string]int{}
	if p == nil {
		return all
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for node := range p.rooms.others.Nodes() {
		for room, n := range p.rooms.others.Items(node) {
			all[room] += n.Users
		}
	}
	return all
}
