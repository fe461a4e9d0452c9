package sqlite

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// selectEvents are the events of the room whose id is bound, as they are now;
// eventOf reads one. An edit is read with its message, whose text it doesn't have.
const selectEvents = `
	select e.seq, e.time, e.kind, e.user, e.name, coalesce(m.text, e.text), e.key, e.reply_to, e.target, e.emoji, e.edited,
		iif(e.kind = 'edit', coalesce(m.deleted, 1), e.deleted)
	from event e left join event m on e.kind = 'edit' and m.room = e.room and m.seq = e.target
	where e.room = ?`

func eventOf(s *sqlite3.Stmt, room string) protocol.Event {
	return protocol.Event{
		Room: room, Seq: seqColumn(s, 0), TS: s.ColumnInt64(1), Kind: protocol.Kind(s.ColumnText(2)),
		User: protocol.User{ID: s.ColumnText(3), Name: s.ColumnText(4)},
		Text: s.ColumnText(5), Key: s.ColumnText(6), ReplyTo: seqColumn(s, 7), Target: seqColumn(s, 8), Emoji: s.ColumnText(9),
		Edited: s.ColumnInt64(10), Deleted: s.ColumnBool(11),
	}
}

func seqColumn(s *sqlite3.Stmt, column int) protocol.Seq { return protocol.Seq(s.ColumnInt64(column)) }

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, room string, cursor protocol.Seq, limit int) (events []protocol.Event, err error) {
	err = s.reading(ctx, func(db *conn) error {
		// Where the log stands is asked first. What comes or is purged meanwhile
		// then looks like neither an end nor a beginning.
		id, head, err := roomID(db, room)
		if err != nil {
			return err
		}
		err = db.query(func(s *sqlite3.Stmt) { events = append(events, eventOf(s, room)) },
			selectEvents+" and e.seq > ? order by e.seq limit ?", id, cursor, limit)
		if len(events) > 0 && events[0].Seq != cursor+1 || len(events) == 0 && cursor < head && limit > 0 {
			events = nil
			err = store.ErrNotKept
		}
		return err
	})
	return events, err
}

// roomID is the id of a room, 0 if it has no log, and its head.
func roomID(db *conn, name string) (id int64, head protocol.Seq, err error) {
	err = db.query(func(s *sqlite3.Stmt) { id, head = s.ColumnInt64(0), seqColumn(s, 1) }, "select id, head from room where name = ?", name)
	return id, head, err
}

const selectRooms = "select name, epoch, first, head, topic from room"

func roomOf(s *sqlite3.Stmt) store.Room {
	return store.Room{Name: s.ColumnText(0), Epoch: s.ColumnText(1), First: seqColumn(s, 2), Head: seqColumn(s, 3), Topic: s.ColumnText(4)}
}

// Room implements store.Store.
func (s *Store) Room(ctx context.Context, name string) (room store.Room, err error) {
	room = store.Room{Name: name, Epoch: store.EpochOf(s.epochs, name), First: 1}
	err = s.reading(ctx, func(db *conn) error {
		return db.query(func(s *sqlite3.Stmt) { room = roomOf(s) }, selectRooms+" where name = ?", name)
	})
	return room, err
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) (found []store.Room, err error) {
	err = s.reading(ctx, func(db *conn) error {
		found, err = rooms(db)
		return err
	})
	return found, err
}

func rooms(db *conn) (found []store.Room, err error) {
	err = db.query(func(s *sqlite3.Stmt) { found = append(found, roomOf(s)) }, selectRooms+" order by name")
	return found, err
}
