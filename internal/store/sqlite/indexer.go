package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

const (
	indexPage  = 256  // events of a room that are read at once
	indexBatch = 1024 // or more, that are indexed in one commit

	// After each commit the index rests for as long as it took, and while it keeps up
	// for longer, so that what is said meanwhile is committed together.
	restsAtHead = 9
	longestRest = 250 * time.Millisecond

	// After a failure it waits, the longer the more often it failed.
	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Minute
)

// cursor is how far a room's log has been read.
type cursor struct {
	id    int64 // 0 if it hasn't been
	name  string
	epoch string
	first protocol.Seq
	seq   protocol.Seq
}

const selectCursors = "select id, name, epoch, first, seq from room"

func cursorOf(s *sqlite3.Stmt) cursor {
	return cursor{id: s.ColumnInt64(0), name: s.ColumnText(1), epoch: s.ColumnText(2), first: seqColumn(s, 3), seq: seqColumn(s, 4)}
}

// run follows the logs until ctx ends. err is of the open before it.
func (x *index) run(ctx context.Context, err error) {
	defer close(x.done)
	var retry time.Duration // 0 unless it failed last time
	for ctx.Err() == nil {
		began, more := time.Now(), false
		if err == nil {
			more, err = x.work(ctx)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			if retry == 0 {
				x.log.Warn("search can't follow what is said; it is tried again", "file", x.path, "error", err)
			}
			retry = min(max(2*retry, firstRetry), lastRetry)
			pause(ctx, retry)
			err = nil
		case more:
			retry = 0
			pause(ctx, time.Since(began))
		default:
			retry = 0
			pause(ctx, min(restsAtHead*time.Since(began), longestRest))
			select {
			case <-x.wake:
			case <-ctx.Done():
			}
		}
	}
}

// pause waits, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// willAppend says that events of this time are about to be committed.
func (x *index) willAppend(now int64) { x.progress.willAppend(now) }

// appended says what became of them.
func (x *index) appended(results []store.Result, err error) {
	x.progress.appended(results, err)
	x.wakeUp()
}

// purged says that a log's first may have moved.
func (x *index) purged(room string) {
	x.progress.purged(room)
	x.wakeUp()
}

// wakeUp tells run that there is something to do.
func (x *index) wakeUp() {
	select {
	case x.wake <- struct{}{}:
	default: // it knows
	}
}

// work does some of what there is to do, and reports whether there is more.
func (x *index) work(ctx context.Context) (more bool, err error) {
	if x.damaged.Load() {
		return false, x.failed(sqlite3.CORRUPT)
	}
	if x.db == nil {
		if err := x.open(); err != nil {
			return false, err
		}
	}
	survey, rooms := x.progress.todo()
	if survey {
		if err := x.survey(ctx); err != nil {
			return false, x.failed(err)
		}
		return true, nil
	}
	if len(rooms) == 0 {
		return false, nil
	}
	b := indexing{index: x, ctx: ctx}
	err = transact(x.db, func(*conn) error {
		for _, name := range rooms {
			if b.n >= indexBatch {
				break
			}
			if err := b.room(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, x.failed(err)
	}
	for _, r := range b.reads {
		x.progress.read(r.cursor, r.time)
	}
	return b.n >= indexPage, nil
}

// failed gives up a file that is damaged, for another to be made.
func (x *index) failed(err error) error {
	if isDamaged(err) {
		x.progress.lost()
		err = errors.Join(err, x.closeFile(), x.removeFile())
		x.damaged.Store(false) // nobody searches now
	}
	return err
}

// survey compares where the logs are with where they were left.
func (x *index) survey(ctx context.Context) error {
	rooms, err := x.logs.Rooms(ctx)
	if err != nil {
		return err
	}
	left := map[string]cursor{}
	err = x.db.query(func(s *sqlite3.Stmt) {
		c := cursorOf(s)
		left[c.name] = c
	}, selectCursors)
	if err == nil {
		x.progress.survey(rooms, left)
	}
	return err
}
