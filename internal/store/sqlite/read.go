package sqlite

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
)

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, room string, cursor store.Seq, limit int) (events []store.Event, err error) {
	err = s.reading(ctx, func(db *sqlite3.Conn) error {
		stmt, _, err := db.Prepare(selectEvents + " and seq > ? order by seq limit ?")
		if err != nil {
			return err
		}
		defer stmt.Close()
		return row(stmt, func(s *sqlite3.Stmt) { events = append(events, eventOf(s, room)) }, room, int64(cursor), int64(limit))
	})
	return events, err
}

// selectEvents are the events of the room whose name is bound; eventOf reads one.
const selectEvents = "select seq, time, user, name, text from event where room = (select id from room where name = ?)"

func eventOf(s *sqlite3.Stmt, room string) store.Event {
	return store.Event{
		Seq: store.Seq(s.ColumnInt64(0)), Time: s.ColumnInt64(1),
		Draft: store.Draft{Room: room, User: s.ColumnText(2), Name: s.ColumnText(3), Text: s.ColumnText(4)},
	}
}

// Rooms implements store.Keeper.
func (s *Store) Rooms(ctx context.Context) (found []store.Room, err error) {
	err = s.reading(ctx, func(db *sqlite3.Conn) error {
		found, err = rooms(db)
		return err
	})
	return found, err
}

func rooms(db *sqlite3.Conn) (found []store.Room, err error) {
	stmt, _, err := db.Prepare("select name, epoch, head from room order by name")
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	err = row(stmt, func(s *sqlite3.Stmt) {
		found = append(found, store.Room{Name: s.ColumnText(0), Epoch: s.ColumnText(1), Head: store.Seq(s.ColumnInt64(2))})
	})
	return found, err
}

// reading lends a connection to a query that ends with ctx.
func (s *Store) reading(ctx context.Context, query func(*sqlite3.Conn) error) error {
	if s.closed.Load() {
		return errClosed // Close takes the connections, and gives none back
	}
	var db *sqlite3.Conn
	select {
	case db = <-s.read:
		if db == nil {
			return errClosed // meanwhile
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.read <- db }()
	old := db.SetInterrupt(ctx)
	defer db.SetInterrupt(old)
	return query(db)
}
