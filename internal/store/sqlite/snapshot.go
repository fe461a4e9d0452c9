package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Snapshot is what a data folder held at one moment, read without its lock, so
// beside a server. Of the folder it changes nothing but SQLite's index of the
// write-ahead log (-shm), in which readers note where they stand: a killed
// server's log is read through, and stays for the next start to write back.
//
// It is of one goroutine. As long as it is open a server's write-ahead log grows.
type Snapshot struct {
	path string
	db   *conn
	was  fs.FileInfo // of the file, if no process had it open
}

// ErrChanged says that a server started on a folder that was being read, so that
// what was read may be of two moments.
var ErrChanged = errors.New("a parley started on it meanwhile: do this again")

// OpenSnapshot opens the database of a data folder to be read.
func OpenSnapshot(folder string) (_ *Snapshot, err error) {
	path := filepath.Join(folder, File)
	s := &Snapshot{path: path}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no database in %s (no %s): name the folder of the server's --data", folder, File)
	}
	if err != nil {
		return nil, s.inWords(err)
	}
	if err := refuseOthers(path); err != nil {
		return nil, s.inWords(err)
	}
	// Without a write-ahead log nobody has it open. SQLite would make that file
	// even to read, as whoever runs this; read as immutable, it makes none, and
	// Close looks whether that was true.
	inUse, err := holds(path + "-wal")
	if err != nil {
		return nil, err
	}
	if !inUse {
		s.was = info
	}
	if s.db, err = openReadOnly(path, !inUse); err != nil {
		return nil, s.inWords(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	// The first read decides of which moment all that follow are.
	if err := s.db.Exec("begin; select count(*) from sqlite_schema"); err != nil {
		return nil, s.inWords(err)
	}
	if err := s.knowSchema(); err != nil {
		return nil, s.inWords(err)
	}
	return s, nil
}

// holds reports whether there is such a file.
func holds(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openReadOnly opens one connection that can't write. An immutable file is one
// that nobody writes to while it is open: SQLite neither locks it nor looks for
// a write-ahead log.
func openReadOnly(path string, immutable bool) (*conn, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(full)}
	if immutable {
		name.RawQuery = "immutable=1"
	}
	db, err := sqlite3.OpenFlags(name.String(), sqlite3.OPEN_READONLY|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	if err := db.Exec(fmt.Sprintf("pragma busy_timeout = 10000; pragma cache_size = -%d", readerCache)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &conn{db, map[string]*sqlite3.Stmt{}}, nil
}

// knowSchema refuses a schema that this program can't read.
func (s *Snapshot) knowSchema() error {
	all, err := store.Steps(migrations)
	if err != nil {
		return err
	}
	version, err := integer(s.db.Conn, "pragma user_version")
	switch {
	case err != nil:
		return err
	case version > len(all):
		return newerSchema(s.path, version, len(all))
	case version < len(all):
		return fmt.Errorf("%s is of an earlier parley (schema %d, this one reads %d): start this one on it once, or use that one", s.path, version, len(all))
	}
	return nil
}

// inWords says what a person can do about an error of SQLite's.
func (s *Snapshot) inWords(err error) error {
	switch {
	case errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.CORRUPT):
		return fmt.Errorf("%s is damaged: put a backup in its place (%w)", s.path, err)
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s can't be read: do this as the user that runs parley (%w)", s.path, err)
	}
	return err
}

// Rooms gives every room, by name.
func (s *Snapshot) Rooms(ctx context.Context) (found []store.Room, err error) {
	defer s.db.SetInterrupt(s.db.SetInterrupt(ctx))
	found, err = rooms(s.db)
	return found, s.orEnd(ctx, err)
}

// Events gives a room's events in order, as they were at that moment; after an
// error, none.
func (s *Snapshot) Events(ctx context.Context, room string) iter.Seq2[protocol.Event, error] {
	return func(yield func(protocol.Event, error) bool) {
		defer s.db.SetInterrupt(s.db.SetInterrupt(ctx))
		id, _, err := roomID(s.db, room)
		if err != nil {
			yield(protocol.Event{}, s.orEnd(ctx, err))
			return
		}
		stmt, _, err := s.db.Prepare(selectEvents + " order by e.seq")
		if err == nil {
			defer stmt.Close()
			err = stmt.BindInt64(1, id)
		}
		for err == nil && stmt.Step() {
			if !yield(eventOf(stmt, room), nil) {
				return
			}
		}
		if err == nil {
			err = stmt.Err()
		}
		if err != nil {
			yield(protocol.Event{}, s.orEnd(ctx, err))
		}
	}
}

// orEnd is ctx's own error where that is the reason.
func (s *Snapshot) orEnd(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.inWords(err)
}

// Close ends the snapshot. What was read counts only if it gives no error.
func (s *Snapshot) Close() error {
	err := s.db.close()
	if s.was == nil {
		return err
	}
	now, statErr := os.Stat(s.path)
	inUse, walErr := holds(s.path + "-wal")
	if statErr == nil && (inUse || !os.SameFile(now, s.was) || now.Size() != s.was.Size() || !now.ModTime().Equal(s.was.ModTime())) {
		statErr = fmt.Errorf("%s: %w", s.path, ErrChanged)
	}
	return errors.Join(err, statErr, walErr)
}
