package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// seat is a session's place in a room that it has joined, with parley.v1.
type seat struct {
	*presence
	dirty  atomic.Bool  // there may be more to read
	behind bool         // there is more to read
	until  protocol.Seq // the session is told that it has caught up behind this event
	told   bool         // it has been, since it joined
	fresh  bool         // it is owed the newest signals
}

// join comes into a room, or begins anew in one that was joined.
func (v *v1) join(id string, payload []byte, now time.Time) {
	c, name, last, err := v.checkJoin(payload)
	if err != nil {
		v.no(id, err, now)
		return
	}
	s := v.session
	if v.joined(name) == nil {
		s.moved(now)
	}
	live := s.engine.rooms.open(name)
	s.engine.rooms.follow(live)
	p := live.attach(s) // before the store is asked: what it doesn't have yet is heard
	life := s.engine.life()
	var r store.Room
	s.ask(func(ctx context.Context) {
		s.engine.elsewhere().await(ctx, live)
		r, err = s.engine.store.Room(ctx, name)
	}, func(now time.Time) {
		if s.state != alive || err != nil {
			p.reader.Detach()
			s.engine.rooms.close(live)
		}
		switch {
		case s.state != alive:
		case err != nil:
			s.engine.storeFails("a room could not be looked up", err)
			v.no(id, err, now)
		default:
			if life != "" && live.log.Base(life, r.Head) {
				live.wake()
			}
			v.sit(id, &c, last, &r, p)
		}
	})
	s.waitsFor(live)
}

func (v *v1) checkJoin(payload []byte) (c protocol.Join, name string, last int, err error) {
	if c, err = decode[protocol.Join](payload); err != nil {
		return c, "", 0, err
	}
	if name, err = cleanRoom(&v.session.identity, c.Room); err != nil {
		return c, "", 0, err
	}
	if last, err = count(c.Last, protocol.DefaultLast, protocol.MaxLast, "last"); err != nil {
		return c, "", 0, err
	}
	if v.joined(name) == nil && len(v.rooms) >= protocol.MaxRooms {
		return c, "", 0, &protocol.Error{Code: protocol.CodeTooMany, Text: "a session may be in 100 rooms"}
	}
	return c, name, last, nil
}

// sit takes a seat in a room that stands at r.
func (v *v1) sit(id string, c *protocol.Join, last int, r *store.Room, p *presence) {
	s := v.session
	cursor, reset := roomlog.Begin(c.Since, last, r)
	p.reader.Seek(cursor, r.Head)
	x := &seat{presence: p, behind: true, until: r.Head, fresh: true}
	if old := v.joined(r.Name); old != nil {
		p.room.moves(old.presence, p, s.carrier.Enters(p, x))
		v.unseat(old)
	} else {
		p.room.enter(p, s.identity.Name, s.carrier.Enters(p, x))
	}
	v.rooms = append(v.rooms, x)
	users, _ := p.room.count()
	v.ok(id, protocol.Joined{
		Room:  protocol.RoomState{Name: r.Name, Epoch: r.Epoch, First: max(r.First, 1), Head: r.Head, Topic: r.Topic},
		From:  cursor + 1,
		Count: users,
		Reset: reset,
	})
}

// joined is the seat in a room; nil without one. Most sessions have few: a map for
// each would cost as much as half of all else.
func (v *v1) joined(name string) *seat {
	for _, x := range v.rooms {
		if x.room.name == name {
			return x
		}
	}
	return nil
}

// unseat takes a seat away. What its reader had yet to read is not read any more.
func (v *v1) unseat(x *seat) {
	if v.session.cold == &x.reader {
		v.session.cold = nil
	}
	v.session.carrier.Left(x.presence)
	x.reader.Detach()
	for i := range v.rooms {
		if v.rooms[i] == x {
			v.rooms = append(v.rooms[:i], v.rooms[i+1:]...)
			break
		}
	}
	v.session.engine.rooms.close(x.room)
}

