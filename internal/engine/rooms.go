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
	holders  int32 // sessions that hold it open
	followed bool  // what other nodes say of it is heard

	// Guarded by mu.
	mu      sync.Mutex
	home    *loop // carries whoever comes, while the room is small; nil until somebody of a loop has come
	members room.Members
	wakers  []woken
	signals signals
	crowd   room.Crowd[*roomlog.Reader]
	timer   *time.Timer // runs while crowd isn't empty
	noise   room.Noise
	afar    *afar  // those on other nodes; nil where nothing is heard of any
	scratch []byte // the last notice, until the room is quiet
}

// woken is one who is to hear of more, for so many members. There is one for each
// loop at most; without loops, one for each member.
type woken struct {
	waker   waker
	members int
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
	for _, w := range r.wakers {
		w.waker.Wake()
	}
}

// nudge is wake for notices and signals alone.
func (r *liveRoom) nudge() {
	for _, w := range r.wakers {
		w.waker.Nudge()
	}
}

// waker is whoever is to be told that a room has more to read: for one member, or
// for many at once. Any goroutine may call it; it never blocks. Nudge is for what may
// wait until others' events are delivered.
type waker interface {
	Wake()
	Nudge()
}

// presence is a session's being in a room: one piece of memory for all that the room
// keeps of it.
type presence struct {
	// Fixed after enter; the reader is its session's.
	room    *liveRoom
	session *session // of which others may look at what is fixed; nil for one on another node
	reader  roomlog.Reader
	waker   waker // of one on another node: a *far, which has nobody to wake

	member room.Member // guarded by the room's mu; Aside is its place in the audience, which owns that
}

// id is the user's.
func (p *presence) id() string {
	if p.session == nil {
		return p.far().user.ID
	}
	return p.session.user.id
}

// shown is the user as others see it. Its caller holds the room's mu.
func (p *presence) shown() protocol.User {
	if p.session == nil {
		return p.far().user
	}
	return protocol.User{ID: p.id(), Name: p.member.Name, Role: p.session.identity.Role}
}

// attach has a session hear what comes from now on, and nobody know of it yet.
func (r *liveRoom) attach(s *session) *presence {
	p := &presence{room: r, session: s}
	r.log.Attach(&p.reader, s.encoding)
	return p
}

// enter makes a session a member and tells everybody. Where the others are told
// later, own is what a newcomer of the tutorial dialect alone is told at once.
func (r *liveRoom) enter(p *presence, name string, w waker) (own []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.waker, p.member.Name = w, name
	p.member.At = r.afar.now()
	r.members.Add(&p.member)
	r.wakes(w)
	r.comes(p)
	r.afar.came(p)
	if r.putsOff() {
		r.gather(&r.crowd.Joined, name, &p.reader)
		return r.appendSystem(nil, tutorial.Joined, []string{name}, 1)
	}
	r.saysOne(tutorial.Joined, name)
	r.nudge()
	return nil
}

// saysOne tells that one has come or gone, behind those who were put off.
func (r *liveRoom) saysOne(verb tutorial.Verb, name string) {
	r.sayCrowd()
	r.tell(verb, []string{name}, 1, nil)
}

// moves has a member go on as another presence of the same session.
func (r *liveRoom) moves(from, to *presence, w waker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to.waker = w
	r.members.Replace(&from.member, &to.member)
	r.signals.replace(from, to)
	r.wakes(w)
	r.quiet(from.waker)
}

// leave takes a session out and tells the others. Its reader stays attached, for
// what was said before.
func (r *liveRoom) leave(p *presence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members.Remove(&p.member)
	r.quiet(p.waker)
	r.goes(p)
	r.afar.went(p)
	switch {
	case r.here() == 0: // nobody is left to be told
		if !r.crowd.Empty() {
			r.timer.Stop()
			r.crowd = room.Crowd[*roomlog.Reader]{}
		}
		r.signals.stop()
	case r.putsOff():
		r.gather(&r.crowd.Left, p.member.Name, &p.reader)
	default:
		r.saysOne(tutorial.Left, p.member.Name)
		r.nudge()
	}
}

// here is how many members this node carries.
func (r *liveRoom) here() int {
	if r.afar == nil {
		return r.members.Len()
	}
	return r.members.Len() - r.afar.count
}

// wakes has a waker hear for one member more.
func (r *liveRoom) wakes(w waker) {
	i := r.waker(w)
	if i < 0 {
		i = len(r.wakers)
		r.wakers = append(r.wakers, woken{waker: w})
	}
	r.wakers[i].members++
}

// quiet has it hear for one less.
func (r *liveRoom) quiet(w waker) {
	i := r.waker(w)
	if r.wakers[i].members--; r.wakers[i].members == 0 {
		r.wakers = slices.Delete(r.wakers, i, i+1)
	}
}

func (r *liveRoom) waker(w waker) int {
	return slices.IndexFunc(r.wakers, func(x woken) bool { return x.waker == w })
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
	r.nudge()
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
	budget *roomlog.Budget
	count  func(n int) // how many there are, for the gauge
	peers  *peers      // nil where the node is alone

	mu     sync.Mutex
	byName map[string]*liveRoom
	life   string // of the store, that rooms begin in

	house []*liveRoom // owned by the one who keeps house: the memory of its last round
}

// open gives a room, made at need, until it is closed as often as opened.
func (rs *rooms) open(name string) *liveRoom {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := rs.byName[name]
	if r == nil {
		r = newLiveRoom(name, rs.budget)
		if rs.peers != nil {
			r.log.Shared(rs.life)
			r.afar = newAfar(rs.peers.people, r)
		}
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
		if r.followed {
			rs.peers.cluster.Unfollow(r.name)
		}
	}
}

// follow has what other nodes say of an open room be heard. It is for rooms that
// somebody here is about to read.
func (rs *rooms) follow(r *liveRoom) {
	if rs.peers == nil {
		return
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if !r.followed {
		r.followed = true
		rs.peers.cluster.Follow(r.name)
	}
}

// followed is the log of every room that is.
func (rs *rooms) followed() []*roomlog.Log {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	var all []*roomlog.Log
	for _, r := range rs.byName {
		if r.followed {
			all = append(all, r.log)
		}
	}
	return all
}

// find is the open room with this name; nil without one.
func (rs *rooms) find(name string) *liveRoom {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.byName[name]
}

// renew has rooms begin in another life from now on, and gives those that are there.
func (rs *rooms) renew(life string) []*liveRoom {
	rs.mu.Lock()
	rs.life = life
	rs.mu.Unlock()
	return rs.all()
}

// all is every open room.
func (rs *rooms) all() []*liveRoom {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return slices.Collect(maps.Values(rs.byName))
}

// forget has every room drop what it doesn't need while it is quiet.
func (rs *rooms) forget() {
	rs.mu.Lock()
	rs.house = slices.AppendSeq(rs.house[:0], maps.Values(rs.byName))
	rs.mu.Unlock()
	for _, r := range rs.house {
		r.forget()
	}
	clear(rs.house)
}

func (r *liveRoom) forget() {
	r.log.Forget() // what its readers have read
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scratch = nil
}
