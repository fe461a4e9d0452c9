package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// dialect is how a session and its peer understand each other. Its methods are
// called by the session's carrier, one at a time.
type dialect interface {
	// hear takes a message.
	hear(m frame.Message, now time.Time)

	// appended hears what became of the oldest proposal that it made.
	appended(o *outcome)

	// leave goes out of every room.
	leave()

	// read appends to dst what the session's rooms have for it, up to maxPendingWrite
	// bytes with what b counts already. p is what the session before this one was given, or nil.
	// It sets session.cold where the store must be asked before it goes on.
	read(dst [][]byte, b roomlog.Batch, p *roomlog.Repeat) ([][]byte, roomlog.Batch)

	// coldEnd is how far a reader is to be read from the store.
	coldEnd(cold *roomlog.Reader) roomlog.Position
}

// outcome is what became of a proposal.
type outcome struct {
	seq      protocol.Seq
	ts       int64
	repeated bool
	err      error // a *protocol.Error, or why the store could not write
}

// outcomeOf is what a proposer was told.
func outcomeOf(r *store.Result, err error) outcome {
	if err == nil && r.Err != nil { // a nil *protocol.Error would be an error
		err = r.Err
	}
	return outcome{seq: r.Event.Seq, ts: r.Event.TS, repeated: !r.New, err: err}
}

// errand is what a session needs to know before it goes on. run asks the store,
// away from the session; done is called with the session's turn, even if the
// session has ended meanwhile.
type errand struct {
	run  func(ctx context.Context)
	done func(now time.Time)
	kind kind
}

// What a session may have on its way at once. Reading goes on when it has less.
const (
	maxInflight     = 32      // proposals without an answer
	maxAnswerBytes  = 8 << 10 // answers not yet written
	maxAnswers      = 64
	maxMoves        = 100 // joins and leaves …
	movesPer        = 10 * time.Second
	maxPendingWrite = 64 << 10 // one write, about: what Next gives
	maxColdWrite    = 32 << 10 // the same of what the store gave, which is the session's own
)

// session is one live connection of one user or guest.
type session struct {
	// Fixed after begin.
	engine   *Engine
	carrier  carrier
	addr     netip.Addr
	opened   moment
	dialect  dialect
	user     *user
	encoding roomlog.Encoding // beside other small fields: there are many sessions

	// Owned by the carrier.
	state    state
	inflight uint8 // proposals without an answer
	silent   bool  // nothing came since the last ping
	owesPing bool  // one is yet to be written
	hasMoved bool  // it has joined or left a room
	turn     int32 // what messages may yet come to in this turn, in bytes, inflated
	identity auth.Identity
	decoder  frame.Decoder
	inbox    []byte              // received, but it may not go on yet
	held     func(now time.Time) // the next step, once nothing is in flight
	errand   *errand             // nil for none
	answers  answers
	cold     *roomlog.Reader // waits for the store; nil for none
	warm     []byte          // what it gave, framed
	taker    roomlog.Taker
	strain   *strain // nil for none that counts
	pulse    pulse
	closing  *closing // how it has ended, or will once nothing is in flight; nil: it doesn't

	sibling *session // the next of its user's; guarded by users.mu
}

// strain is what a session's peer has put on us of late. It is given back once
// nothing of it counts.
type strain struct {
	moves    room.Window
	refusals room.Window
	paused   time.Time    // Tick looks then whether it may be read from again; zero: it may
	ahead    *roomlog.Log // of whose readers it is; nil for none
	aheadAt  time.Time    // since then
}

// closing is how a session ends.
type closing struct {
	code   protocol.CloseCode // of the close frame; 0 without one
	byPeer bool               // the code is the peer's own
	reason string
}

// state is how far a session's end has come.
type state uint8

const (
	alive  state = iota
	ending       // a close frame of ours is the last thing to write
	closed       // the peer's close frame is here, too, or there is none to wait for
)

// begin starts a session. Where it is kept, it stays.
func (s *session) begin(e *Engine, c carrier, o *Opening, now time.Time) {
	limits := frame.Limits{MessageBytes: protocol.MaxMessageBytes, Fragments: protocol.MaxFragments}
	*s = session{
		engine:   e,
		carrier:  c,
		encoding: roomlog.Encoding{Dialect: o.Dialect, Deflate: o.compressed()},
		identity: o.Identity,
		addr:     o.Addr,
		opened:   momentOf(now),
		decoder:  frame.NewDecoder(frame.Server, o.Deflate, limits),
		pulse:    newPulse(e.heartbeat, now),
	}
	s.user = e.users.enter(o.Identity.User, s)
	if o.Dialect == protocol.V1 {
		s.dialect = newV1(s, now)
	} else {
		s.dialect = &tutorialDialect{session: s}
	}
	if e.change != nil {
		e.change(s, o)
	}
}

