package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/internal/store"
)

// Store keeps logs in a PostgreSQL database.
type Store struct {
	// Fixed after Open.
	pool     *pgxpool.Pool
	log      *slog.Logger
	secret   []byte
	warnings []string
	writer   string        // names this process among those that append
	reads    chan struct{} // one for each read that is going on: some connections are left for the rest
	index    *indexer

	// Owned by Append.
	bodies  *store.Bodies
	known   map[string]bool // rooms that have a log
	batches int64           // that were begun; each try is one

	// Any goroutine.
	lives  lives
	closed atomic.Bool
	asked  atomic.Int64 // commits that were not answered, so that the server was asked
}

const (
	openPatience  = 5 * time.Second // to be answered at Open
	dialPatience  = 3 * time.Second // to get a connection
	poolSize      = 8
	oldestVersion = 130000 // of pg_current_xact_id and pg_xact_status
)

// Open opens the database that url names, as libpq does (PostgreSQL's manual, 34.1.1.2),
// and brings its schema up to date.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	config, err := configOf(url)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // another node may be migrating
	defer cancel()
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, inWords(err, config.ConnConfig)
	}
	s := &Store{pool: pool, log: log, writer: store.NewID(), reads: make(chan struct{}, max(1, config.MaxConns-2)), known: map[string]bool{}}
	if err := s.prepare(ctx); err != nil {
		pool.Close()
		return nil, inWords(err, config.ConnConfig)
	}
	s.bodies = store.NewBodies(s.secret)
	s.index = startIndexer(s)
	return s, nil
}

// configOf reads a URL. What is wrong with it is not repeated: it may hold a password.
func configOf(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("not a URL as libpq has them, or it names a file that can't be read: " +
			"postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full; in a password, % and / and @ and : are written %25, %2F, %40, %3A")
	}
	given, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err // it was read a moment ago
	}
	if given.RuntimeParams["pool_max_conns"] == "" {
		config.MaxConns = poolSize
	}
	c := config.ConnConfig
	if given.ConnectTimeout == 0 || given.ConnectTimeout > time.Minute {
		c.ConnectTimeout = dialPatience // pgx's own is two minutes
	}
	config.PingTimeout = dialPatience
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "parley"
	}
	// Behind a PgBouncer that lends connections for a transaction each, nothing may
	// stay with a connection: no prepared statements.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	if len(c.Fallbacks) > 0 && c.ValidateConnect == nil {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // of several servers, the one that takes writes
	}
	return config, nil
}

// prepare makes the database what this program needs.
func (s *Store) prepare(ctx context.Context) error {
	conn, err := s.firstConn(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := s.inspect(ctx, conn.Conn()); err != nil {
		return err
	}
	if err := migrate(ctx, conn.Conn()); err != nil {
		return err
	}
	if err := s.readSecret(ctx, conn.Conn()); err != nil {
		return err
	}
	if err := s.beginWriter(ctx, conn.Conn()); err != nil {
		return err
	}
	return s.live(ctx, conn.Conn())
}

// firstConn gets a connection, or the reason why there is none.
func (s *Store) firstConn(ctx context.Context) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	tries := triesFor(openPatience)
	for {
		conn, err := s.pool.Acquire(ctx)
		if starting := (*pgconn.PgError)(nil); !errors.As(err, &starting) || starting.Code != "57P03" || !tries.again(ctx, err) {
			return conn, err
		}
	}
}

var errTooOld = errors.New("the server is too old: PostgreSQL 13 or newer is needed")

// inspect looks at the server. What weakens a promise is warned of.
func (s *Store) inspect(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var standby, commits, syncs, pages bool
	err := conn.QueryRow(ctx, `select current_setting('server_version_num')::int, pg_is_in_recovery(),
		current_setting('synchronous_commit') <> 'off', current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on'`,
	).Scan(&version, &standby, &commits, &syncs, &pages)
	switch {
	case err != nil:
		return err
	case version < oldestVersion:
		return errTooOld
	case standby:
		return errStandby
	}
	for _, w := range []struct {
		fine bool
		text string
	}{
		{commits, "PostgreSQL's synchronous_commit is off: what was said in the last moments before a crash of its server can be lost, though it was acknowledged"},
		{syncs, "PostgreSQL's fsync is off: a power cut can lose or damage everything"},
		{pages, "PostgreSQL's full_page_writes is off: a power cut can damage the database"},
	} {
		if !w.fine {
			s.warnings = append(s.warnings, w.text)
		}
	}
	return nil
}

// Warnings are what people should know of the server before they rely on it.
func (s *Store) Warnings() []string { return s.warnings }

// readSecret makes the secret at the first start.
func (s *Store) readSecret(ctx context.Context, conn *pgx.Conn) error {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	if _, err := conn.Exec(ctx, "insert into secret (value) values ($1) on conflict do nothing", fresh); err != nil {
		return err
	}
	return conn.QueryRow(ctx, "select value from secret").Scan(&s.secret)
}

// beginWriter has this process be one that appends, and forgets those of long ago.
func (s *Store) beginWriter(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "delete from writer where id in (select id from writer where used < now() - interval '7 days' for update skip locked)")
	if err == nil {
		_, err = conn.Exec(ctx, "insert into writer (id, batch, used) values ($1, 0, now())", s.writer)
	}
	return err
}

// live sees which life the logs are in.
func (s *Store) live(ctx context.Context, conn *pgx.Conn) error {
	none := ""
	s.lives.known.Store(&none)
	for {
		var saw sight
		if err := saw.scan(conn.QueryRow(ctx, "select "+sightSQL+" from life")); err != nil {
			return err
		}
		if saw.is(knowledge{}) {
			s.lives.hear(knowledge{}, saw)
			return nil
		}
		if err := renew(ctx, conn, knowledge{}); err != nil {
			return err
		}
	}
}

// Secret implements store.Store.
func (s *Store) Secret() []byte { return s.secret }

// Close implements store.Store.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.index.close()
	s.pool.Close()
	return nil
}

var (
	_ store.Shared  = (*Store)(nil)
	_ store.Revoker = (*Store)(nil)
)
