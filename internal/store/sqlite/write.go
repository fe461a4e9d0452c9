package sqlite

import (
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// write does something in one transaction of the one connection that writes. After
// an error nothing of it was done, as far as can be told. s.mu is held.
func (s *Store) write(do func(*conn) error) error {
	if s.closed.Load() {
		return errClosed
	}
	if s.writer == nil {
		if err := s.failing.wait(time.Now()); err != nil {
			return err
		}
		if err := s.reopen(); err != nil {
			return s.failing.add(s.inWords(err), time.Now())
		}
	}
	err := transact(s.writer, do)
	if errors.Is(err, sqlite3.FULL) {
		return s.inWords(err) // SQLite met the end of the disk and took its batch back
	}
	if err != nil {
		// Whether the commit is on disk is not known: SQLite, and the kernel after
		// a failed fsync, may see what the disk doesn't have. So everything that
		// is known of the file is forgotten, and it is read again.
		err = errors.Join(s.inWords(err), s.writer.close())
		s.writer = nil
		clear(s.rooms)
		return s.failing.add(err, time.Now())
	}
	s.failing = failing{}
	return nil
}

func transact(db *conn, do func(*conn) error) (err error) {
	tx, err := db.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	return do(db)
}

// failing keeps a disk that fails again and again from being asked at each batch:
// looking through the file takes a while.
type failing struct {
	times int
	last  error
	until time.Time
}

const failingPause = time.Second

// add counts a failure, and gives it back. The first is no reason to wait.
func (f *failing) add(err error, now time.Time) error {
	f.times++
	f.last = err
	if f.times > 1 {
		f.until = now.Add(failingPause)
	}
	return err
}

// wait gives the last failure for as long as the file is left alone.
func (f *failing) wait(now time.Time) error {
	if now.Before(f.until) {
		return f.last
	}
	return nil
}

var errClosed = errors.New("the store is closed")

// reopen opens the file again after a failed commit, and checks it.
func (s *Store) reopen() error {
	db, err := connect(s.path, writerCache)
	if err != nil {
		return err
	}
	if sound, err := text(db.Conn, "pragma quick_check(1)"); err != nil || sound != "ok" {
		return errors.Join(fmt.Errorf("%s is damaged: put a backup in its place (%s)", s.path, sound), err, db.close())
	}
	s.writer = db
	return nil
}
