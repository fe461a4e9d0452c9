package sqlite

import (
	"cmp"
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
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
