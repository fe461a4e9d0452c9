package engine

import (
	"encoding/binary"
	"time"

	"github.com/parley-chat/parley/internal/cluster"
)

// usersThere is how many sessions users have on which nodes, and what they did there.
type usersThere struct {
	here   map[cluster.UserKey]int
	sheet  *cluster.Sheet[cluster.UserKey, int]
	others *cluster.Mirror[cluster.UserKey, int]
	acts   map[string]acted // to be told
	pace   cluster.Pace
}

// acted is what a user did, as the rates count it.
type acted struct{ chats, acts int }

// maxActed bounds what is believed that a user did between two steps.
const maxActed = 1000

func newUsersThere(at cluster.Stamp) usersThere {
	return usersThere{
		here:  map[cluster.UserKey]int{},
		sheet: cluster.NewSheet(cluster.UsersForm, "", at), others: cluster.NewMirror(cluster.UsersForm),
		acts: map[string]acted{},
	}
}

// elsewhere gives the other nodes; nil where nothing is heard of any.
func (e *Engine) elsewhere() *people {
	if e.peers == nil {
		return nil
	}
	return e.peers.people
}

// Elsewhere is how many sessions a user has on other nodes, as far as they have told.
// While they can't tell, none count: nobody is to be kept out by those that have gone.
func (e *Engine) Elsewhere(user string) (sessions int) {
	p := e.elsewhere()
	if p == nil || p.cluster.Away() {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.users.others.Under(cluster.KeyOf(user)) {
		sessions += n
	}
	return sessions
}

// Seats tells other nodes how many sessions a user has on this one.
func (e *Engine) Seats(user string, sessions int) {
	p := e.elsewhere()
	if p == nil {
		return
	}
	key, now := cluster.KeyOf(user), time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if sessions == 0 {
		delete(p.users.here, key)
		p.users.sheet.Drop(key, p.clock.Tick(now))
	} else {
		p.users.here[key] = sessions
		p.users.sheet.Put(key, sessions, p.clock.Tick(now))
	}
	if p.users.pace.Wait(now) == 0 {
		p.tellSheets()
	}
}

// did has other nodes count what a user did, if it may do more there: by sessions, or
// by calls, which go to any node.
func (p *people) did(user string, what acted, byCall bool) {
	if p == nil || !byCall && len(p.with(user)) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := p.users.acts[user]
	p.users.acts[user] = acted{sum.chats + what.chats, sum.acts + what.acts}
	if p.users.pace.Wait(time.Now()) == 0 {
		p.tellActs()
	}
}

// tellActs tells what users did since the last time.
func (p *people) tellActs() {
	most := p.cluster.MaxBody()
	body := []byte{byte(cluster.Acts)}
	for user, n := range p.users.acts {
		before := len(body)
		body = cluster.AppendText(body, user)
		body = binary.AppendUvarint(binary.AppendUvarint(body, uint64(min(n.chats, maxActed))), uint64(min(n.acts, maxActed)))
		if len(body) > most {
			rest := append([]byte{byte(cluster.Acts)}, body[before:]...)
			p.tellAll(cluster.KindUser, body[:before:before])
			body = rest
		}
	}
	clear(p.users.acts)
	if len(body) > 1 {
		p.tellAll(cluster.KindUser, body)
	}
}

// hearUser takes what another node says of users.
func (p *people) hearUser(m *cluster.Message) {
	if len(m.Body) == 0 || !p.believes(m.From) {
		return
	}
	switch cluster.Matter(m.Body[0]) {
	case cluster.Acts:
		p.hearActs(m.Body[1:], m.Late)
	case cluster.Reads:
		p.hearRead(m.Body[1:])
	default:
		if s, ok := cluster.Read(m.Body); ok && s.Matter == cluster.Users {
			p.hearUsers(m.From, &s)
		}
	}
}

// hearUsers takes what is said of the sessions of users.
func (p *people) hearUsers(node string, s *cluster.Said) {
	sessions := doubt{node, string(rune(cluster.Users))} // is no room's name
	if s.Verb == cluster.Ask {
		if p.mayAnswer(node, sessions.room) {
			answerSheet(p, node, cluster.KindUser, p.users.sheet, p.users.here, s.Version)
		}
		return
	}
	hearSheet(p, sessions, cluster.KindUser, p.users.others, s)
}

// hearActs counts what users did on another node.
func (p *people) hearActs(b []byte, late time.Duration) {
	if late > p.engine.rate.Per {
		return // it counts no more
	}
	now := time.Now()
	for len(b) > 0 {
		var n acted
		user, rest, ok := cluster.TakeText(b)
		if !ok {
			return
		}
		for _, to := range []*int{&n.chats, &n.acts} {
			var count uint64
			if count, rest, ok = cluster.TakeNumber(rest, maxActed); !ok {
				return
			}
			*to = int(count)
		}
		p.engine.users.did(user, n, now)
		b = rest
	}
}

// with are the nodes where a user has sessions.
func (p *people) with(user string) (nodes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for node := range p.users.others.Under(cluster.KeyOf(user)) {
		nodes = append(nodes, node)
	}
	return nodes
}

// tellRead hands a signal on a room to all sessions of a user, on whichever node.
func (e *Engine) tellRead(user, room string, signal []byte) {
	e.users.tell(user, room, signal)
	p := e.elsewhere()
	if p == nil {
		return
	}
	body := []byte{byte(cluster.Reads)}
	for _, part := range []string{user, room, string(signal)} {
		body = cluster.AppendText(body, part)
	}
	for _, node := range p.with(user) {
		p.cluster.TellNode(node, cluster.KindUser, body)
	}
}

func (p *people) hearRead(b []byte) {
	var parts [3]string
	for i := range parts {
		var ok bool
		if parts[i], b, ok = cluster.TakeText(b); !ok {
			return
		}
	}
	p.engine.users.tell(parts[0], parts[1], []byte(parts[2]))
}
