package postgres

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
)

// lives knows which life the logs are in.
type lives struct {
	// Any goroutine reads it; changed with mu held. Who is told of a new life may ask.
	known atomic.Pointer[string]

	// Guarded by mu.
	mu       sync.Mutex
	renewed  func(life string)
	farthest int64 // place in the server's WAL that was seen in this life
}

// knowledge is what a node knows of the logs when it asks for something.
type knowledge struct {
	life     string
	farthest int64
}

func (l *lives) now() knowledge {
	l.mu.Lock()
	defer l.mu.Unlock()
	return knowledge{*l.known.Load(), l.farthest}
}

// hear takes note of the life that an answer is of. Who watches has been told when it
// returns. It is not ok to use the answer if the life that was known when it was asked
// for has been followed by another one meanwhile.
func (l *lives) hear(before knowledge, s sight) (ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s.life {
	case *l.known.Load():
		l.farthest = max(l.farthest, s.wal)
		return true
	case before.life:
		return false // somebody has heard of a newer one since
	}
	l.known.Store(&s.life)
	l.farthest = s.wal
	if l.renewed != nil {
		l.renewed(s.life)
	}
	return true
}

// Watch implements store.Shared.
func (s *Store) Watch(renewed func(life string)) {
	s.lives.mu.Lock()
	defer s.lives.mu.Unlock()
	s.lives.renewed = renewed
}

// Life implements store.Shared.
func (s *Store) Life() string { return *s.lives.known.Load() }

// sight is what is asked of the server with everything else, in the same transaction:
// which life its logs are in, and whether it is the server that began it.
type sight struct {
	life  string
	own   bool  // this server began that life
	loose bool  // our commits don't wait for its disk, which it doesn't know
	wal   int64 // how far its WAL is on disk; or, where commits don't wait for that, written
	now   int64 // its time, milliseconds since 1970
}

// tagSQL names the server, database, tables and timeline. A dump that was put back has
// other tables, a standby that was promoted another timeline, and so has a server that
// was brought to a point in time. Where commits don't wait for the disk, each start of
// the server may be one without the last of them. (What pg_control_checkpoint says of
// the timeline is old for a while after a promotion.)
const tagSQL = `(select system_identifier from pg_control_system()) || '.' || (select oid from pg_database where datname = current_database())
	|| '.' || 'event'::regclass::oid || '.' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
	|| case when life.loose or current_setting('fsync') = 'off' then '.' || extract(epoch from pg_postmaster_start_time())::text else '' end`

const sightSQL = `life.id, life.tag = ` + tagSQL + `, current_setting('synchronous_commit') = 'off' and not life.loose,
	((case when current_setting('synchronous_commit') = 'off' then pg_current_wal_insert_lsn() else pg_current_wal_flush_lsn() end) - '0/0'::pg_lsn)::bigint,
	` + clockSQL

// clockSQL is the server's time. It is the one that counts: those of nodes differ.
const clockSQL = `(extract(epoch from clock_timestamp()) * 1000)::bigint`

// more are what is selected besides.
func (s *sight) scan(row pgx.Row, more ...any) error {
	return row.Scan(append([]any{&s.life, &s.own, &s.loose, &s.wal, &s.now}, more...)...)
}

// is reports whether the server is the one that the life was begun on, and goes on from
// where it was.
func (s *sight) is(k knowledge) bool { return s.own && !s.loose && !s.lacks(k) }

// lacks reports whether the server has less than it had.
func (s *sight) lacks(k knowledge) bool { return s.life == k.life && s.wal < k.farthest }

// renew begins another life, unless another node did it already. All epochs change by
// that.
func renew(ctx context.Context, conn *pgx.Conn, k knowledge) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select "+limitsSQL); err != nil {
			return err
		}
		var saw sight
		if err := saw.scan(tx.QueryRow(ctx, "select "+sightSQL+" from life for update")); err != nil {
			return err
		}
		if saw.is(k) {
			return nil
		}
		life := saw.life
		if !saw.own || saw.lacks(k) {
			life = store.NewID()
		}
		_, err := tx.Exec(ctx, `update life set id = $1, loose = current_setting('synchronous_commit') = 'off' or loose and $2`, life, saw.own)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update life set tag = "+tagSQL)
		return err
	})
}
