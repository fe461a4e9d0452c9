package engine

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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
	p.follower = newLogFollower(p)
	p.hints.look = p.follower.look
	e.peers = p
	e.rooms.peers, e.rooms.life = p, shared.Life()
	shared.Watch(p.renewed)
	e.writer.Shares(p)
	err := c.Start(cluster.Ears{
		Message: map[cluster.Kind]func(*cluster.Message){
			cluster.KindEvents:  p.hearEvents,
			cluster.KindRevoked: func(*cluster.Message) { e.revoked.look() },
		},
		Hint:     p.hint,
		Listens:  p.listens,
		Everyone: e.revoked.look,
	})
	if err == nil {
		p.follower.start()
	}
	return err
}

// close ends what startPeers began.
func (p *peers) close() error {
	p.follower.close()
	return p.cluster.Close()
}

// Life implements roomlog.Others.
func (p *peers) Life() string { return p.store.Life() }

// Wrote implements roomlog.Others: other nodes are told, and what they wrote before is
// looked for if it isn't here yet.
func (p *peers) Wrote(l *roomlog.Log, life string, events []protocol.Event) {
	room, head := events[0].Room, events[len(events)-1].Seq
	p.cluster.Tell(room, cluster.KindEvents, p.news(head, events))
	if r := p.engine.rooms.find(room); r != nil && r.log == l {
		p.follower.wants(r)
	}
}

// Events ride along as long as all of them take no more than this; more of them other
// nodes had better read from the store. A broker that carries little carries none.
const (
	maxRiding   = 32 << 10
	ridesBeyond = 16 << 10
)

// news is what other nodes are told of a room: its head, as JSON, and the newest events
// if they are small.
func (p *peers) news(head protocol.Seq, events []protocol.Event) []byte {
	body, _ := json.Marshal(head) // a number
	hint := len(body)
	most := min(p.cluster.MaxBody(), maxRiding)
	if most < ridesBeyond {
		return body
	}
	for i := range events {
		if body = protocol.AppendEvent(append(body, '\n'), &events[i]); len(body) > most {
			return body[:hint]
		}
	}
	return body
}

// readNews reads what news wrote. Of what a newer version says, it takes what it knows.
func readNews(body []byte) (head protocol.Seq, events []protocol.Event, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	if err := json.UnmarshalDecode(d, &head); err != nil {
		return 0, nil, err
	}
	for {
		var e protocol.Event
		err := json.UnmarshalDecode(d, &e)
		if errors.Is(err, io.EOF) {
			return head, events, nil
		}
		if err != nil {
			return head, nil, err
		}
		events = append(events, e)
	}
}

// freshFor is how late news may be that is believed without asking the store, which
// knows what was deleted since. A node that slept finds later ones when it wakes.
const freshFor = 2 * time.Second

// hearEvents takes what another node has stored.
func (p *peers) hearEvents(m *cluster.Message) {
	r := p.engine.rooms.find(m.Room)
	if r == nil {
		return
	}
	head, events, err := readNews(m.Body)
	if err != nil || m.Late > freshFor || m.Life != p.store.Life() {
		p.follower.look(r)
		return
	}
	for i := range events {
		if events[i].Room != m.Room {
			return
		}
	}
	if r.log.Offer(m.Life, events) {
		r.wake()
	}
	r.log.Reaches(m.Life, head)
	p.follower.wants(r)
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
}

// life is the life that the store's logs are in; empty where the node is alone.
func (e *Engine) life() string {
	if e.peers == nil {
		return ""
	}
	return e.peers.store.Life()
}
