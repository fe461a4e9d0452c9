package engine

import (
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

// tutorial handles a message of the tutorial dialect.
func (s *session) tutorial(payload []byte, now time.Time) {
	c, err := tutorial.Decode(payload)
	if err != nil {
		s.refuseInOrder(err, now)
		return
	}
	switch c.Kind {
	case tutorial.Chat:
		if err := s.chat(&c, now); err != nil {
			s.refuseInOrder(err, now)
		}
	case tutorial.Join:
		s.inOrder(now, func(now time.Time) { s.joinAs(&c, now) })
	case tutorial.Leave:
		s.inOrder(now, func(now time.Time) { s.moved(now); s.leave() })
	default:
		s.refuseInOrder(&protocol.Error{Code: protocol.CodeUnknownType}, now)
	}
}

// chat proposes a message. The rate comes first, then the room, then the text.
func (s *session) chat(c *tutorial.Command, now time.Time) error {
	if !s.chats.Allow(now) {
		return &protocol.Error{Code: protocol.CodeRateLimited}
	}
	if s.here == nil {
		return &protocol.Error{Code: protocol.CodeNotJoined}
	}
	if c.Text.Wrong {
		return &protocol.Error{Code: protocol.CodeInvalidText}
	}
	text, err := room.CleanText(c.Text.Value)
	if err != nil {
		return err
	}
	s.inflight++
	s.engine.writer.Propose(roomlog.Proposal{
		Log:   s.here.room.log,
		Draft: store.Draft{Room: s.here.room.name, User: s.identity.User, Name: s.here.member.Name, Text: text},
		By:    s.carrier,
	})
	return nil
}

// joinAs brings the session into the room that c names, from the one it is in.
func (s *session) joinAs(c *tutorial.Command, now time.Time) {
	name, roomName, err := s.whoAndWhere(c)
	if err != nil {
		s.refuse(codeOf(err))
		s.tire(now)
		return
	}
	s.moved(now)
	s.leave()
	s.holds = s.engine.rooms.open(roomName)
	var own []byte
	s.here, own = s.holds.join(name, s.carrier, s.encoding)
	if own != nil {
		s.answers.addFrame(frame.Text, own)
		s.carrier.Wake()
	}
}

// whoAndWhere checks a join's name first, then its room, then the token.
func (s *session) whoAndWhere(c *tutorial.Command) (name, roomName string, err error) {
	name = s.identity.Name
	if s.identity.Guest() {
		if name, err = field(c.Username, room.DefaultName, protocol.CodeInvalidName, room.CleanName); err != nil {
			return "", "", err
		}
	}
	roomName, err = field(c.Room, room.DefaultRoom, protocol.CodeInvalidRoom, room.CleanRoom)
	if err == nil && !s.identity.MayJoin(roomName) {
		err = &protocol.Error{Code: protocol.CodeForbidden}
	}
	return name, roomName, err
}

// field is what a client gave, cleaned, or what stands for nothing.
func field(f tutorial.Field, missing string, wrong protocol.Code, clean func(string) (string, error)) (string, error) {
	switch {
	case f.Wrong:
		return "", &protocol.Error{Code: wrong}
	case f.Value == "":
		return missing, nil
	}
	return clean(f.Value)
}

// leave takes the session out of its room. It still gets what was said there
// before.
func (s *session) leave() {
	if s.here == nil {
		return
	}
	s.answers.finish(s.here.reader) // before the others' notice
	s.here.room.leave(s.here)
	s.here = nil
	if s.inflight == 0 {
		s.letGo()
	}
}

// letGo closes the room that the session held open.
func (s *session) letGo() {
	if s.holds != nil {
		s.engine.rooms.close(s.holds)
		s.holds = nil
	}
}

// moved counts a join or leave. Each is told to a whole room, so one who moves
// without end is slowed down; nothing is refused, and nothing lost.
func (s *session) moved(now time.Time) {
	s.moves.Allow(now)
	if wait := s.moves.Wait(now); wait > 0 {
		s.paused = now.Add(wait)
	}
}

// refuse tells the session's peer alone that something was not done.
func (s *session) refuse(code protocol.Code) {
	s.engine.metrics.Refused(code)
	if s.here != nil {
		s.answers.after(s.here.reader)
	}
	s.answers.addFrame(frame.Text, tutorial.AppendError(nil, code, s.engine.rateLabel))
	s.carrier.Wake()
}

// refuseInOrder refuses behind what is in flight, and ends a session that is
// refused without end.
func (s *session) refuseInOrder(err error, now time.Time) {
	code := codeOf(err)
	s.inOrder(now, func(now time.Time) {
		s.refuse(code)
		s.tire(now)
	})
}

// tire counts a refusal, whatever it was for: each costs us about as much.
func (s *session) tire(now time.Time) {
	if !s.refusals.Allow(now) {
		s.end(protocol.CloseLimited, "refused 100 times in a minute: wait, then reconnect")
	}
}

func codeOf(err error) protocol.Code {
	var refusal *protocol.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return protocol.CodeUnavailable
}
