package engine

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

// tutorialDialect speaks the tutorial's frames: one room at a time, and one's echo is
// one's answer.
type tutorialDialect struct {
	session *session
	here    *presence // nil in no room
	holds   *liveRoom // kept open for here, and for what is in flight
}

func (t *tutorialDialect) hear(m frame.Message, now time.Time) {
	s := t.session
	c, err := tutorial.Decode(m.Payload)
	if err != nil {
		t.refuseInOrder(err, now)
		return
	}
	switch c.Kind {
	case tutorial.Chat:
		if err := t.chat(&c, now); err != nil {
			t.refuseInOrder(err, now)
		}
	case tutorial.Join:
		s.inOrder(now, func(now time.Time) { t.joinAs(&c, now) })
	case tutorial.Leave:
		s.inOrder(now, func(now time.Time) { s.moved(now); t.leave() })
	default:
		t.refuseInOrder(&protocol.Error{Code: protocol.CodeUnknownType}, now)
	}
}

// chat proposes a message. The rate comes first, then the room, then the text.
func (t *tutorialDialect) chat(c *tutorial.Command, now time.Time) error {
	s := t.session
	if s.engine.users.mayChat(s.user, now) > 0 {
		return &protocol.Error{Code: protocol.CodeRateLimited}
	}
	if t.here == nil {
		return &protocol.Error{Code: protocol.CodeNotJoined}
	}
	if c.Text.Wrong {
		return &protocol.Error{Code: protocol.CodeInvalidText}
	}
	text, err := room.CleanText(c.Text.Value)
	if err != nil {
		return err
	}
	if err := s.engine.mayTake(t.here.room); err != nil {
		return err
	}
	s.inflight++
	s.engine.writer.Propose(roomlog.Proposal{
		Log: t.here.room.log,
		Draft: store.Draft{
			Room: t.here.room.name,
			Kind: protocol.KindMessage,
			User: protocol.User{ID: s.identity.User, Name: t.here.member.Name, Role: s.identity.Role},
			Text: text,
		},
		By: s.carrier,
	})
	s.wrote(t.here.room, now)
	return nil
}

// joinAs brings the session into the room that c names, from the one it is in.
func (t *tutorialDialect) joinAs(c *tutorial.Command, now time.Time) {
	s := t.session
	name, roomName, err := t.whoAndWhere(c)
	if err != nil {
		t.refuse(err, now)
		return
	}
	s.moved(now)
	t.leave()
	t.holds = s.engine.rooms.open(roomName)
	if p := s.engine.peers; p != nil {
		s.engine.rooms.follow(t.holds)
		t.settle(p, name)
		return
	}
	t.comesIn(name)
}

// settle comes in once it is known where the room's log stands, and who is there.
func (t *tutorialDialect) settle(p *peers, name string) {
	s, r := t.session, t.holds
	s.ask(func(ctx context.Context) { p.settle(ctx, r) }, func(time.Time) {
		if s.state == alive {
			t.comesIn(name)
		}
	})
	s.waitsFor(r)
}

// comesIn enters the room that is held open, where the session is carried with those
// who are in it.
func (t *tutorialDialect) comesIn(name string) {
	s := t.session
	if s.carrier.Moves(t.holds) {
		s.held = func(time.Time) { t.enter(name) }
		return
	}
	t.enter(name)
}

// enter comes into the room that is held open.
func (t *tutorialDialect) enter(name string) {
	s := t.session
	t.here = t.holds.attach(s)
	t.here.reader.Counts(&s.taker)
	own := t.holds.enter(t.here, name, s.carrier.Enters(t.here, nil))
	if own != nil {
		s.answers.addFrame(frame.Text, own)
		s.carrier.Wake()
	}
}

// whoAndWhere checks a join's name first, then its room, then the token.
func (t *tutorialDialect) whoAndWhere(c *tutorial.Command) (name, roomName string, err error) {
	identity := &t.session.identity
	name = identity.Name
	if identity.Guest {
		if name, err = field(c.Username, room.DefaultName, protocol.CodeInvalidName, room.CleanName); err != nil {
			return "", "", err
		}
	}
	roomName, err = field(c.Room, room.DefaultRoom, protocol.CodeInvalidRoom, room.CleanRoom)
	if err == nil && !identity.MayJoin(roomName) {
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
func (t *tutorialDialect) leave() {
	if t.here == nil {
		t.letGo() // it was about to come in
		return
	}
	s := t.session
	s.answers.finish(&t.here.reader) // before the others' notice
	t.here.room.leave(t.here)
	s.carrier.Left(t.here)
	t.here = nil
	t.letGo()
}

// letGo closes the room that was held open, unless it is in use.
func (t *tutorialDialect) letGo() {
	if t.holds != nil && t.here == nil && t.session.inflight == 0 {
		t.session.engine.rooms.close(t.holds)
		t.holds = nil
	}
}

// appended has nothing to say of what was stored: its echo is in the log.
func (t *tutorialDialect) appended(o *outcome) {
	if o.err != nil && t.session.state == alive {
		t.tell(codeOf(o.err))
	}
	t.letGo()
}

// refuseInOrder refuses behind what is in flight.
func (t *tutorialDialect) refuseInOrder(err error, now time.Time) {
	t.session.inOrder(now, func(now time.Time) { t.refuse(err, now) })
}

func (t *tutorialDialect) refuse(err error, now time.Time) {
	code := codeOf(err)
	t.session.engine.metrics.Refused(code)
	t.tell(code)
	if code != protocol.CodeUnavailable { // which is no fault of its peer's
		t.session.tire(now)
	}
}

// tell says a refusal to the sender alone, behind all that was there when it
// happened.
func (t *tutorialDialect) tell(code protocol.Code) {
	s := t.session
	if t.here != nil {
		s.answers.after(&t.here.reader)
	}
	s.answers.addFrame(frame.Text, tutorial.AppendError(nil, code, s.engine.rateLabel))
	s.carrier.Wake()
}

func (t *tutorialDialect) read(dst [][]byte, b roomlog.Batch, p *roomlog.Repeat) ([][]byte, roomlog.Batch) {
	if t.here == nil {
		return dst, b
	}
	for more := true; more && b.Bytes < maxPendingWrite; {
		var next roomlog.Batch
		var err error
		dst, next, err = t.here.reader.Follow(dst, maxPendingWrite-b.Bytes, p)
		b.Add(next)
		if err != nil {
			t.session.cold = &t.here.reader
			break
		}
		more = next.More
	}
	return dst, b
}

func (t *tutorialDialect) coldEnd(*roomlog.Reader) roomlog.Position { return roomlog.End }
