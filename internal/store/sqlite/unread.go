package sqlite

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// Unread implements store.Store. What it tells is of one moment.
func (s *Store) Unread(ctx context.Context, user protocol.User, rooms []string) ([]store.Unread, error) {
	all := make([]store.Unread, len(rooms))
	err := s.reading(ctx, func(db *conn) (err error) {
		tx := db.Begin()
		defer tx.End(&err)
		for i, room := range rooms {
			if err := unread(db, user, room, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func unread(db *conn, user protocol.User, room string, u *store.Unread) error {
	id, _, err := roomID(db, room)
	if err != nil {
		return err
	}
	if u.Read, err = (ledger{db, &roomState{id: id}}).Mark(user.ID); err != nil {
		return err
	}
	err = db.query(func(s *sqlite3.Stmt) { u.Messages = s.ColumnInt(0) },
		"select count(*) from event indexed by event_unread where room = ? and seq > ? and user <> ? and kind = 'message' and deleted = 0", id, u.Read, user.ID)
	if err != nil || u.Messages == 0 {
		return err
	}
	return db.query(func(s *sqlite3.Stmt) {
		if words.Mentions(s.ColumnText(0), user.Name) {
			u.Mentions++
		}
	}, `select text from event indexed by event_mention where room = ? and seq > ? and user <> ? and kind = 'message' and deleted = 0 and instr(text, '@') > 0`,
		id, u.Read, user.ID)
}
