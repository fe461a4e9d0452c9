package engine

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

// afar is what a room knows of its members on other nodes, and what it has yet to tell
// those. It is guarded by the room's mu. A nil one knows nobody and tells nothing.
type afar struct {
	// Fixed after newAfar.
	people *people
	room   *liveRoom

	sheet  *cluster.Sheet[cluster.Stamp, *far]  // of those who are here
	mirror *cluster.Mirror[cluster.Stamp, *far] // of those who are elsewhere
	count  int                                  // of them
	users  int                                  // different ones who are here
	pace   cluster.Pace
	late   bool          // the sheet is told with the next step
	hears  bool          // what is said of the room from now on is heard
	news   chan struct{} // closed when something is heard; nil: nobody waits for it
	asked  map[string]time.Time

	typing typingTold
}

// typingTold is what other nodes were told of who is typing here.
type typingTold struct {
	at   time.Time
	owed bool
}

// far is a member on another node, under the stamp of when it joined; or one on this
// node, as others are to be told.
type far struct {
	presence
	user protocol.User
}

// Wake implements waker. Another node wakes its own.
func (*far) Wake() {}

// Nudge implements waker.
func (*far) Nudge() {}

// far is what stands for a member on another node.
func (p *presence) far() *far { return p.waker.(*far) } //nolint:forcetypeassert // there is nobody else without a session

// peopleForm is how members are told.
var peopleForm = &cluster.Form[cluster.Stamp, *far]{
	Matter:      cluster.People,
	AppendKey:   cluster.AppendStamp,
	TakeKey:     cluster.TakeStamp,
	AppendValue: func(dst []byte, f *far) []byte { return appendUser(dst, f.user) },
	TakeValue: func(b []byte) (*far, bool) {
		user, _, ok := takeUser(b)
		return &far{user: user}, ok
	},
	Same: func(a, b *far) bool { return a.user == b.user },
}

func appendUser(dst []byte, u protocol.User) []byte {
	return cluster.AppendText(cluster.AppendText(cluster.AppendText(dst, u.ID), u.Name), u.Role)
}

func takeUser(b []byte) (u protocol.User, rest []byte, ok bool) {
	if u.ID, b, ok = cluster.TakeText(b); !ok {
		return u, nil, false
	}
	if u.Name, b, ok = cluster.TakeText(b); !ok {
		return u, nil, false
	}
	u.Role, b, ok = cluster.TakeText(b)
	return u, b, ok && u.ID != "" && u.Name != ""
}

func newAfar(p *people, r *liveRoom) *afar {
	if p == nil {
		return nil
	}
	return &afar{
		people: p, room: r,
		sheet:  cluster.NewSheet(peopleForm, r.name, p.clock.Tick(time.Now())),
		mirror: cluster.NewMirror(peopleForm),
	}
}

// now is the time at which somebody joins, for the room's order.
func (a *afar) now() uint64 {
	if a == nil {
		return 0
	}
	return uint64(a.people.clock.Tick(time.Now()))
}

// came has the other nodes told of a member of this one.
func (a *afar) came(p *presence) {
	if a == nil {
		return
	}
	if a.sessions(p.id()) == 1 {
		a.users++
	}
	at := cluster.Stamp(p.member.At)
	a.sheet.Put(at, &far{user: p.shown()}, at)
	a.tell()
}

// went has them told that it has gone.
func (a *afar) went(p *presence) {
	if a == nil {
		return
	}
	if a.sessions(p.id()) == 0 {
		a.users--
	}
	a.sheet.Drop(cluster.Stamp(p.member.At), a.people.clock.Tick(time.Now()))
	a.tell()
}

// changed has them told of its new name.
func (a *afar) changed(p *presence) {
	if a == nil {
		return
	}
	a.sheet.Put(cluster.Stamp(p.member.At), &far{user: p.shown()}, a.people.clock.Tick(time.Now()))
	a.tell()
}

// sessions is how many sessions of a user are members here.
func (a *afar) sessions(user string) (n int) {
	s := &a.room.signals
	for at, _ := s.find(user); at < len(s.here) && s.here[at].id() == user; at++ {
		if s.here[at].session != nil {
			n++
		}
	}
	return n
}

