package sqlite

import (
	"cmp"
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// indexing is what is done in one transaction.
type indexing struct {
	*index
	ctx   context.Context
	n     int // events that were read, and messages that were forgotten
	reads []reading
}

// reading is where a log has been read to, and the time of the last event there.
type reading struct {
	cursor
	time int64
}

// room brings a room's cursor to its log as it is now, and reads on from there.
func (b *indexing) room(name string) error {
	log, err := b.logs.Room(b.ctx, name)
	if err != nil {
		return err
	}
	c := cursor{name: name, epoch: log.Epoch, first: log.First, seq: log.First - 1}
	if err := b.db.query(func(s *sqlite3.Stmt) { c = cursorOf(s) }, selectCursors+" where name = ?", name); err != nil {
		return err
	}
	same := c.epoch == log.Epoch && c.seq <= log.Head
	gone := log.First // what is older
	if !same {
		gone = math.MaxInt64
	}
	if n, err := b.forget(c.id, gone); err != nil || n == indexPage {
		return err // there may be more
	}
	if !same {
		c.epoch, c.seq = log.Epoch, 0
	}
	c.first, c.seq = log.First, max(c.seq, log.First-1)
	return b.follow(c)
}

// forget takes out the messages of a room that are older than before, at most
// indexPage.
func (b *indexing) forget(room int64, before protocol.Seq) (int, error) {
	var gone []doc
	err := b.db.query(func(s *sqlite3.Stmt) { gone = append(gone, docOf(s)) }, selectDoc+" and seq < ? order by seq limit ?", room, before, indexPage)
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	err = b.db.exec(secureDelete, 0) // takes a millisecond a message, and nobody asked for these to be gone at once
	for _, d := range gone {
		err = cmp.Or(err, b.takeOut(d))
	}
	b.n += len(gone)
	return len(gone), cmp.Or(err, b.db.exec(secureDelete, 1))
}

const secureDelete = "insert into word (word, rank) values ('secure-delete', ?)"

// follow reads a page of a log.
func (b *indexing) follow(c cursor) error {
	events, err := b.logs.Read(b.ctx, c.name, c.seq, indexPage)
	if errors.Is(err, store.ErrNotKept) {
		return nil // it was purged just now, and who did it will say so
	}
	if err != nil {
		return err
	}
	r := reading{cursor: c}
	if n := len(events); n > 0 {
		r.seq, r.time = events[n-1].Seq, events[n-1].TS
		b.n += n
	}
	err = b.db.query(func(s *sqlite3.Stmt) { r.id = s.ColumnInt64(0) }, `insert into room (name, epoch, first, seq) values (?, ?, ?, ?)
		on conflict do update set epoch = excluded.epoch, first = excluded.first, seq = excluded.seq returning id`, r.name, r.epoch, r.first, r.seq)
	for i := range events {
		if err == nil {
			err = b.event(r.id, &events[i])
		}
	}
	b.reads = append(b.reads, r)
	return err
}

// event indexes a message, or one again that was changed.
func (b *indexing) event(room int64, e *protocol.Event) error {
	switch e.Kind {
	case protocol.KindMessage:
		return b.message(room, e)
	case protocol.KindEdit, protocol.KindDelete:
		target, err := b.logs.Read(b.ctx, e.Room, e.Target-1, 1)
		if errors.Is(err, store.ErrNotKept) {
			return nil
		}
		if err != nil {
			return err
		}
		return b.message(room, &target[0])
	}
	return nil
}

// message puts a message's words in the place of those that it had.
func (b *indexing) message(room int64, e *protocol.Event) error {
	d := doc{room: room}
	err := b.db.query(func(s *sqlite3.Stmt) { d = docOf(s) }, selectDoc+" and seq = ?", room, e.Seq)
	switch {
	case err != nil:
		return err
	case d.n != 0:
		err = b.takeOut(d)
	default:
		d.n, err = b.number(e.TS)
	}
	if err != nil || e.Deleted {
		return err
	}
	d.text = strings.Join(words.Tokens(e.Text), " ")
	return cmp.Or(
		b.db.exec("insert into doc (n, room, seq, text) values (?, ?, ?, ?)", d.n, d.room, e.Seq, d.text),
		b.db.exec("insert into word (rowid, room, text) values (?, ?, ?)", d.n, roomToken(d.room), d.text))
}

// takeOut takes a message out.
func (b *indexing) takeOut(d doc) error {
	return cmp.Or(
		b.db.exec("insert into word (word, rowid, room, text) values ('delete', ?, ?, ?)", d.n, roomToken(d.room), d.text),
		b.db.exec("delete from doc where n = ?", d.n))
}

// doc is a message as the index has it.
type doc struct {
	n    int64
	room int64
	text string // tokens
}

const selectDoc = "select n, room, text from doc where room = ?"

func docOf(s *sqlite3.Stmt) doc {
	return doc{n: s.ColumnInt64(0), room: s.ColumnInt64(1), text: s.ColumnText(2)}
}

// number is a new message's: greater than those of what was said before, or at the
// same time. There is room for half a million of each millisecond; more take the
// numbers of the next.
func (b *indexing) number(time int64) (n int64, err error) {
	const bits = 19
	for ; ; time++ {
		from, to := time<<bits, (time+1)<<bits
		err := b.db.query(func(s *sqlite3.Stmt) { n = max(from, s.ColumnInt64(0)+1) }, "select coalesce(max(n), 0) from doc where n < ?", to)
		if err != nil || n < to {
			return n, err
		}
	}
}

// roomToken is what stands for a room in the index.
func roomToken(room int64) string { return "r" + strconv.FormatInt(room, 10) }
