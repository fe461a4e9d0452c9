package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// purgeBatch is how many events are purged in one commit: few enough that those who wait
// to append hardly notice.
const purgeBatch = 1000

// Purge implements store.Store.
func (s *Store) Purge(ctx context.Context, room string, before time.Time) (purged int, err error) {
	for {
		n, err := s.purgeSome(ctx, room, before.UnixMilli())
		purged += n
		if err != nil || n < purgeBatch {
			return purged, err
		}
	}
}

// purgeSome purges a batch. One that was purged, though nobody said so, isn't counted
// when it is tried again.
func (s *Store) purgeSome(ctx context.Context, room string, before int64) (n int, err error) {
	tries := triesFor(readPatience)
	for {
		n, err = s.tryPurge(ctx, room, before)
		if err == nil || !tries.again(ctx, err) {
			return n, err
		}
	}
}

func (s *Store) tryPurge(ctx context.Context, room string, before int64) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptPatience)
	defer cancel()
	known := s.lives.now()
	err = s.using(ctx, func(conn *pgx.Conn) error {
		var saw sight
		var id, last int64
		var p pgx.Batch
		p.Queue("begin isolation level read committed, read write")
		p.Queue("select " + sightSQL + ", " + limitsSQL + " from life").QueryRow(func(row pgx.Row) error { return saw.scan(row, nil, nil, nil) })
		p.Queue("select id from room where name = $1 for update", room).Query(func(rows pgx.Rows) error { // who indexes waits, too
			return each(rows, func() error { return rows.Scan(&id) })
		})
		// Times never fall, so these are the oldest.
		p.Queue(`select count(*), coalesce(max(seq), 0) from
			(select seq, time from event where room = (select id from room where name = $1) order by seq limit $2) oldest where time < $3`,
			room, purgeBatch, before).QueryRow(func(row pgx.Row) error { return row.Scan(&n, &last) })
		if err := conn.SendBatch(ctx, &p).Close(); err != nil {
			return err
		}
		if err := s.settle(ctx, conn, known, saw); err != nil || n == 0 {
			return err
		}
		p = pgx.Batch{}
		p.Queue("delete from event where room = $1 and seq <= $2", id, last)
		p.Queue("delete from reaction where room = $1 and target <= $2", id, last)
		p.Queue("delete from doc where room = $1 and seq <= $2", id, last)
		p.Queue("update room set first = $2::bigint + 1 where id = $1", id, last)
		p.Queue("commit")
		return conn.SendBatch(ctx, &p).Close()
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