// tell tells what has changed, now or with the next step.
func (a *afar) tell() {
	now := time.Now()
	switch {
	case a.room.here() == 0 || !a.late && a.pace.Wait(now) == 0:
		a.flush() // the last one to go leaves nothing behind
	case !a.late:
		a.late = true
		a.people.put(a.room)
	}
	a.people.counts(a.room.name, cluster.InRoom{Version: a.sheet.Version(), Users: a.users})
}

// flush tells what has changed now.
func (a *afar) flush() {
	a.late = false
	for _, body := range a.sheet.Tell(a.people.cluster.MaxBody()) {
		a.people.cluster.Tell(a.room.name, a.people.engine.life(), cluster.KindPeople, body)
	}
}

// tellPeople has other nodes know who is here before they hear anything else of the
// room.
func (r *liveRoom) tellPeople() {
	if r.afar == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.afar.late {
		r.afar.flush()
	}
}

// answer tells a node all who are here, unless it knows.
func (r *liveRoom) answer(node string, known cluster.Stamp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.afar
	a.flush()
	if known == a.sheet.Version() {
		return
	}
	all := func(yield func(cluster.Stamp, *far) bool) {
		for _, p := range r.signals.here {
			if p.session != nil && !yield(cluster.Stamp(p.member.At), &far{user: p.shown()}) {
				return
			}
		}
	}
	for _, body := range a.sheet.Whole(all, a.people.clock.Tick(time.Now()), a.people.cluster.MaxBody()) {
		a.people.cluster.TellNode(node, cluster.KindPeople, body)
	}
}

// hearPeople takes what another node said of those whom it carries.
func (r *liveRoom) hearPeople(node string, s *cluster.Said) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.afar
	a.people.mu.Lock()
	given := a.people.given(node)
	a.people.mu.Unlock()
	if given {
		return
	}
	ops, gap := a.mirror.Hear(node, s)
	if gap {
		a.ask(node, time.Now())
		return
	}
	a.people.clock.Saw(s.Version)
	if s.Verb == cluster.Whole {
		delete(a.asked, node)
		r.takeAll(node, ops)
	} else {
		for i := range ops {
			r.take(node, &ops[i])
		}
	}
	a.heard()
	if len(ops) > 0 {
		r.nudge()
	}
}

// heard lets those go on who wait for news.
func (a *afar) heard() {
	if a.news != nil {
		close(a.news)
		a.news = nil
	}
}

// ask asks a node for all whom it carries, unless it was just asked.
func (a *afar) ask(node string, now time.Time) {
	if now.Sub(a.asked[node]) < askAgain {
		return
	}
	if a.asked == nil {
		a.asked = map[string]time.Time{}
	}
	a.asked[node] = now
	a.people.ask(node, cluster.KindPeople, cluster.Say(cluster.People, cluster.Ask, a.room.name, a.mirror.Version(node)))
}

// take does one change, and tells everybody.
func (r *liveRoom) take(node string, op *cluster.Op[cluster.Stamp, *far]) {
	switch {
	case op.Put && op.Had:
		r.farRenamed(node, op)
	case op.Put:
		r.farComes(op)
		r.members.Add(&op.Value.member)
		r.sayFar(tutorial.Joined, op.Value.user.Name)
	default:
		r.farGoes(op.Value)
		r.sayFar(tutorial.Left, op.Value.member.Name)
	}
}

// takeAll does many changes, and tells them in one notice of each kind.
func (r *liveRoom) takeAll(node string, ops []cluster.Op[cluster.Stamp, *far]) {
	var come []*room.Member
	var joined, left []string
	for i := range ops {
		op := &ops[i]
		switch {
		case op.Put && op.Had:
			r.farRenamed(node, op)
		case op.Put:
			r.farComes(op)
			come = append(come, &op.Value.member)
		default:
			r.farGoes(op.Value)
			left = append(left, op.Value.member.Name)
		}
	}
	r.sayFar(tutorial.Left, left...)
	r.members.AddAll(come)
	slices.SortFunc(come, func(x, y *room.Member) int { return cmp.Compare(x.At, y.At) })
	for _, m := range come {
		joined = append(joined, m.Name)
	}
	r.sayFar(tutorial.Joined, joined...)
}

