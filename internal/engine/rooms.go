package engine

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

// liveRoom is a room that somebody is in, or has something on its way to.
type liveRoom struct {
	// Fixed after newLiveRoom.
	name string
	log  *roomlog.Log

	// Guarded by rooms.mu.
	holders int // sessions that hold it open

	// Guarded by mu.
	mu      sync.Mutex
	members room.Members[carrier]
	crowd   room.Crowd[*roomlog.Reader]
	timer   *time.Timer // runs while crowd isn't empty
	noise   room.Noise
	scratch []byte
}

func newLiveRoom(name string, budget *roomlog.Budget) *liveRoom {
	r := &liveRoom{name: name}
	r.log = roomlog.New(name, budget, r.wake)
	return r
}

// wake tells everybody in the room that there is more to read.
func (r *liveRoom) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakeAll()
}

func (r *liveRoom) wakeAll() {
	for m := range r.members.All() {
		m.Session.Wake()
	}
}

// presence is a session's being in a room.
type presence struct {
	room   *liveRoom
	member *room.Member[carrier]
	reader *roomlog.Reader
}

// join lets a session in and tells everybody. Where the others are told later, own
// is what the newcomer alone is told at once.
func (r *liveRoom) join(name string, c carrier, e roomlog.Encoding) (p *presence, own []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p = &presence{room: r, member: r.members.Add(name, c), reader: r.log.Attach(e)}
	if r.putsOff() {
		r.gather(&r.crowd.Joined, name, p.reader)
		return p, r.appendSystem(nil, tutorial.Joined, []string{name}, 1)
	}
	r.sayCrowd()
	r.tell(tutorial.Joined, []string{name}, 1, nil)
	r.wakeAll()
	return p, nil
}

// leave takes a session out and tells the others. Its reader stays attached, for
// what was said before.
func (r *liveRoom) leave(p *presence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members.Remove(p.member)
	switch {
	case r.members.Len() == 0: // nobody is left to be told
		if !r.crowd.Empty() {
			r.timer.Stop()
			r.crowd = room.Crowd[*roomlog.Reader]{}
		}
	case r.putsOff():
		r.gather(&r.crowd.Left, p.member.Name, p.reader)
	default:
		r.sayCrowd()
		r.tell(tutorial.Left, []string{p.member.Name}, 1, nil)
		r.wakeAll()
	}
}

// putsOff reports whether a notice waits for others to be merged with: in a big
// room, and in one that has heard too much of late.
func (r *liveRoom) putsOff() bool {
	return r.members.Len() > room.Big || r.noise.TooMuch(time.Now())
}

// gather puts off a notice until the crowd is due.
func (r *liveRoom) gather(g *room.Gathered[*roomlog.Reader], name string, reader *roomlog.Reader) {
	if r.crowd.Empty() {
		r.timer = time.AfterFunc(room.NoticeEvery, r.crowdIsDue)
	}
	g.Add(name, reader)
}

func (r *liveRoom) crowdIsDue() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sayCrowd()
	r.wakeAll()
}

// sayCrowd sends the notices that were put off. Of the joins, one who came alone
// has been told already.
func (r *liveRoom) sayCrowd() {
	if r.crowd.Empty() {
		return
	}
	r.timer.Stop()
	if g := &r.crowd.Joined; g.Count > 0 {
		r.tell(tutorial.Joined, g.Names, g.Count, g.Only())
	}
	if g := &r.crowd.Left; g.Count > 0 {
		r.tell(tutorial.Left, g.Names, g.Count, nil)
	}
	r.crowd = room.Crowd[*roomlog.Reader]{}
}

func (r *liveRoom) tell(verb tutorial.Verb, names []string, count int, except *roomlog.Reader) {
	r.scratch = r.appendSystem(r.scratch[:0], verb, names, count)
	r.noise.Add(len(r.scratch), time.Now())
	r.log.Notice(protocol.Tutorial, r.scratch, except)
}

func (r *liveRoom) appendSystem(dst []byte, verb tutorial.Verb, names []string, count int) []byte {
	total := 0
	if r.members.Len() > room.Big {
		total = r.members.Len()
	}
	return tutorial.AppendSystem(dst, tutorial.Notice(verb, r.name, names, count), r.members.Names(room.Big), total)
}

// rooms is every live room of a node.
type rooms struct {
	// Fixed after New.
	budget  *roomlog.Budget
	release func(room string) // the room is no longer open
	count   func(n int)       // how many there are, for the gauge

	mu     sync.Mutex
	byName map[string]*liveRoom
}

// open gives a room, made at need, until it is closed as often as opened.
func (rs *rooms) open(name string) *liveRoom {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := rs.byName[name]
	if r == nil {
		r = newLiveRoom(name, rs.budget)
		rs.byName[name] = r
		rs.count(len(rs.byName))
	}
	r.holders++
	return r
}

func (rs *rooms) close(r *liveRoom) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r.holders--
	if r.holders == 0 {
		delete(rs.byName, r.name)
		rs.count(len(rs.byName))
		rs.release(r.name)
	}
}

// forget has every log drop what its readers have read.
func (rs *rooms) forget() {
	rs.mu.Lock()
	live := slices.Collect(maps.Values(rs.byName))
	rs.mu.Unlock()
	for _, r := range live {
		r.log.Forget()
	}
}
