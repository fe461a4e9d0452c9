package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/words"
)

// wordsVersion is to be raised whenever package words, or lexeme, changes: the index is
// then made anew.
const wordsVersion = 1

const (
	indexBatch = 500 // events that are indexed in one commit

	// Another node's leftovers are looked for so often.
	indexEvery = 2 * time.Second

	// Once it keeps up it rests after each commit for so many times as long as that took,
	// so that what is said meanwhile is done together.
	restsAtHead = 9
	longestRest = 250 * time.Millisecond

	busyPause = 50 * time.Millisecond // while another node is at it

	lastRetry = 30 * time.Second
)

// indexer takes what was appended into the index: its own node's and any other's, but
// one node at a time, whichever comes first.
type indexer struct {
	*Store
	stop context.CancelFunc
	done chan struct{}
	wake chan struct{}
}

func startIndexer(s *Store) *indexer {
	ctx, stop := context.WithCancel(context.Background())
	x := &indexer{Store: s, stop: stop, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	go x.run(ctx)
	return x
}

func (x *indexer) close() {
	x.stop()
	<-x.done
}

func (x *indexer) wakeUp() {
	select {
	case x.wake <- struct{}{}:
	default: // it knows
	}
}

var (
	errBusy  = errors.New("another node is at it")
	errNewer = errors.New("the index is a newer program's")
)

// run indexes until ctx ends.
func (x *indexer) run(ctx context.Context) {
	defer close(x.done)
	retry := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		more, err := x.work(ctx)
		switch {
		case more && err == nil:
			x.pause(ctx, time.Since(began)) // those who append need the server, too
		case err == nil:
			retry = firstPause
			x.pause(ctx, min(restsAtHead*time.Since(began), longestRest))
			x.await(ctx, indexEvery)
		case errors.Is(err, errBusy), errors.Is(err, errOtherLife):
			x.pause(ctx, busyPause) // it may have looked before our last commit
		case errors.Is(err, errNewer):
			x.pause(ctx, lastRetry)
		default:
			if retry == firstPause && ctx.Err() == nil {
				x.log.Warn("search can't follow what is said; it is tried again", "error", err)
			}
			retry = min(2*retry, lastRetry)
			x.pause(ctx, retry)
		}
	}
}

func (x *indexer) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// await waits until something was appended here, or for d.
func (x *indexer) await(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-x.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// span is some events of a room.
type span struct{ id, room, first, last int64 }

// work indexes a batch, and reports whether there may be more.
func (x *indexer) work(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*attemptPatience)
	defer cancel()
	before := x.lives.now()
	err = x.using(ctx, func(conn *pgx.Conn) error {
		b := indexing{ctx: ctx, conn: conn}
		if err := b.begin(); err != nil {
			return err
		}
		if err := x.settle(ctx, conn, before, b.saw); err != nil {
			return err
		}
		switch {
		case !b.mine:
			return errBusy
		case b.version > wordsVersion:
			return errNewer
		case b.version < wordsVersion:
			more = true
			return b.anew()
		}
		more = b.cut()
		if len(b.spans) == 0 {
			return nil // using ends the transaction
		}
		if err := b.read(); err != nil {
			return err
		}
		return b.write()
	})
	return more && err == nil, err
}

// indexing is what is done in one transaction.
type indexing struct {
	ctx  context.Context //nolint:containedctx // it lives as long as a call
	conn *pgx.Conn

	saw     sight
	mine    bool // no other node is at it
	version int
	spans   []span
	rest    *span // of the last span, what is left for next time

	docs []*doc
	at   map[[2]int64]*doc
}

// doc is a message as the index has it or is to have it.
type doc struct {
	room, seq, time, n int64
	text               string
	deleted            bool
}

// begin takes the lock, and asks what there is to do. That is seen as the last one who
// had the lock left it, being asked after the lock was taken.
func (b *indexing) begin() error {
	var p pgx.Batch
	p.Queue("begin isolation level read committed, read write")
	p.Queue("select "+sightSQL+", "+limitsSQL+", pg_try_advisory_xact_lock($1::bigint), life.words from life", int64(lockIndex)).QueryRow(func(row pgx.Row) error {
		return b.saw.scan(row, nil, nil, nil, &b.mine, &b.version)
	})
	p.Queue("select id, room, first, last from pending order by id limit $1", indexBatch).Query(func(rows pgx.Rows) error {
		return each(rows, func() error {
			var s span
			err := rows.Scan(&s.id, &s.room, &s.first, &s.last)
			b.spans = append(b.spans, s)
			return err
		})
	})
	return b.conn.SendBatch(b.ctx, &p).Close()
}

// anew has everything be indexed again.
func (b *indexing) anew() error {
	var p pgx.Batch
	p.Queue("truncate doc")
	p.Queue("delete from pending")
	p.Queue("insert into pending (room, first, last, time) select id, first, head, 0 from room where first <= head order by id")
	p.Queue("update life set words = $1", wordsVersion)
	p.Queue("commit")
	return b.conn.SendBatch(b.ctx, &p).Close()
}

