package durable

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store/sqlite"
)

// Bare is the driver and the rows that a message with a key is, and nothing around
// them.
type Bare struct {
	db            *sqlite3.Conn
	insert, moved *sqlite3.Stmt
	head          int
}

// OpenBare makes a database as a server would, in a folder of its own.
func OpenBare(folder string) (_ *Bare, err error) {
	s, err := sqlite.Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	b := &Bare{}
	if b.db, err = sqlite3.Open(filepath.Join(folder, sqlite.File)); err != nil {
		return nil, err
	}
	err = b.db.Exec(`pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; pragma cache_size = -16384;
		insert into room (id, name, epoch) values (1, 'lobby', '')`)
	if err == nil {
		b.insert, _, err = b.db.PrepareFlags("insert into event (room, seq, time, user, name, text, key, body) values (1, ?, ?, ?, 'ada', ?, ?, ?)", sqlite3.PREPARE_PERSISTENT)
	}
	if err == nil {
		b.moved, _, err = b.db.PrepareFlags("update room set head = ?, time = ? where id = 1", sqlite3.PREPARE_PERSISTENT)
	}
	return b, err
}

// Close closes the database.
func (b *Bare) Close() error {
	return errors.Join(b.insert.Close(), b.moved.Close(), b.db.Close())
}

// Rows commits so many rows at once, again and again, and gives how many rows that
// is a second.
func (b *Bare) Rows(atOnce int, window time.Duration) (perSecond float64, err error) {
	before, began := b.head, time.Now()
	for time.Since(began) < window {
		if err := b.commit(atOnce); err != nil {
			return 0, err
		}
	}
	return rate(b.head-before, time.Since(began)), nil
}

func (b *Bare) commit(n int) (err error) {
	tx, err := b.db.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	now := time.Now().UnixMilli()
	var body [16]byte
	for i := range n {
		b.head++
		err := errors.Join(
			b.insert.BindInt64(1, int64(b.head)), b.insert.BindInt64(2, now), b.insert.BindText(3, fmt.Sprintf("guest.%026d", i%64)),
			b.insert.BindText(4, text), b.insert.BindText(5, keyOf(i, b.head)), b.insert.BindBlob(6, body[:]), b.insert.Exec())
		if err != nil {
			return err
		}
	}
	return errors.Join(b.moved.BindInt64(1, int64(b.head)), b.moved.BindInt64(2, now), b.moved.Exec())
}
