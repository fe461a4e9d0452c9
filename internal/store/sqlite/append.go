package sqlite

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// roomState is where a log stands, as the last commit left it.
type roomState struct {
	store.Standing
	id    int64 // 0 until the log has its first event
	moved bool  // in the batch that is being written
}

// maxRooms is how many logs' places are remembered; of others the file is asked.
const maxRooms = 10_000

// Append implements store.Store.
func (s *Store) Append(_ context.Context, drafts []store.Draft) ([]store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := batch{known: s.rooms, rooms: map[string]*roomState{}, bodies: s.bodies, epochs: s.epochs, now: time.Now().UnixMilli()}
	results := make([]store.Result, len(drafts))
	s.index.willAppend(b.now)
	err := s.write(func(db *conn) (err error) {
		b.db = db
		for i := range drafts {
			if results[i], err = b.add(&drafts[i]); err != nil {
				return err
			}
		}
		return b.moveHeads()
	})
	s.index.appended(results, err)
	if err != nil {
		return nil, err
	}
	if len(s.rooms) > maxRooms {
		clear(s.rooms)
	}
	for name, r := range b.rooms {
		r.moved = false
		s.rooms[name] = r
	}
	return results, nil
}

// batch is what is written in one transaction. Nothing that is known from before is
// changed by it until the commit is done.
type batch struct {
	db     *conn
	known  map[string]*roomState
	rooms  map[string]*roomState // as they will stand
	bodies *store.Bodies
	epochs string
	now    int64
}

// add does what the rules have become of a draft.
func (b *batch) add(d *store.Draft) (store.Result, error) {
	r, err := b.room(d.Room)
	if err != nil {
		return store.Result{}, err
	}
	var body store.Body
	if d.Key != "" {
		body = b.bodies.Of(d.Text, d.ReplyTo)
	}
	result, err := store.Decide(d, body, b.now, ledger{b.db, r})
	switch {
	case err != nil:
	case result.New:
		err = b.append(r, &result.Event, body)
	case d.Kind == store.KindRead && result.Err == nil && result.Event.Seq > 0:
		err = b.db.exec(`insert into mark (user, room, seq) values (?, ?, ?)
			on conflict (user, room) do update set seq = excluded.seq where excluded.seq > seq`, d.User.ID, r.id, result.Event.Seq)
	}
	return result, err
}

// room is where a room stands, for the batch to move.
func (b *batch) room(name string) (*roomState, error) {
	if r := b.rooms[name]; r != nil {
		return r, nil
	}
	r := &roomState{}
	if known := b.known[name]; known != nil {
		*r = *known
	} else {
		err := b.db.query(func(s *sqlite3.Stmt) {
			r.id = s.ColumnInt64(0)
			r.Head, r.Time = seqColumn(s, 1), s.ColumnInt64(2)
			r.Topic, r.TopicSet = s.ColumnText(3), store.Stamp{Seq: seqColumn(s, 4), TS: s.ColumnInt64(5)}
		}, "select id, head, time, topic, topic_seq, topic_time from room where name = ?", name)
		if err != nil {
			return nil, err
		}
	}
	b.rooms[name] = r
	return r, nil
}

// append writes an event, and does what it says.
func (b *batch) append(r *roomState, e *protocol.Event, body store.Body) error {
	if r.id == 0 {
		err := b.db.query(func(s *sqlite3.Stmt) { r.id = s.ColumnInt64(0) },
			"insert into room (name, epoch) values (?, ?) returning id", e.Room, store.EpochOf(b.epochs, e.Room))
		if err != nil {
			return err
		}
	}
	r.Head, r.Time, r.moved = e.Seq, e.TS, true
	switch e.Kind {
	case protocol.KindMessage:
		return insertMessage(b.db, r.id, e, body)
	case protocol.KindTopic:
		r.Topic, r.TopicSet = e.Text, store.Stamp{Seq: e.Seq, TS: e.TS}
	}
	return insertChange(b.db, r.id, e)
}

// moveHeads has the rooms' rows follow.
func (b *batch) moveHeads() error {
	for _, r := range b.rooms {
		if !r.moved {
			continue
		}
		err := b.db.exec("update room set head = ?, time = ?, topic = ?, topic_seq = ?, topic_time = ? where id = ?",
			r.Head, r.Time, r.Topic, r.TopicSet.Seq, r.TopicSet.TS, r.id)
		if err != nil {
			return err
		}
	}
	return nil
}
