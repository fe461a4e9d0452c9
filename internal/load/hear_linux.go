package load

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// counts are of the window; reset begins them again.
type counts struct {
	messages   uint64
	deliveries uint64
	due        uint64 // deliveries that the messages should bring
	bytes      uint64 // of the deliveries
	reads      uint64
	cutOff     int

	second, latency, last, quiet, late histogram // second is of the current one, and not in latency yet
}

func (c *counts) reset() {
	c.messages, c.deliveries, c.due, c.bytes, c.reads, c.cutOff = 0, 0, 0, 0, 0, 0
	for _, h := range []*histogram{&c.second, &c.latency, &c.last, &c.quiet, &c.late} {
		h.reset()
	}
}

// hear takes what the wire found in one message.
func (l *loop) hear(s *session, message []byte, now int64) error {
	switch m := &l.message; m.Kind {
	case Delivery:
		return l.delivered(s, message, now)
	case Ready:
		return l.readyToJoin(s)
	case Joined:
		return l.joined(s, m)
	case Ask:
		return l.write(s, frame.Text, m.Reply)
	case Page:
		return l.paged(s, m, now)
	case Refused:
		return fmt.Errorf("the server refused: %.300s", m.Text)
	}
	return nil
}

func (l *loop) delivered(s *session, message []byte, now int64) error {
	token := binary.LittleEndian.Uint64(l.message.Token)
	if len(message) < l.least {
		return fmt.Errorf("%w: a delivery of %d bytes, want at least %d: %.200q", ErrBroken, len(message), l.least, message)
	}
	l.bytes += uint64(len(message))
	s.seq = l.message.Seq
	if s.placed {
		return l.heard(s, token, now)
	}
	s.early = append(s.early, hearing{token, now})
	return l.place(s)
}

// place gives a session that came back without a cursor its place in the room's
// order, once another one has seen what it saw first, and takes all that it has
// heard until then.
func (l *loop) place(s *session) error {
	place, seen, err := l.order.place(&s.room.talk, s.early[0].token)
	if err != nil || !seen {
		return err
	}
	s.place, s.placed = place, true
	for _, h := range s.early {
		if err := l.heard(s, h.token, h.at); err != nil {
			return err
		}
	}
	s.early = s.early[:0]
	return nil
}

// heard takes the next message of a session's room.
func (l *loop) heard(s *session, token uint64, now int64) error {
	from, err := l.order.see(&s.room.talk, s.place, token)
	if err != nil {
		return err
	}
	s.place++
	l.deliveries++
	took := time.Duration(now - from.at)
	l.second.add(took)
	if s.quiet {
		l.quiet.add(took)
	}
	if from.left--; from.left == 0 {
		l.last.add(took)
	}
	if l.sending && s.closed && from.sender == s.index && l.quota != 0 {
		l.quota--
		return l.say(s, l.now())
	}
	return nil
}

// say has a session say the next message, whose latency counts from due.
func (l *loop) say(s *session, due int64) error {
	n, err := l.order.send(&s.room.talk, s.index, due)
	if err != nil {
		return err
	}
	l.messages++
	l.due += uint64(s.room.hearers)
	l.late.add(time.Duration(l.now() - due))
	l.payload = l.cfg.Wire.Chat(l.payload[:0], s.who, l.text.number(n))
	if err := l.write(s, frame.Text, l.payload); err != nil {
		return fmt.Errorf("session %s: %w", s.who.Name, err)
	}
	return nil
}
