package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
)

// Names in a data folder.
const (
	File     = "parley.db"
	lockFile = "parley.lock"
	lifeFile = "parley.life" // holds the life id of the database beside it
	wordFile = "search.db"   // can be made anew
)

// readers is how many connections read, so that a page needn't wait for a long
// count; each has a small page cache of its own.
const readers = 4

// Store is one open data folder.
type Store struct {
	// Fixed after Open.
	path   string
	life   string // the file beside it
	log    *slog.Logger
	lock   *os.File
	read   chan *conn // those that are free; nil stands for one that was never opened
	secret []byte
	epochs string // see store.EpochOf
	index  *index

	// Guarded by mu.
	mu      sync.Mutex
	writer  *conn                 // nil after a failed commit, until the file was opened again
	rooms   map[string]*roomState // at most about maxRooms
	bodies  *store.Bodies
	settled bool // the file is known to be sound, and ours
	failing failing

	// Any goroutine.
	closed atomic.Bool
}

// Open opens the database of a data folder, made at need. The error says what is
// wrong with the folder or the file in it, and what to do.
func Open(folder string, log *slog.Logger) (_ *Store, err error) {
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	lock, err := lockFolder(folder)
	if err != nil {
		return nil, err
	}
	s := &Store{path: filepath.Join(folder, File), life: filepath.Join(folder, lifeFile), log: log, lock: lock, read: make(chan *conn, readers), rooms: map[string]*roomState{}}
	for range readers {
		s.read <- nil
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := refuseOthers(s.path); err != nil {
		return nil, err
	}
	if err := private(s.path); err != nil {
		return nil, err
	}
	if s.writer, err = connect(s.path, writerCache); err != nil {
		return nil, s.inWords(err)
	}
	if err := s.settle(); err != nil {
		return nil, s.inWords(err)
	}
	for range readers {
		db, err := connect(s.path, readerCache)
		if err != nil {
			return nil, s.inWords(err)
		}
		<-s.read
		s.read <- db
	}
	if err := sameMode(s.path); err != nil {
		return nil, err
	}
	s.index = openIndex(filepath.Join(folder, wordFile), s, log)
	return s, nil
}

// private makes a new database readable for its user alone, whoever may look into
// the folder.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sameMode gives the files beside the database the mode that it has.
func sameMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	for _, beside := range []string{"-wal", "-shm"} {
		if err := os.Chmod(path+beside, info.Mode().Perm()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// refuseOthers looks at a file before SQLite does, which would take an empty or a
// cut off one for a database that was never written to.
func refuseOthers(path string) error {
	sound, err := hasMagic(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !sound && !unfinished(path) {
		err = fmt.Errorf("%s is no database, or was cut off: put a backup in its place, or move it away to start anew", path)
	}
	return err
}

// hasMagic reports whether a file begins as a database does.
func hasMagic(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	const magic = "SQLite format 3\x00" // https://sqlite.org/fileformat.html §1.3.1
	head := make([]byte, len(magic))
	n, err := f.Read(head)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(head[:n]) == magic, nil
}

// settle checks the file, brings it to this schema, and sees whether it is the
// one that was here last time.
func (s *Store) settle() error {
	db := s.writer.Conn
	if sound, err := text(db, "pragma quick_check(1)"); err != nil || sound != "ok" {
		return errors.Join(fmt.Errorf("%s is damaged: put a backup in its place (%s)", s.path, sound), err)
	}
	if err := migrate(db, s.path); err != nil {
		return err
	}
	if err := s.live(); err != nil {
		return err
	}
	s.bodies = store.NewBodies(s.secret)
	s.settled = true
	return nil
}

// Secret implements store.Store.
func (s *Store) Secret() []byte { return s.secret }

// inWords says what a person can do about an error of SQLite's.
func (s *Store) inWords(err error) error {
	switch {
	case errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.CORRUPT):
		return fmt.Errorf("%s is damaged: put a backup in its place (%w)", s.path, err)
	case errors.Is(err, sqlite3.FULL):
		return fmt.Errorf("the disk with %s is full: make room (%w)", s.path, err)
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN):
		return fmt.Errorf("%s can't be written to: give its folder to the user that runs parley (%w)", s.path, err)
	}
	return err
}

// Close waits for those who read, closes every connection, and lets go of the
// folder.
func (s *Store) Close() error {
	var errs []error
	if s.index != nil {
		errs = append(errs, s.index.close()) // while there is something to read
	}
	s.closed.Store(true)
	for range readers {
		if db := <-s.read; db != nil {
			errs = append(errs, db.close())
		}
	}
	close(s.read) // for whoever waits for one
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer != nil {
		if s.settled {
			errs = append(errs, s.noteEvents())
		}
		errs = append(errs, s.writer.close())
		s.writer = nil
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
