package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// signalEvery is how often a room's signals go out at most, one of each kind.
const signalEvery = 500 * time.Millisecond

// signals is what a room has to tell of what is true only now. It stands between
// events in the room's log for parley.v1, written once for everybody; who reads too
// slowly misses it, and is told the newest state later.
type signals struct {
	here   []*presence              // by user; of one user, the one who has last come or got a new name first
	users  int                      // how many different ones
	joined map[string]protocol.User // since the last presence signal; nil for nobody
	left   map[string]protocol.User
	typing map[string]typist
	dirty  bool        // who is typing has changed since the last signal
	timer  *time.Timer // runs while there is something to tell, or to end
	armed  time.Time   // when it fires; zero if it doesn't run
}

type typist struct {
	protocol.User
	until time.Time
	node  string // empty: this one
}

func (s *signals) stop() {
	if !s.armed.IsZero() {
		s.timer.Stop()
	}
	*s = signals{here: s.here, users: s.users}
}

// find is the place of a user's first presence, or where it would be.
func (s *signals) find(id string) (at int, here bool) {
	return slices.BinarySearchFunc(s.here, id, func(p *presence, id string) int { return strings.Compare(p.id(), id) })
}

// placeOf is where p is.
func (s *signals) placeOf(p *presence) int {
	at, _ := s.find(p.id())
	for s.here[at] != p {
		at++
	}
	return at
}

// replace has a user be here by another presence.
func (s *signals) replace(from, to *presence) { s.here[s.placeOf(from)] = to }

// comes counts a session of a user. Like all below, its caller holds the room's mu.
func (r *liveRoom) comes(p *presence) {
	s := &r.signals
	at, here := s.find(p.id())
	s.here = slices.Insert(s.here, at, p)
	if !here {
		s.users++
	}
	r.presenceChanged(p.shown(), &s.joined, s.left)
}

// goes counts a session of a user less.
func (r *liveRoom) goes(p *presence) {
	s := &r.signals
	at := s.placeOf(p)
	s.here = slices.Delete(s.here, at, at+1)
	if _, still := s.find(p.id()); still {
		return
	}
	s.users--
	r.presenceChanged(p.shown(), &s.left, s.joined)
	r.stopsTyping(p.id())
}

// renamed gives one of a user's sessions, and the user, another name.
func (r *liveRoom) renamed(p *presence, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.member.Name = name
	r.afar.changed(p)
	r.named(p)
}

// named has a user be known by the name that p has just got.
func (r *liveRoom) named(p *presence) {
	s := &r.signals
	first, _ := s.find(p.id())
	at := s.placeOf(p)
	copy(s.here[first+1:at+1], s.here[first:at])
	s.here[first] = p
	r.presenceChanged(p.shown(), &s.joined, s.left)
}

// presenceChanged has u in one list and not in the other, until they are told.
func (r *liveRoom) presenceChanged(u protocol.User, in *map[string]protocol.User, out map[string]protocol.User) {
	delete(out, u.ID)
	if !r.log.IsRead(protocol.V1) {
		return
	}
	if *in == nil {
		*in = map[string]protocol.User{}
	}
	(*in)[u.ID] = u
	r.arm(time.Now().Add(signalEvery))
}

// types notes that u is writing something.
func (r *liveRoom) types(u protocol.User, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.signals
	if s.users > room.Big {
		return // in a crowd there would be no end of it
	}
	r.typesNow(typist{User: u, until: now.Add(protocol.TypingFor)}, now)
	if r.afar.types(now) {
		r.arm(now.Add(signalEvery))
	}
}

// typesNow has somebody be typing, wherever that is.
func (r *liveRoom) typesNow(t typist, now time.Time) {
	s := &r.signals
	if s.typing == nil {
		s.typing = map[string]typist{}
	}
	if _, ok := s.typing[t.ID]; !ok {
		s.dirty = true
		r.arm(now.Add(signalEvery))
		if t.node == "" {
			r.afar.owesTyping()
		}
	}
	s.typing[t.ID] = t
	r.arm(t.until)
}

// wrote ends u's typing: what it was is said now.
func (r *liveRoom) wrote(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopsTyping(id)
}

func (r *liveRoom) stopsTyping(id string) {
	s := &r.signals
	if t, ok := s.typing[id]; ok {
		delete(s.typing, id)
		s.dirty = true
		if t.node == "" {
			r.afar.owesTyping()
		}
		r.arm(time.Now().Add(signalEvery))
	}
}

// arm has the timer fire at that time at the latest.
func (r *liveRoom) arm(at time.Time) {
	s := &r.signals
	if !s.armed.IsZero() && !at.Before(s.armed) {
		return
	}
	if !s.armed.IsZero() {
		s.timer.Stop()
	}
	s.armed = at
	s.timer = time.AfterFunc(time.Until(at), r.signal)
}

// signal tells what has changed, and ends the typing of those who stopped.
func (r *liveRoom) signal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.signals
	now := time.Now()
	if s.armed.IsZero() || now.Before(s.armed) {
		return // stopped, or set anew, when this was on its way
	}
	s.armed = time.Time{}
	for id, t := range s.typing {
		if !now.Before(t.until) {
			delete(s.typing, id)
			s.dirty = true
		}
	}
	if s.joined != nil || s.left != nil {
		r.notice(protocol.Presence{
			Type: protocol.TypePresence, Room: r.name, Joined: some(s.joined), Left: some(s.left), Count: s.users,
		})
		s.joined, s.left = nil, nil
	}
	if s.dirty {
		s.dirty = false
		r.notice(r.typingNow())
	}
	r.afar.tellTyping(s.typing, now)
	r.nudge()
	for _, t := range s.typing {
		r.arm(t.until)
	}
}

// notice puts a signal into the log.
func (r *liveRoom) notice(signal any) {
	r.log.Notice(protocol.V1, marshal(signal), nil)
}

func (r *liveRoom) typingNow() protocol.TypingNow {
	now := protocol.TypingNow{Type: protocol.TypeTyping, Room: r.name, Users: []protocol.User{}}
	for _, t := range r.signals.typing {
		now.Users = append(now.Users, t.User)
	}
	return now
}

// state is the signals that tell everything, for one who knows nothing.
func (r *liveRoom) state() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.signals
	all := protocol.Presence{Type: protocol.TypePresence, Room: r.name, All: true, Joined: []protocol.User{}, Left: []protocol.User{}, Count: s.users}
	for i, p := range s.here {
		if len(all.Joined) == protocol.MaxPresence {
			break
		}
		if i == 0 || s.here[i-1].id() != p.id() {
			all.Joined = append(all.Joined, p.shown())
		}
	}
	out := [][]byte{marshal(all)}
	if len(s.typing) > 0 {
		out = append(out, marshal(r.typingNow()))
	}
	return out
}

// count is how many users are present. known: that holds for other nodes, too.
func (r *liveRoom) count() (users int, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.signals.users, r.afar == nil || r.here() > 0
}

// some is at most as many users as one signal names.
func some(users map[string]protocol.User) []protocol.User {
	out := make([]protocol.User, 0, min(len(users), protocol.MaxPresence))
	for _, u := range users {
		if len(out) == protocol.MaxPresence {
			break
		}
		out = append(out, u)
	}
	return out
}
