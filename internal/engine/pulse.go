package engine

import (
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
)

// pulse is when a session must do something although nothing came.
type pulse struct {
	interval time.Duration
	nextPing time.Time
	heard    bool      // something came since the last ping
	begun    time.Time // of a message that is not whole yet; zero without one
}

func newPulse(interval time.Duration, now time.Time) pulse {
	return pulse{interval: interval, nextPing: now.Add(interval), heard: true}
}

// message notes whether a message has been begun and not finished.
func (p *pulse) message(idle bool, now time.Time) {
	switch {
	case idle:
		p.begun = time.Time{}
	case p.begun.IsZero():
		p.begun = now
	}
}

// A tick that comes later than this says that the node stood still, not that a
// peer was silent: nobody is cut off at such a one.
const stoodStill = time.Second

// Deadline is when Tick must be called next.
func (s *session) Deadline() time.Time {
	at := s.pulse.nextPing
	for _, other := range [...]time.Time{s.messageDeadline(), s.identity.Expires, s.paused} {
		if !other.IsZero() && other.Before(at) {
			at = other
		}
	}
	return at
}

func (s *session) messageDeadline() time.Time {
	if s.pulse.begun.IsZero() {
		return time.Time{}
	}
	return s.pulse.begun.Add(protocol.HandshakeTimeout)
}

// Tick does what is due. It reports whether the peer has been silent for a whole
// interval, and is to be cut off without a word.
func (s *session) Tick(now time.Time) (silent bool) {
	if s.state != alive {
		return false
	}
	if !s.paused.IsZero() && !now.Before(s.paused) {
		s.paused = time.Time{}
	}
	due := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	switch {
	case due(s.identity.Expires):
		s.identity.Expires = time.Time{} // once
		s.endBehind(protocol.CloseTokenExpired, "token expired: sign in again")
	case due(s.messageDeadline()):
		s.end(protocol.ClosePolicy, "a message was begun and not finished within 10 s")
	case due(s.pulse.nextPing):
		return s.beat(now)
	}
	return false
}

// beat is one tick of the heartbeat.
func (s *session) beat(now time.Time) (silent bool) {
	late := now.Sub(s.pulse.nextPing) > stoodStill
	notReading := !s.answers.full() && !s.MayReceive(now) // it waits for us, not for its peer
	if !s.pulse.heard && !late && !notReading {
		return true
	}
	s.pulse.heard = false
	s.pulse.nextPing = s.pulse.nextPing.Add(s.pulse.interval)
	if late {
		s.pulse.nextPing = now.Add(s.pulse.interval)
	}
	s.answers.addFrame(frame.Ping, nil)
	s.carrier.Wake()
	return false
}
