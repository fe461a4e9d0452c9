package engine

import (
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
)

// pulse is when a session must do something although nothing came.
type pulse struct {
	nextPing moment
	begun    moment // of a message that is not whole yet; never without one
}

// pingFrame is every session's.
var pingFrame = frame.AppendFrame(nil, frame.Ping, nil)

func newPulse(interval time.Duration, now time.Time) pulse {
	return pulse{nextPing: momentOf(now.Add(interval))}
}

// message notes whether a message has been begun and not finished.
func (p *pulse) message(idle bool, now time.Time) {
	switch {
	case idle:
		p.begun = never
	case p.begun == never:
		p.begun = momentOf(now)
	}
}

// A tick that comes later than this says that the node stood still, not that a
// peer was silent: nobody is cut off at such a one.
const stoodStill = time.Second

// Deadline is when Tick must be called next.
func (s *session) Deadline() time.Time {
	at := s.pulse.nextPing.time()
	for _, other := range [...]time.Time{s.messageDeadline(), s.identity.Expires(), s.pausedUntil()} {
		if !other.IsZero() && other.Before(at) {
			at = other
		}
	}
	return at
}

func (s *session) messageDeadline() time.Time {
	if s.pulse.begun == never {
		return time.Time{}
	}
	return s.pulse.begun.time().Add(protocol.HandshakeTimeout)
}

func (s *session) pausedUntil() time.Time {
	if s.strain == nil {
		return time.Time{}
	}
	return s.strain.paused
}

// Tick does what is due. It reports whether the peer has been silent for a whole
// interval, and is to be cut off without a word.
func (s *session) Tick(now time.Time) (silent bool) {
	if s.state != alive {
		return false
	}
	s.goOn(now)
	due := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	switch {
	case due(s.identity.Expires()):
		s.identity.Terms = &auth.Terms{Rooms: s.identity.Rooms()} // once
		s.endBehind(protocol.CloseTokenExpired, "token expired: sign in again")
	case due(s.messageDeadline()):
		s.end(protocol.ClosePolicy, "a message was begun and not finished within 10 s")
	case !now.Before(s.pulse.nextPing.time()):
		return s.beat(now)
	}
	return false
}

// beat is one tick of the heartbeat.
func (s *session) beat(now time.Time) (silent bool) {
	planned, interval := s.pulse.nextPing.time(), s.engine.heartbeat
	late := now.Sub(planned) > stoodStill
	notReading := !s.answers.full() && !s.MayReceive(now) // it waits for us, not for its peer
	if s.silent && !late && !notReading {
		return true
	}
	s.silent = true
	if late {
		planned = now
	}
	s.pulse.nextPing = momentOf(planned.Add(interval))
	s.rest(now)
	s.owesPing = true
	s.carrier.Wake()
	return false
}