// farComes has a member on another node be one, but for its place among the others.
func (r *liveRoom) farComes(op *cluster.Op[cluster.Stamp, *far]) {
	f := op.Value
	f.room, f.waker = r, f
	f.member.Name, f.member.At = f.user.Name, uint64(op.Key)
	r.afar.people.clock.Saw(op.Key)
	r.afar.count++
	r.comes(&f.presence)
}

func (r *liveRoom) farGoes(f *far) {
	r.members.Remove(&f.member)
	r.afar.count--
	r.goes(&f.presence)
}

func (r *liveRoom) farRenamed(node string, op *cluster.Op[cluster.Stamp, *far]) {
	f := op.Old
	if f.user.ID != op.Value.user.ID { // nobody says that
		op.Value.user.ID = f.user.ID
	}
	f.user = op.Value.user
	f.member.Name = f.user.Name
	r.afar.mirror.Set(node, op.Key, f)
	r.named(&f.presence)
}

// sayFar is what members hear of those who came or went elsewhere.
func (r *liveRoom) sayFar(verb tutorial.Verb, names ...string) {
	if len(names) == 0 || r.here() == 0 {
		return
	}
	if !r.putsOff() {
		r.sayCrowd()
		r.tell(verb, names[:min(len(names), 2)], len(names), nil)
		return
	}
	g := &r.crowd.Joined
	if verb == tutorial.Left {
		g = &r.crowd.Left
	}
	for _, name := range names {
		r.gather(g, name, nil)
	}
}

// loses forgets a node, and whom it carried.
func (r *liveRoom) loses(node string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takeAll(node, r.afar.mirror.Lost(node))
	delete(r.afar.asked, node)
	for id, t := range r.signals.typing {
		if t.node == node {
			r.stopsTyping(id)
		}
	}
	r.afar.heard()
	r.nudge()
}

// Who types is told as often as others are told of it, and again before they take it to
// have ended.
const typingAgain = protocol.TypingFor / 3

// types notes that somebody here is typing. owed: other nodes have yet to be told.
func (a *afar) types(now time.Time) (owed bool) {
	if a == nil {
		return false
	}
	if now.Sub(a.typing.at) >= typingAgain {
		a.typing.owed = true
	}
	return a.typing.owed
}

// owesTyping notes that who is typing here has changed.
func (a *afar) owesTyping() {
	if a != nil {
		a.typing.owed = true
	}
}

// tellTyping tells other nodes who is typing here.
func (a *afar) tellTyping(typing map[string]typist, now time.Time) {
	if a == nil || !a.typing.owed {
		return
	}
	a.typing = typingTold{at: now}
	body := []byte{byte(cluster.Typing)}
	for _, t := range typing {
		if t.node == "" && len(body) < a.people.cluster.MaxBody()/2 {
			body = appendUser(body, t.User)
		}
	}
	if len(typing) == 0 {
		a.typing.at = time.Time{}
	}
	a.people.cluster.Tell(a.room.name, a.people.engine.life(), cluster.KindPeople, body)
}

// hearTyping takes who is typing on another node.
func (r *liveRoom) hearTyping(node string, b []byte, now time.Time) {
	users := map[string]protocol.User{}
	for len(b) > 0 {
		u, rest, ok := takeUser(b)
		if !ok {
			return
		}
		users[u.ID], b = u, rest
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.signals
	if !r.log.IsRead(protocol.V1) || s.users > room.Big && len(users) > 0 {
		return
	}
	for id, t := range maps.Clone(s.typing) {
		if _, still := users[id]; !still && t.node == node {
			r.stopsTyping(id)
		}
	}
	for id, u := range users {
		if t, known := s.typing[id]; known && t.node != node {
			continue // by another session of the same user
		}
		r.typesNow(typist{User: u, until: now.Add(protocol.TypingFor), node: node}, now)
	}
}
