package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"

	"github.com/parley-chat/parley/internal/frame"
)

// arrivals are the sessions on their way into their rooms. A session that comes
// for the first time joins when its turn is there; one that comes back joins at
// once, as clients do.
type arrivals struct {
	first   []*session // to be dialled, in order
	later   []*session // to be dialled at their retryAt
	checkAt int64      // when later is looked through again
	under   int        // handshakes under way

	admits bool    // whoever is ready may join
	joins  int     // under way, of those who come for the first time
	queue  []*room // in which somebody waits for a place among those

	readied uint64 // sessions that became ready
	present int    // sessions in their rooms
	refusal error  // the latest one, if any
	refuses uint64
	onBack  func() // is told of each who has come back; nil for nobody
}

const (
	maxHandshakes = 256 // under way at once: well below what any server's backlog holds
	maxJoins      = 64
	retryEvery    = 2 * time.Millisecond // how often it is looked who is to try again
	retryFirst    = 100 * time.Millisecond
	retryLast     = 5 * time.Second
)

// arrive dials whom there is a place for.
func (l *loop) arrive() error {
	if len(l.first)+len(l.later) == 0 {
		return nil
	}
	if now := l.now(); len(l.later) > 0 && now >= l.checkAt {
		l.checkAt = now + int64(retryEvery)
		waiting := l.later[:0]
		for _, s := range l.later {
			if s.retryAt <= now {
				l.first = append(l.first, s)
			} else {
				waiting = append(waiting, s)
			}
		}
		l.later = waiting
	}
	for len(l.first) > 0 && l.under < maxHandshakes {
		s := l.first[0]
		l.first = l.first[1:]
		if err := l.dial(s); err != nil {
			return fmt.Errorf("session %s: %w", s.who.Name, err)
		}
	}
	return nil
}

// refused has a session try again after a while: after what the server said, or
// longer with each try. A server that isn't there at all ends the run.
func (l *loop) refused(s *session, wait time.Duration, why error) error {
	if errors.Is(why, unix.ECONNREFUSED) && !s.leaves {
		return fmt.Errorf("connect: %w", why)
	}
	l.refuses++
	l.refusal = why
	l.shut(s)
	backoff := min(retryFirst<<min(s.tries, 10), retryLast)
	s.tries++
	if wait > 0 {
		backoff = wait/2 + retryFirst // spread behind it, not before
	}
	s.retryAt = l.now() + int64(wait) + int64(backoff)/2 +
		rand.Int64N(int64(backoff)) //nolint:gosec // jitter
	l.later = append(l.later, s)
	return nil
}

// shut closes a session's socket.
func (l *loop) shut(s *session) {
	switch s.state {
	case away:
		return
	case dialling, upgrading:
		l.under--
	case in:
		l.present--
	}
	_ = unix.Close(s.socket) // of a connection that is given up
	s.state, s.rest, s.out = away, s.rest[:0], s.out[:0]
}

// leave ends a session's connection and has it come back. Who has no cursor will
// miss what is said meanwhile.
func (l *loop) leave(s *session) {
	wasIn := s.state == in
	l.shut(s)
	if wasIn && l.resumer == nil {
		s.room.hearers--
	}
	s.placed = l.resumer != nil
	s.early = s.early[:0]
	s.back = s.back || wasIn
	s.retryAt = l.now()
	l.later = append(l.later, s)
}

// opened begins what a wire does before a session may join.
func (l *loop) opened(s *session) error {
	l.under--
	s.state, s.tries = opening, 0
	var isReady bool
	if l.payload, isReady = l.cfg.Wire.Open(l.payload[:0], s.who); len(l.payload) > 0 {
		if err := l.write(s, frame.Text, l.payload); err != nil {
			return err
		}
	}
	if isReady {
		return l.readyToJoin(s)
	}
	return nil
}

func (l *loop) readyToJoin(s *session) error {
	if s.state != opening {
		return nil
	}
	s.state = ready
	l.readied++
	switch {
	case s.back && l.resumer != nil:
		l.payload = l.resumer.Rejoin(l.payload[:0], s.who, s.epoch, s.seq)
	case s.back:
		l.payload = l.cfg.Wire.Join(l.payload[:0], s.who)
	case l.admits:
		return l.wait(s)
	default:
		return nil
	}
	s.state = joining
	return l.write(s, frame.Text, l.payload)
}

// wait puts a session at its room's door.
func (l *loop) wait(s *session) error {
	s.room.waiting = append(s.room.waiting, s)
	return l.admit(s.room)
}

// admit lets the next one into a room, if nobody is just joining.
func (l *loop) admit(r *room) error {
	switch {
	case r.joining || r.queued || len(r.waiting) == 0:
		return nil
	case l.joins >= maxJoins:
		r.queued = true
		l.queue = append(l.queue, r)
		return nil
	}
	s := r.waiting[0]
	r.waiting = r.waiting[1:]
	r.joining = true
	l.joins++
	s.state = joining
	l.payload = l.cfg.Wire.Join(l.payload[:0], s.who)
	return l.write(s, frame.Text, l.payload)
}

// joined is what the server said of a session that has joined.
func (l *loop) joined(s *session, m *Message) error {
	if s.state != joining {
		return nil // a notice of somebody else
	}
	s.state = in
	l.present++
	if s.back {
		if l.resumer == nil {
			s.room.hearers++
		}
		if l.onBack != nil {
			l.onBack()
		}
		return nil
	}
	s.epoch, s.seq = string(m.Epoch), m.Seq
	s.room.hearers++
	s.room.joining = false
	l.joins--
	if err := l.admit(s.room); err != nil {
		return err
	}
	for len(l.queue) > 0 && l.joins < maxJoins {
		r := l.queue[0]
		l.queue = l.queue[1:]
		r.queued = false
		if err := l.admit(r); err != nil {
			return err
		}
	}
	return nil
}
