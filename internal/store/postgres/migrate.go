package postgres

import (
	"context"
	"embed"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The keys of PostgreSQL's advisory locks that we take, all for a transaction: what is
// held for a session is another client's behind a PgBouncer. They differ in the upper
// 16 bits; below those, that of an append holds its time.
const (
	lockAppend  = 0x7061 << 48
	lockMigrate = 0x7062 << 48
	lockIndex   = 0x7063 << 48
)

// migrate brings the database to the schema of this program, each step in a transaction
// of its own. Several nodes may start at once: the first one does it.
func migrate(ctx context.Context, conn *pgx.Conn) error {
	all, err := store.Steps(migrations)
	if err != nil {
		return err
	}
	for version := 0; version < len(all); {
		if version, err = step(ctx, conn, all); err != nil {
			return err
		}
	}
	return nil
}

// step does the next step, if there is one, and gives the version then.
func step(ctx context.Context, conn *pgx.Conn, all []string) (version int, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err = tx.Exec(ctx, "select pg_advisory_xact_lock($1::bigint)", int64(lockMigrate)); err != nil {
		return 0, err
	}
	if _, err = tx.Exec(ctx, "create table if not exists migration (version int not null)"); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, "select coalesce(max(version), 0) from migration").Scan(&version)
	switch {
	case err != nil:
		return 0, err
	case version > len(all):
		return 0, fmt.Errorf("the database was written by a newer parley (schema %d, this one knows %d): run that version", version, len(all))
	case version == len(all):
		return version, nil
	}
	// Several statements, which only the simple protocol takes at once.
	_, err = conn.PgConn().Exec(ctx, all[version]+"; insert into migration values ("+strconv.Itoa(version+1)+")").ReadAll()
	if err != nil {
		return 0, fmt.Errorf("migrate to schema %d: %w", version+1, err)
	}
	return version + 1, tx.Commit(ctx)
}
