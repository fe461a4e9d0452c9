package engine

import (
	"errors"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Next appends to dst what the session writes now: shared bytes of its room's
// log, and answers of its own. It gives about maxPendingWrite bytes; b counts what is
// of a log in memory. More says that it is to be called again. None: there is
// nothing to write until the carrier is woken, or has read what NeedsCold names. p is
// for those whom the carrier serves one after the other.
func (s *session) Next(dst [][]byte, p *roomlog.Repeat) (pieces [][]byte, b roomlog.Batch) {
	switch {
	case s.warm != nil:
		dst, s.warm = append(dst, s.warm), nil
		b.More = true
	case s.cold == nil:
		dst, b = s.readOn(dst, p)
		b.More = b.Bytes >= maxPendingWrite || !s.answers.empty()
	}
	return dst, b
}

// readOn reads what is owed, the answers, then the rooms' logs.
func (s *session) readOn(dst [][]byte, p *roomlog.Repeat) ([][]byte, roomlog.Batch) {
	var b roomlog.Batch
	if s.owesPing {
		s.owesPing = false
		dst = append(dst, pingFrame)
	}
	if !s.answers.empty() {
		var err error
		if dst, b, err = s.answers.next(dst, maxPendingWrite); err != nil {
			s.cold = s.answers.list[0].reader
			return dst, b
		}
	}
	if s.answers.empty() && b.Bytes < maxPendingWrite {
		dst, b = s.dialect.read(dst, b, p)
	}
	return dst, b
}

// NeedsCold says what the carrier must ask the store for, away from the session,
// and hand to Warm.
func (s *session) NeedsCold() (roomlog.ColdRead, bool) {
	if s.cold == nil || s.warm != nil {
		return roomlog.ColdRead{}, false
	}
	s.engine.metrics.ColdReads.Inc()
	return s.cold.Cold(), true
}

// Warm takes what the store answered.
func (s *session) Warm(asked roomlog.ColdRead, events []protocol.Event, err error) {
	if s.cold == nil {
		return // the session ended meanwhile
	}
	switch {
	case errors.Is(err, store.ErrNotKept), len(events) > 0 && events[0].Seq != asked.Cursor+1:
		s.tooSlow()
	case err != nil:
		s.engine.log.Error("a room's history could not be read", "room", asked.Room, "err", err)
		s.cutShort(protocol.CloseInternal, "history can't be read now: wait, then reconnect")
	default:
		end, isAnswer := s.answers.end(s.cold)
		if !isAnswer {
			end = s.dialect.coldEnd(s.cold)
		}
		frames, n, ok := s.cold.Warm(events, end, maxColdWrite)
		if s.cold = nil; len(frames) > 0 { // else its dialect shows nothing of them
			s.warm = frames
		}
		s.engine.metrics.Deliveries.Add(float64(n))
		if !ok {
			s.tooSlow()
		}
	}
}

// tooSlow ends a session that has yet to read what nobody keeps.
func (s *session) tooSlow() {
	s.cutShort(protocol.CloseTooSlow, "read too slowly: reconnect and resume")
}

// cutShort ends a session that can't be given what it has yet to read: a close
// frame is all that it still gets.
func (s *session) cutShort(code protocol.CloseCode, reason string) {
	s.dialect.leave()
	s.drop()
	if s.state != alive {
		s.answers.close(s.closing.code, s.closing.reason)
		return
	}
	s.end(code, reason)
}

// drop forgets what was to be written.
func (s *session) drop() {
	s.answers.drop()
	s.cold, s.warm = nil, nil
}