// Receive takes bytes from the socket. p may be changed, and is not kept.
func (s *session) Receive(p []byte, now time.Time) {
	s.silent = false
	if len(s.inbox) > 0 {
		s.inbox = append(s.inbox, p...)
		p = s.inbox
	}
	s.keep(s.consume(p, now))
	s.pulse.message(s.decoder.Idle(), now)
}

// consume reads messages as long as the session may go on, in this turn, and returns
// the rest.
// After the peer's close frame nothing more has a meaning.
func (s *session) consume(p []byte, now time.Time) []byte {
	for len(p) > 0 && s.turn > 0 && s.MayReceive(now) {
		n, m, ok, err := s.decoder.Decode(p)
		p = p[n:]
		if err != nil {
			s.broken(err)
			return nil
		}
		if !ok {
			continue
		}
		s.turn -= int32(len(m.Payload))
		if m.Op == frame.Text || m.Op == frame.Binary { // a control frame may stand within a message
			s.pulse.begun = never
		}
		s.message(m, now)
		if s.state == closed {
			return nil
		}
	}
	return p
}

// keep holds back what could not be read yet.
func (s *session) keep(rest []byte) {
	if len(rest) == 0 {
		s.inbox = nil
		return
	}
	s.inbox = append([]byte(nil), rest...)
}

// MayReceive reports whether the session takes more bytes now. It does not while
// its peer leaves answers unread, or what it sent isn't stored yet.
func (s *session) MayReceive(now time.Time) bool {
	if s.state != alive {
		return true // and waits for the peer's close frame alone
	}
	return s.held == nil && s.errand == nil && s.closing == nil && s.inflight < maxInflight && !s.answers.full() && (s.strain == nil || s.strain.paused.IsZero())
}

// Waiting reports whether the session holds something back, or may be given no
// more.
func (s *session) Waiting(now time.Time) bool { return len(s.inbox) > 0 || !s.MayReceive(now) }

// Proceed goes on with what was received before, as far as the session may.
func (s *session) Proceed(now time.Time) {
	if s.inflight == 0 && s.held != nil {
		step := s.held
		s.held = nil
		step(now)
	}
	if len(s.inbox) > 0 && s.MayReceive(now) {
		s.keep(s.consume(s.inbox, now))
		s.pulse.message(s.decoder.Idle(), now)
	}
}

// inOrder takes a step behind everything that is in flight: what it tells the
// session must not overtake the session's own events.
func (s *session) inOrder(now time.Time, step func(now time.Time)) {
	if s.inflight == 0 {
		step(now)
		return
	}
	s.held = step
}

// message handles one message or control frame.
func (s *session) message(m frame.Message, now time.Time) {
	switch m.Op {
	case frame.Close:
		code, _, err := frame.ParseClose(m.Payload)
		if err != nil {
			s.broken(err)
			return
		}
		if s.state == alive {
			s.inOrder(now, func(time.Time) {
				s.end(protocol.CloseCode(code), "")
				s.closing.byPeer = true
				s.peerClosed()
			})
			return
		}
		s.peerClosed()
	case frame.Ping:
		if s.state == alive {
			s.answers.addFrame(frame.Pong, m.Payload)
			s.carrier.Wake()
		}
	case frame.Text, frame.Binary:
		if s.state == alive {
			s.dialect.hear(m, now)
		}
	}
}

// Appended hears what became of the session's oldest proposal.
func (s *session) Appended(o *outcome) {
	s.inflight--
	if o.err != nil {
		s.engine.metrics.Refused(codeOf(o.err))
	}
	s.dialect.appended(o)
	if s.inflight == 0 && s.closing != nil {
		s.end(s.closing.code, s.closing.reason)
	}
}

// Told takes a signal of parley.v1 on a room that is for its user's sessions alone,
// but for one whose token doesn't allow that room.
func (s *session) Told(room string, payload []byte) {
	if s.state == alive && s.encoding.Dialect == protocol.V1 && s.identity.MayJoin(room) {
		s.answers.addText(payload, s.encoding.Deflate)
	}
}

