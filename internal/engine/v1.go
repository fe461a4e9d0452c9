package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// v1 speaks parley.v1: many rooms, commands with ids, each answered once.
type v1 struct {
	session *session
	id      string   // of the session, as its peer and the log have it
	rooms   []*seat  // joined, at most protocol.MaxRooms, in the order in which they are read next
	flights []flight // proposals without an answer, oldest first
	rewound bool     // the log of one of the rooms has begun another life: the session can't go on
}

// flight is a command whose draft is on its way.
type flight struct {
	id   string
	room *liveRoom // held open for it
}

func newV1(s *session, now time.Time) *v1 {
	v := &v1{session: s, id: strings.Clone(rand.Text()[:16])}
	e := s.engine
	w := protocol.Welcome{
		Type:    protocol.TypeWelcome,
		Session: v.id,
		User:    userOf(&s.identity),
		Limits: protocol.WelcomeLimits{
			MessageBytes: protocol.MaxMessageBytes,
			TextRunes:    protocol.MaxTextRunes,
			NameRunes:    protocol.MaxNameRunes,
			RoomRunes:    protocol.MaxRoomRunes,
			TopicRunes:   protocol.MaxTopicRunes,
			KeyBytes:     protocol.MaxIDBytes,
			Rooms:        protocol.MaxRooms,
			RateCount:    e.rate.N,
			RateMS:       e.rate.Per.Milliseconds(),
			TypingMS:     protocol.TypingFor.Milliseconds(),
		},
		Time: now.UnixMilli(),
	}
	if s.identity.Guest && e.pass != nil {
		w.Pass = e.pass(w.User)
	}
	v.tell(marshal(w))
	return v
}

// tell writes a frame for this session alone.
func (v *v1) tell(payload []byte) {
	v.session.answers.addText(payload, v.session.encoding.Deflate)
	v.session.carrier.Wake()
}

// ok answers a command that was done.
func (v *v1) ok(id string, fields any) { v.tell(doneFrame(id, fields)) }

// no answers a command that was not done.
func (v *v1) no(id string, err error, now time.Time) {
	v.session.engine.metrics.Refused(codeOf(err))
	v.tell(refusedFrame(id, v.session.engine.refusal(err)))
	if codeOf(err) != protocol.CodeUnavailable { // which is no fault of its peer's
		v.session.tire(now)
	}
}

func (v *v1) hear(m frame.Message, now time.Time) {
	if m.Op != frame.Text {
		v.session.end(protocol.CloseUnsupported, "parley.v1 is text frames")
		return
	}
	name, id, err := decodeHead(m.Payload)
	c, known := commands[name]
	switch {
	case err != nil:
		v.no(id, err, now)
	case !known:
		v.no(id, &protocol.Error{Code: protocol.CodeUnknownType}, now)
	case id == "":
		v.no(id, &protocol.Error{Code: protocol.CodeInvalidID}, now)
	case c.own != nil:
		c.own(v, id, m.Payload, now)
	case c.write != nil:
		v.write(id, c, m.Payload, now)
	default:
		v.look(id, c, m.Payload, now)
	}
}

// write proposes what a command wants written. Its answer waits for the store.
func (v *v1) write(id string, c command, payload []byte, now time.Time) {
	s := v.session
	draft, err := c.write(&s.identity, payload)
	if err != nil {
		v.no(id, err, now)
		return
	}
	joined := v.joined(draft.Room)
	if joined != nil && !joined.isOf(&draft) {
		v.no(id, &protocol.Error{Code: protocol.CodeNotFound}, now)
		return
	}
	r := s.engine.rooms.open(draft.Room)
	if err = s.engine.mayWrite(s.user, r, draft.Kind, now); err != nil {
		s.engine.rooms.close(r)
		v.no(id, err, now)
		return
	}
	if joined != nil && draft.Kind == protocol.KindMessage {
		joined.room.wrote(s.identity.User)
	}
	v.flights = append(v.flights, flight{id, r})
	s.inflight++
	s.engine.writer.Propose(roomlog.Proposal{Log: r.log, Draft: draft, By: s.carrier})
	s.wrote(r, now)
}

func (v *v1) appended(o *outcome) {
	s := v.session
	f := v.flights[0]
	if v.flights = v.flights[1:]; len(v.flights) == 0 {
		v.flights = nil
	}
	s.engine.rooms.close(f.room)
	switch {
	case s.state != alive: // it has gone, and can't be told
	case o.err != nil:
		v.tell(refusedFrame(f.id, s.engine.refusal(o.err)))
	default:
		v.tell(writtenFrame(f.id, o))
	}
}

// look answers a command from the store, which has what was sent before it. What
// comes after it waits.
func (v *v1) look(id string, c command, payload []byte, now time.Time) {
	s := v.session
	by := s.identity // as it is now
	payload = bytes.Clone(payload)
	var fields any
	var err error
	run := func(ctx context.Context) { fields, err = c.look(ctx, s.engine, &by, payload) }
	s.inOrder(now, func(time.Time) {
		s.ask(run, v.looked(id, &fields, &err))
		s.errand.kind = c.kind
	})
}

// looked answers once the store has.
func (v *v1) looked(id string, fields *any, err *error) func(now time.Time) {
	return func(now time.Time) {
		s := v.session
		switch {
		case s.state != alive:
		case *err != nil:
			s.engine.storeFails("a command could not be done", *err)
			v.no(id, *err, now)
		default:
			v.ok(id, *fields)
		}
	}
}

func (v *v1) rename(id string, payload []byte, now time.Time) {
	s := v.session
	name, err := newName(&s.identity, payload)
	if err != nil {
		v.no(id, err, now)
		return
	}
	s.moved(now) // whole rooms are told
	s.identity.Name = name
	for _, seat := range v.rooms {
		seat.room.renamed(seat.presence, name)
	}
	v.ok(id, s.engine.renamed(&s.identity, name))
}

func (v *v1) typing(id string, payload []byte, now time.Time) {
	seat, err := v.in(payload)
	if err != nil {
		v.no(id, err, now)
		return
	}
	seat.room.types(userOf(&v.session.identity), now)
	v.ok(id, protocol.Nothing{})
}