// in is the seat that a command speaks of.
func (v *v1) in(payload []byte) (*seat, error) {
	c, err := decode[protocol.Leave](payload)
	if err != nil {
		return nil, err
	}
	name, err := room.CleanRoom(c.Room)
	if err != nil {
		return nil, err
	}
	if x := v.joined(name); x != nil {
		return x, nil
	}
	return nil, &protocol.Error{Code: protocol.CodeNotJoined}
}

func (v *v1) leaveRoom(id string, payload []byte, now time.Time) {
	x, err := v.in(payload)
	if err != nil {
		v.no(id, err, now)
		return
	}
	v.session.moved(now)
	v.depart(x)
	v.ok(id, protocol.Nothing{})
}

// depart leaves one room.
func (v *v1) depart(x *seat) {
	x.room.leave(x.presence)
	v.unseat(x)
}

func (v *v1) leave() {
	for len(v.rooms) > 0 {
		v.depart(v.rooms[0])
	}
}

// read reads the rooms in turn, so that a busy one keeps no other waiting.
func (v *v1) read(dst [][]byte, b roomlog.Batch, p *roomlog.Repeat) ([][]byte, roomlog.Batch) {
	for range len(v.rooms) {
		x := v.rooms[0]
		copy(v.rooms, v.rooms[1:])
		v.rooms[len(v.rooms)-1] = x
		if x.dirty.Swap(false) || x.behind {
			dst = v.readSeat(x, dst, &b, p)
		}
		if v.session.cold != nil || b.Bytes >= maxPendingWrite || v.rewound {
			break
		}
	}
	if v.rewound {
		v.session.cutShort(protocol.CloseGoingAway, "the room's log has begun anew: reconnect and join again")
	}
	return dst, b
}

// readSeat reads one room until there is no more, or enough. What was there when the
// session joined comes first, then caught_up, then what came since.
func (v *v1) readSeat(x *seat, dst [][]byte, b *roomlog.Batch, p *roomlog.Repeat) [][]byte {
	for b.Bytes < maxPendingWrite {
		if !x.told && x.reader.Passed(x.end()) {
			x.told = true
			x.reader.Counts(&v.session.taker)
			dst = put(dst, b, marshal(protocol.CaughtUp{Type: protocol.TypeCaughtUp, Room: x.room.name, Seq: x.until}))
		}
		var next roomlog.Batch
		var err error
		if x.told {
			dst, next, err = x.reader.Follow(dst, maxPendingWrite-b.Bytes, p)
		} else {
			dst, next, err = x.reader.Read(dst, roomlog.Behind(x.until), maxPendingWrite-b.Bytes)
		}
		b.Add(next)
		if errors.Is(err, roomlog.ErrRewound) {
			v.rewound, x.behind = true, false
			return dst
		}
		if err != nil { // signals went by with what it fell behind
			v.session.cold, x.behind, x.fresh = &x.reader, true, true
			return dst
		}
		if next.Frames > 0 {
			continue
		}
		x.behind = false
		if x.told && x.fresh {
			x.fresh = false
			for _, signal := range x.room.state() {
				dst = put(dst, b, signal)
			}
		}
		return dst
	}
	x.behind = true
	return dst
}

// end is how far a seat is read now.
func (x *seat) end() roomlog.Position {
	if x.told {
		return roomlog.End
	}
	return roomlog.Behind(x.until)
}

func (v *v1) coldEnd(cold *roomlog.Reader) roomlog.Position {
	for _, x := range v.rooms {
		if &x.reader == cold {
			return x.end()
		}
	}
	return roomlog.End
}

// put appends a frame that is in no log.
func put(dst [][]byte, b *roomlog.Batch, payload []byte) [][]byte {
	own := frame.AppendFrame(nil, frame.Text, payload)
	b.Bytes += len(own)
	return append(dst, own)
}

// isOf reports whether what a draft names may be what it meant: an event of the life that
// the seat's log is in.
func (x *seat) isOf(d *store.Draft) bool {
	life, same := x.reader.Life()
	d.Life = life
	return same || d.Target == 0 && d.ReplyTo == 0
}
