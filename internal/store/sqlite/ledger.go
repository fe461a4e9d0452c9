package sqlite

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// ledger is a room's log as it stands in the middle of a batch.
type ledger struct {
	db *conn
	*roomState
}

// Standing implements store.Ledger.
func (l ledger) Standing() store.Standing { return l.roomState.Standing }

// Message implements store.Ledger.
func (l ledger) Message(seq protocol.Seq) (m store.Message, err error) {
	err = l.db.query(func(s *sqlite3.Stmt) {
		m = store.Message{
			User: s.ColumnText(0), Text: s.ColumnText(1), Deleted: s.ColumnBool(2),
			Latest: store.Stamp{Seq: seqColumn(s, 3), TS: s.ColumnInt64(4)},
		}
	}, `select m.user, m.text, m.deleted, latest.seq, latest.time
		from event m join event latest on latest.room = m.room and latest.seq = iif(m.changed > 0, m.changed, m.seq)
		where m.room = ? and m.seq = ? and m.kind = 'message'`, l.id, seq)
	return m, err
}

// Keyed implements store.Ledger.
func (l ledger) Keyed(user, key string) (first store.Stamp, body store.Body, err error) {
	err = l.db.query(func(s *sqlite3.Stmt) {
		first = store.Stamp{Seq: seqColumn(s, 0), TS: s.ColumnInt64(1)}
		copy(body[:], s.ColumnRawBlob(2))
	}, "select seq, time, body from event where room = ? and key = ? and user = ? and key <> ''", l.id, key, user)
	return first, body, err
}

// Reaction implements store.Ledger.
func (l ledger) Reaction(target protocol.Seq, user, emoji string) (there store.Stamp, err error) {
	err = l.db.query(func(s *sqlite3.Stmt) {
		there = store.Stamp{Seq: seqColumn(s, 0), TS: s.ColumnInt64(1)}
	}, `select event.seq, event.time from reaction join event on event.room = reaction.room and event.seq = reaction.seq
		where reaction.room = ? and reaction.target = ? and reaction.emoji = ? and reaction.user = ?`, l.id, target, emoji, user)
	return there, err
}

// OtherEmoji implements store.Ledger. It goes from one emoji to the next, however
// many users each has.
func (l ledger) OtherEmoji(target protocol.Seq, emoji string) (n int, err error) {
	err = l.db.query(func(s *sqlite3.Stmt) { n = s.ColumnInt(0) },
		`with recursive next (emoji) as (
			select min(emoji) from reaction where room = ?1 and target = ?2
			union all
			select (select min(r.emoji) from reaction r where r.room = ?1 and r.target = ?2 and r.emoji > next.emoji)
			from next where next.emoji is not null)
		select count(emoji) from next where emoji <> ?3`, l.id, target, emoji)
	return n, err
}

// Mark implements store.Ledger.
func (l ledger) Mark(user string) (mark protocol.Seq, err error) {
	err = l.db.query(func(s *sqlite3.Stmt) { mark = seqColumn(s, 0) },
		"select seq from mark where user = ? and room = ?", user, l.id)
	return mark, err
}
