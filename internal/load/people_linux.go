package load

import "fmt"

// How many messages may lie between the fastest and the slowest session of a room.
// Where they stop reading, or come back, it may be many.
const (
	alone  = 1 << 18
	paused = 1 << 20
	shared = 1 << 20 // of all rooms together, where there are several
)

// people makes the rooms and who will be in them. A busy room is the first.
func (l *loop) people() {
	memory := alone
	if l.cfg.Scenario == Slow {
		memory = paused
	}
	if l.cfg.Busy > 0 {
		l.addRoom(memory)
		for i := range l.cfg.Busy {
			s := l.addSession(l.rooms[0])
			s.closed = i < l.cfg.Senders
		}
	}
	first := len(l.rooms)
	for range l.cfg.Rooms {
		l.addRoom(max(powerOfTwo(min(alone, shared/l.cfg.Rooms)), 256))
	}
	if l.cfg.Rooms == 1 {
		l.rooms[first].memory = memory
	}
	var paced []*session
	for i := range l.cfg.Sessions {
		s := l.addSession(l.rooms[first+i%l.cfg.Rooms])
		s.leaves = i >= l.cfg.Sessions-l.cfg.Cut-l.cfg.Stopped
		s.quiet = l.cfg.Busy > 0 || l.cfg.Cut+l.cfg.Stopped > 0 && !s.leaves
		if i < l.senders() {
			s.closed = l.cfg.Rate == 0
			paced = append(paced, s)
		}
	}
	if l.cfg.Rate > 0 {
		l.pace = &pace{schedule: schedule{rate: l.cfg.Rate}, senders: paced}
	}
}

// senders is how many of the sessions beside a busy room speak: the first ones,
// so in rooms one of each.
func (l *loop) senders() int {
	if l.cfg.Scenario == Rooms {
		return l.cfg.Rooms
	}
	return l.cfg.Senders
}

func (l *loop) addRoom(memory int) {
	l.rooms = append(l.rooms, &room{name: fmt.Sprintf("bench%05d", len(l.rooms)), talk: talk{memory: memory}})
}

func (l *loop) addSession(r *room) *session {
	s := &session{index: int32(len(l.sessions)), room: r, placed: true}
	s.who = Who{Name: fmt.Sprintf("u%05d", s.index), Room: r.name}
	l.sessions = append(l.sessions, s)
	return s
}

// powerOfTwo is the greatest one that is not above n.
func powerOfTwo(n int) int {
	p := 1
	for 2*p <= n {
		p *= 2
	}
	return p
}
