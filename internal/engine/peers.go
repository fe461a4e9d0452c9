package engine

import (
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// peers is what the engine tells other nodes and hears of them. Nil where the node is
// alone.
type peers struct {
	// Fixed after startPeers.
	engine   *Engine
	cluster  *cluster.Cluster
	store    store.Shared
	follower *logFollower
	hints    hints
	people   *people // nil where nothing is heard of others
}

// startPeers begins to speak with other nodes, if there may be any. It is called before
// anything else is done with the store.
func (e *Engine) startPeers(c *cluster.Cluster) error {
	if c == nil {
		return nil
	}
	shared, ok := e.store.(store.Shared)
	if !ok {
		return errors.New("other nodes can't use this store")
	}
	p := &peers{engine: e, cluster: c, store: shared}
	p.follower, p.people = newLogFollower(p), newPeople(e, c)
	p.hints.look = p.follower.look
	e.peers, e.users.people = p, p.people
	e.rooms.peers = p
	shared.Watch(p.renewed)
	e.rooms.renew(shared.Life())
	e.writer.Shares(p)
	ears := cluster.Ears{
		Message: map[cluster.Kind]func(*cluster.Message){
			cluster.KindEvents:  p.hearEvents,
			cluster.KindRevoked: func(*cluster.Message) { e.revoked.look() },
		},
		Hint:     p.hint,
		Listens:  p.listens,
		Everyone: e.revoked.look,
	}
	p.people.ears(&ears)
	if err := c.Start(ears); err != nil {
		e.peers, e.users.people, e.rooms.peers = nil, nil, nil // nothing of them has begun
		return err
	}
	p.follower.start()
	p.people.start()
	return nil
}

// close ends what startPeers began.
func (p *peers) close() error {
	p.follower.close()
	p.people.close()
	return p.cluster.Close()
}

// Life implements roomlog.Others.
func (p *peers) Life() string { return p.store.Life() }

// Wrote implements roomlog.Others: other nodes are told, and what they wrote before is
// looked for if it isn't here yet.
func (p *peers) Wrote(l *roomlog.Log, life string, events []protocol.Event) {
	room := events[0].Room
	r := p.engine.rooms.find(room)
	if r != nil {
		r.tellPeople() // who wrote has come in before
	}
	p.cluster.Tell(room, life, cluster.KindEvents, roomlog.WriteNews(events, p.cluster.MaxBody()))
	switch {
	case r == nil || r.log != l:
	case life == "": // another began meanwhile, and the log may have been looked at before
		p.follower.look(r)
	default:
		p.follower.wants(r)
	}
}

// hearEvents takes what another node has stored.
func (p *peers) hearEvents(m *cluster.Message) {
	r := p.engine.rooms.find(m.Room)
	if r == nil {
		return
	}
	news := roomlog.News{Life: m.Life, Late: m.Late, Unsure: m.Unsure, Body: m.Body}
	if p.follower.upkeep.Hear(r.log, &news, p.store.Life(), time.Now()) {
		signal(p.follower.more)
	}
}

// hint hears that somebody spoke of a room whom we can't believe.
func (p *peers) hint(room string) {
	if r := p.engine.rooms.find(room); r != nil {
		p.hints.add(r)
	}
}

// listens hears that something may have been missed of rooms.
func (p *peers) listens(rooms []string) {
	for _, name := range rooms {
		if r := p.engine.rooms.find(name); r != nil {
			p.follower.look(r)
		}
	}
}

// renewed has all logs begin another life. What was written by then is gone, as far as
// it isn't in the store.
func (p *peers) renewed(life string) {
	p.engine.log.Warn("the store is not as it was: every room begins a new epoch")
	for _, r := range p.engine.rooms.renew(life) {
		r.log.Rewind(life)
		r.wake()
		p.follower.look(r)
	}
	p.engine.revoked.renewed()
}

// life is the life that the store's logs are in; empty where the node is alone.
func (e *Engine) life() string {
	if e.peers == nil {
		return ""
	}
	return e.peers.store.Life()
}
