package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
)

// writer is the one connection that writes, with its statements.
type writer struct {
	db       *sqlite3.Conn
	findRoom *sqlite3.Stmt
	addRoom  *sqlite3.Stmt
	moveHead *sqlite3.Stmt
	addEvent *sqlite3.Stmt
}

// roomState is where a log stands, as the last commit left it.
type roomState struct {
	id   int64
	head store.Seq
	time int64
}

// maxRooms is how many logs' places are remembered; of others the file is asked.
const maxRooms = 10_000

func openWriter(path string) (*writer, error) {
	db, err := connect(path, writerCache)
	if err != nil {
		return nil, err
	}
	return &writer{db: db}, nil
}

// prepare makes the statements, once the schema is there.
func (w *writer) prepare() (err error) {
	if w.addEvent != nil {
		return nil
	}
	for _, s := range []struct {
		stmt **sqlite3.Stmt
		sql  string
	}{
		{&w.findRoom, "select id, head, time from room where name = ?"},
		{&w.addRoom, "insert into room (name, epoch) values (?, ?) returning id"},
		{&w.moveHead, "update room set head = ?, time = ? where id = ?"},
		{&w.addEvent, "insert into event (room, seq, time, user, name, text) values (?, ?, ?, ?, ?, ?)"},
	} {
		if *s.stmt, _, err = w.db.PrepareFlags(s.sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return err
		}
	}
	return nil
}

// close ends the statements, without which the connection would stay.
func (w *writer) close() error {
	var errs []error
	for _, stmt := range []*sqlite3.Stmt{w.findRoom, w.addRoom, w.moveHead, w.addEvent} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(append(errs, w.db.Close())...)
}

// Append implements store.Store.
func (s *Store) Append(_ context.Context, drafts []store.Draft) ([]store.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return nil, errClosed
	}
	if s.writer == nil {
		if err := s.failing.wait(time.Now()); err != nil {
			return nil, err
		}
		if err := s.reopen(); err != nil {
			return nil, s.failing.add(s.inWords(err), time.Now())
		}
	}
	events, moved, err := s.writer.append(s.rooms, drafts)
	if errors.Is(err, sqlite3.FULL) {
		return nil, s.inWords(err) // SQLite met the end of the disk and took its batch back
	}
	if err != nil {
		// Whether the commit is on disk is not known: SQLite, and the kernel after
		// a failed fsync, may see what the disk doesn't have. So everything that
		// is known of the file is forgotten, and it is read again.
		err = errors.Join(s.inWords(err), s.writer.close())
		s.writer = nil
		clear(s.rooms)
		return nil, s.failing.add(err, time.Now())
	}
	s.failing = failing{}
	if len(s.rooms) > maxRooms {
		clear(s.rooms)
	}
	for name, state := range moved {
		s.rooms[name] = state
	}
	return events, nil
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
	w, err := openWriter(s.path)
	if err != nil {
		return err
	}
	if sound, err := text(w.db, "pragma quick_check(1)"); err != nil || sound != "ok" {
		return errors.Join(fmt.Errorf("%s is damaged: put a backup in its place (%s)", s.path, sound), err, w.close())
	}
	s.writer = w
	return nil
}

// append writes a batch in one transaction. known isn't changed: moved is where
// the rooms stand once the commit is done.
func (w *writer) append(known map[string]*roomState, drafts []store.Draft) (events []store.Event, moved map[string]*roomState, err error) {
	if err := w.prepare(); err != nil {
		return nil, nil, err
	}
	tx, err := w.db.BeginImmediate()
	if err != nil {
		return nil, nil, err
	}
	defer tx.End(&err)
	now := time.Now().UnixMilli()
	events, moved = make([]store.Event, len(drafts)), map[string]*roomState{}
	for i, d := range drafts {
		r := moved[d.Room]
		if r == nil {
			if r, err = w.state(known, d.Room); err != nil {
				return nil, nil, err
			}
			moved[d.Room] = r
		}
		r.head++
		r.time = max(r.time, now) // a clock that is set back does not turn a log around
		events[i] = store.Event{Draft: d, Seq: r.head, Time: r.time}
		if err := w.insert(r.id, &events[i]); err != nil {
			return nil, nil, err
		}
	}
	for _, r := range moved {
		if err := exec(w.moveHead, int64(r.head), r.time, r.id); err != nil {
			return nil, nil, err
		}
	}
	return events, moved, nil
}

// state is a copy of where a room stands; the room is made at need.
func (w *writer) state(known map[string]*roomState, name string) (*roomState, error) {
	if r := known[name]; r != nil {
		c := *r
		return &c, nil
	}
	r := &roomState{}
	err := row(w.findRoom, func(s *sqlite3.Stmt) {
		r.id, r.head, r.time = s.ColumnInt64(0), store.Seq(s.ColumnInt64(1)), s.ColumnInt64(2)
	}, name)
	if err == nil && r.id == 0 {
		err = row(w.addRoom, func(s *sqlite3.Stmt) { r.id = s.ColumnInt64(0) }, name, newID())
	}
	return r, err
}

func (w *writer) insert(room int64, e *store.Event) error {
	return exec(w.addEvent, room, int64(e.Seq), e.Time, e.User, e.Name, e.Text)
}

// exec runs a statement that gives no rows.
func exec(s *sqlite3.Stmt, args ...any) error { return row(s, func(*sqlite3.Stmt) {}, args...) }

// row runs a statement to its end, and calls found for each row.
func row(s *sqlite3.Stmt, found func(*sqlite3.Stmt), args ...any) error {
	for i, arg := range args {
		var err error
		switch arg := arg.(type) {
		case int64:
			err = s.BindInt64(i+1, arg)
		case string:
			err = s.BindText(i+1, arg)
		default:
			err = fmt.Errorf("argument %d is a %T", i, arg)
		}
		if err != nil {
			return err
		}
	}
	for s.Step() {
		found(s)
	}
	return s.Reset() // gives the error of the last step
}