// Errand gives what is to be asked of the store, once.
func (s *session) Errand() *errand {
	if s.errand == nil || s.errand.run == nil {
		return nil
	}
	e := *s.errand
	s.errand.run = nil // it is on its way
	return &e
}

// ask has the session go on once run is done.
func (s *session) ask(run func(ctx context.Context), done func(now time.Time)) {
	s.errand = &errand{run: run, done: func(now time.Time) {
		s.errand = nil
		done(now)
	}}
}

// broken ends a session whose peer sent what RFC 6455 doesn't allow.
func (s *session) broken(err error) {
	code, reason := protocol.CloseInternal, err.Error()
	if f, ok := errors.AsType[*frame.Error](err); ok {
		code, reason = protocol.CloseCode(f.Code), f.Reason
	}
	s.end(code, reason)
	s.state = closed // nothing more of its peer can be understood
}

// end closes the session: it leaves its room at once, and after the answers that
// it has yet to write comes a close frame and nothing else.
func (s *session) end(code protocol.CloseCode, reason string) {
	if s.state != alive {
		return
	}
	s.state, s.closing = ending, &closing{code: code, reason: reason}
	s.dialect.leave()
	s.answers.close(code, reason)
	s.inbox, s.held = nil, nil
	s.carrier.Wake()
}

// endBehind ends the session behind what is in flight: whoever sent it hears what
// became of it.
func (s *session) endBehind(code protocol.CloseCode, reason string) {
	if s.inflight == 0 {
		s.end(code, reason)
	} else if s.closing == nil {
		s.closing = &closing{code: code, reason: reason}
	}
}

// drain ends the session because its node goes away.
func (s *session) drain() {
	s.endBehind(protocol.CloseGoingAway, "the node is going away: reconnect")
}

// peerClosed notes that no more frames will come.
func (s *session) peerClosed() {
	s.state = closed
	s.carrier.Wake()
}

// Gone ends a session whose socket is no more.
func (s *session) Gone(reason string) {
	if s.state == alive {
		s.closing = &closing{reason: reason}
		s.dialect.leave()
	}
	s.state = closed
	s.drop()
	s.inbox, s.held = nil, nil
}

// id names the session in the log; empty where its peer has no use for it.
func (s *session) id() string {
	if v, ok := s.dialect.(*v1); ok {
		return v.id
	}
	return ""
}

// attrs says what a log line tells of a session.
func (s *session) attrs() []any {
	attrs := []any{slog.String("addr", s.addr.String())}
	if id := s.id(); id != "" {
		attrs = append(attrs, slog.String("session", id))
	}
	if !s.identity.Guest {
		attrs = append(attrs, slog.String("user", s.identity.User))
	}
	return attrs
}

// strains is the session's strain, made at need.
func (s *session) strains() *strain {
	if s.strain == nil {
		s.strain = &strain{
			moves:    room.Window{N: maxMoves, Per: movesPer},
			refusals: room.Window{N: protocol.MaxRefusals - 1, Per: protocol.RefusalWindow},
		}
	}
	return s.strain
}

// rest gives back what no longer counts.
func (s *session) rest(now time.Time) {
	if x := s.strain; x != nil && x.moves.Idle(now) && x.refusals.Idle(now) && x.paused.IsZero() {
		s.strain = nil
	}
}

// tire counts a refusal, whatever it was for: each costs us about as much.
func (s *session) tire(now time.Time) {
	if !s.strains().refusals.Allow(now) {
		s.end(protocol.CloseLimited, "refused 100 times in a minute: wait, then reconnect")
	}
}

// moved counts a join or leave. Each is told to a whole room, so one who moves
// without end is slowed down; nothing is refused, and nothing lost.
func (s *session) moved(now time.Time) {
	if !s.hasMoved { // everybody comes in once, and most do no more
		s.hasMoved = true
		return
	}
	x := s.strains()
	x.moves.Allow(now)
	if wait := x.moves.Wait(now); wait > 0 {
		x.pause(now.Add(wait))
	}
}

// codeOf is what a client is told of an error: what has no code is the store's.
func codeOf(err error) protocol.Code {
	if refusal, ok := errors.AsType[*protocol.Error](err); ok {
		return refusal.Code
	}
	return protocol.CodeUnavailable
}
