package sqlite

import (
	"errors"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// insertMessage is the path of nearly every event: it binds without making an
// interface of each value, and names no column that has its default.
func insertMessage(db *conn, room int64, e *protocol.Event, body store.Body) error {
	const plain = "insert into event (room, seq, time, user, name, text) values (?, ?, ?, ?, ?, ?)"
	const more = "insert into event (room, seq, time, user, name, text, reply_to, key, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	sql := plain
	if e.Key != "" || e.ReplyTo != 0 {
		sql = more
	}
	stmt, err := db.prepare(sql)
	if err != nil {
		return err
	}
	err = errors.Join(
		stmt.BindInt64(1, room),
		stmt.BindInt64(2, int64(e.Seq)),
		stmt.BindInt64(3, e.TS),
		stmt.BindText(4, e.User.ID),
		stmt.BindText(5, e.User.Name),
		stmt.BindText(6, e.Text))
	if err == nil && sql == more {
		err = errors.Join(stmt.BindInt64(7, int64(e.ReplyTo)), stmt.BindText(8, e.Key), stmt.BindNull(9))
		if e.Key != "" {
			err = errors.Join(err, stmt.BindBlob(9, body[:]))
		}
	}
	if err != nil {
		return err
	}
	return stmt.Exec()
}

// insertChange writes an event that is no message, and does what it says.
func insertChange(db *conn, room int64, e *protocol.Event) error {
	text := e.Text
	if e.Kind == protocol.KindEdit {
		text = "" // it stands with the message
	}
	err := db.exec("insert into event (room, seq, time, user, name, text, kind, target, emoji) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		room, e.Seq, e.TS, e.User.ID, e.User.Name, text, string(e.Kind), e.Target, e.Emoji)
	if err != nil {
		return err
	}
	switch e.Kind {
	case protocol.KindEdit:
		return db.exec("update event set text = ?, edited = ?, changed = ? where room = ? and seq = ?", e.Text, e.TS, e.Seq, room, e.Target)
	case protocol.KindDelete:
		return errors.Join(
			db.exec("update event set text = '', edited = 0, deleted = 1, changed = ? where room = ? and seq = ?", e.Seq, room, e.Target),
			db.exec("delete from reaction where room = ? and target = ?", room, e.Target))
	case protocol.KindReact:
		return db.exec("insert into reaction (room, target, emoji, user, seq) values (?, ?, ?, ?, ?)", room, e.Target, e.Emoji, e.User.ID, e.Seq)
	case protocol.KindUnreact:
		return db.exec("delete from reaction where room = ? and target = ? and emoji = ? and user = ?", room, e.Target, e.Emoji, e.User.ID)
	}
	return nil
}