// cut keeps as many spans as are done in one commit.
func (b *indexing) cut() (more bool) {
	events := int64(0)
	for i := range b.spans {
		s := &b.spans[i]
		if over := events + s.last - s.first + 1 - indexBatch; over > 0 {
			rest := *s
			s.last -= over
			rest.first = s.last + 1
			b.rest = &rest
			b.spans = b.spans[:i+1]
			return true
		}
		events += s.last - s.first + 1
	}
	return len(b.spans) == indexBatch
}

const (
	// The rooms' locks keep those who purge away, and nobody else.
	keepRoomsSQL = `select from room where id = any($1::bigint[]) order by id for key share`

	// The messages of spans, and those that were changed in them, as they are now.
	docsSQL = `select e.room, e.seq, e.time, e.text, e.deleted, coalesce(d.n, 0)
		from unnest($1::bigint[], $2::bigint[], $3::bigint[]) w(room, first, last)
		cross join lateral (select case when kind = 'message' then seq else target end as seq from event
			where event.room = w.room and event.seq between w.first and w.last and kind in ('message', 'edit', 'delete') offset 0) c
		cross join lateral (select * from event where event.room = w.room and event.seq = c.seq and event.kind = 'message' limit 1) e
		left join lateral (select n from doc where doc.room = w.room and doc.seq = c.seq limit 1) d on true
		order by e.room, e.seq`

	// The last number of each time.
	numbersSQL = `select w.time, coalesce((select n from doc where n >= w.time << 19 and n < (w.time + 1) << 19 order by n desc limit 1), w.time << 19)
		from unnest($1::bigint[]) w(time)`
)

// read reads what is to be indexed.
func (b *indexing) read() error {
	var rooms, firsts, lasts []int64
	for _, s := range b.spans {
		rooms, firsts, lasts = append(rooms, s.room), append(firsts, s.first), append(lasts, s.last)
	}
	var p pgx.Batch
	p.Queue(keepRoomsSQL, rooms)
	p.Queue(docsSQL, rooms, firsts, lasts).Query(func(rows pgx.Rows) error {
		return each(rows, func() error {
			d := &doc{}
			err := rows.Scan(&d.room, &d.seq, &d.time, &d.text, &d.deleted, &d.n)
			if at := [2]int64{d.room, d.seq}; b.at[at] == nil {
				put(&b.at, at, d)
				b.docs = append(b.docs, d)
			}
			return err
		})
	})
	if err := b.conn.SendBatch(b.ctx, &p).Close(); err != nil {
		return err
	}
	return b.number()
}

// number numbers what is new: greater than what was said before, or at the same time. A
// millisecond has half a million numbers.
func (b *indexing) number() error {
	last := map[int64]int64{}
	var times []int64
	for _, d := range b.docs {
		if _, there := last[d.time]; !there && d.n == 0 {
			last[d.time] = 0
			times = append(times, d.time)
		}
	}
	if len(times) == 0 {
		return nil
	}
	rows, err := b.conn.Query(b.ctx, numbersSQL, times)
	if err != nil {
		return err
	}
	defer rows.Close()
	err = each(rows, func() error {
		var time, n int64
		err := rows.Scan(&time, &n)
		last[time] = n
		return err
	})
	for _, d := range b.docs {
		if d.n == 0 {
			last[d.time]++
			d.n = last[d.time]
		}
	}
	return err
}

// write puts the words of messages into the place of those that they had.
func (b *indexing) write() error {
	var n, rooms, seqs, goneRooms, goneSeqs []int64
	var texts []string
	for _, d := range b.docs {
		if d.deleted {
			goneRooms, goneSeqs = append(goneRooms, d.room), append(goneSeqs, d.seq)
			continue
		}
		tokens := words.Tokens(d.text)
		for i := range tokens {
			tokens[i] = lexeme(tokens[i])
		}
		n, rooms, seqs, texts = append(n, d.n), append(rooms, d.room), append(seqs, d.seq), append(texts, strings.Join(tokens, " "))
	}
	var p pgx.Batch
	if len(goneRooms) > 0 {
		p.Queue("delete from doc using unnest($1::bigint[], $2::bigint[]) c(room, seq) where doc.room = c.room and doc.seq = c.seq", goneRooms, goneSeqs)
	}
	if len(n) > 0 {
		p.Queue(`insert into doc (n, room, seq, words) select n, room, seq, array_to_tsvector(string_to_array(text, ' '))
			from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) c(n, room, seq, text)
			on conflict (room, seq) do update set words = excluded.words`, n, rooms, seqs, texts)
	}
	var done []int64
	for _, s := range b.spans {
		if b.rest == nil || b.rest.id != s.id {
			done = append(done, s.id)
		}
	}
	if len(done) > 0 {
		p.Queue("delete from pending where id = any($1::bigint[])", done)
	}
	if b.rest != nil {
		p.Queue("update pending set first = $2 where id = $1", b.rest.id, b.rest.first)
	}
	p.Queue("commit")
	return b.conn.SendBatch(b.ctx, &p).Close()
}
