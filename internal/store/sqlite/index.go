package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// index knows which messages hold which words. It is one more reader of the logs,
// with a cursor in each, and has a file of its own: no commit waits for it, and
// since it can be made anew from the logs at any time, a file that is missing,
// damaged, or of another version is.
type index struct {
	// Fixed after openIndex.
	path string
	logs logs
	log  *slog.Logger
	stop context.CancelFunc
	done chan struct{} // closed once run is over
	wake chan struct{} // there is something to do
	find chan *conn    // the connection that searches; nil while there is none

	// Owned by run, once it runs.
	db *conn

	// Any goroutine.
	progress progress
	damaged  atomic.Bool // who searched found the file so
}

// logs is what the index reads.
type logs interface {
	Read(ctx context.Context, room string, cursor protocol.Seq, limit int) ([]protocol.Event, error)
	Room(ctx context.Context, name string) (store.Room, error)
	Rooms(ctx context.Context) ([]store.Room, error)
}

// indexVersion is to be raised whenever this schema or package words changes.
const indexVersion = 1

// The index holds the tokens of package words, which the tokenizer ascii takes for
// words and leaves as they are. doc has them once more, message by message, so that
// FTS5 can take one that was edited or deleted out of its lists (secure-delete);
// a contentless table would only cover it until lists are merged some day.
const indexSchema = `
	create table room (
		id    integer primary key,
		name  text    not null unique,
		epoch text    not null, -- of the log that was read
		first integer not null, -- of that log, when it was last looked at
		seq   integer not null  -- cursor
	) strict;
	create table doc (
		n    integer primary key, -- greater for a message of a later time
		room integer not null,
		seq  integer not null,
		text text    not null,
		unique (room, seq)
	) strict;
	create view row as select n, 'r' || room as room, text from doc;
	create virtual table word using fts5(room, text, content='row', content_rowid='n', columnsize=0, tokenize='ascii', prefix='2 3');
	insert into word (word, rank) values ('secure-delete', 1);`

// openIndex opens the index in a file, and has it follow the logs. Where it can't be
// opened now, it will be later: people can talk without it.
func openIndex(path string, logs logs, log *slog.Logger) *index {
	ctx, stop := context.WithCancel(context.Background())
	x := &index{
		path: path, logs: logs, log: log, stop: stop,
		done: make(chan struct{}), wake: make(chan struct{}, 1), find: make(chan *conn, 1),
		progress: progress{behind: map[string]lag{}},
	}
	x.find <- nil
	go x.run(ctx, x.open())
	return x
}

// open opens the file for run and for those who search.
func (x *index) open() error {
	err := x.tryOpen()
	if err != nil {
		err = errors.Join(err, x.closeFile())
	}
	return err
}

func (x *index) tryOpen() error {
	usable, err := x.openFile()
	if err == nil && !usable {
		x.log.Warn("the search index is made anew", "file", x.path)
		if err = errors.Join(closeConn(&x.db), x.removeFile()); err == nil {
			_, err = x.openFile()
		}
	}
	if err != nil {
		return err
	}
	find, err := connectIndex(x.path)
	if err != nil {
		return err
	}
	<-x.find
	x.find <- find
	return sameMode(x.path)
}

// openFile opens the file, made at need, and reports whether it can be used.
func (x *index) openFile() (usable bool, err error) {
	if err := private(x.path); err != nil {
		return false, err
	}
	if x.db, err = connectIndex(x.path); err != nil {
		return false, unlessDamaged(err)
	}
	version, err := integer(x.db.Conn, "pragma user_version")
	if err == nil && version == 0 {
		version = indexVersion
		err = transact(x.db, func(db *conn) error {
			return db.Exec(indexSchema + fmt.Sprintf("pragma user_version = %d", indexVersion))
		})
	}
	return err == nil && version == indexVersion, unlessDamaged(err)
}

func unlessDamaged(err error) error {
	if isDamaged(err) {
		return nil
	}
	return err
}

func isDamaged(err error) bool {
	return errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.CORRUPT)
}

func (x *index) removeFile() error {
	var errs []error
	for _, part := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(x.path + part); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// indexCache is the page cache of a connection to the index, in KiB.
const indexCache = 8 << 10

// connectIndex opens a connection whose commits don't wait for the disk: what a
// power cut takes from the end of this file is read from the logs again.
func connectIndex(path string) (*conn, error) {
	db, err := connect(path, indexCache)
	if err != nil {
		return nil, err
	}
	if err = fts5.Register(db.Conn); err == nil {
		err = db.Exec("pragma synchronous = normal")
	}
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

// close ends what openIndex began.
func (x *index) close() error {
	x.stop()
	<-x.done
	err := x.closeFile()
	<-x.find
	close(x.find) // for whoever waits for it
	return err
}

// closeFile closes both connections; those who search find none.
func (x *index) closeFile() error {
	find := <-x.find
	x.find <- nil
	return errors.Join(closeConn(&x.db), closeConn(&find))
}

func closeConn(db **conn) (err error) {
	if *db != nil {
		err = (*db).close()
		*db = nil
	}
	return err
}
