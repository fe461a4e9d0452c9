package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
)

// Beat implements store.Shared. A lease needn't outlive the server, so its commit waits
// for no disk.
func (s *Store) Beat(ctx context.Context, node string, ttl time.Duration) (nodes []string, lapsed bool, err error) {
	answered := true
	_, err = s.asking(ctx, func(p *pgx.Batch) {
		// A try that wasn't answered may have ended a lapse without anybody knowing.
		lapsed = lapsed || !answered
		nodes, answered = nil, false
		p.Queue("select set_config('synchronous_commit', 'off', true)")
		p.Queue("select until > clock_timestamp() from node where id = $1 for update", node).Query(func(rows pgx.Rows) error {
			there := false
			err := each(rows, func() error { return rows.Scan(&there) })
			answered = err == nil
			lapsed = lapsed || !there
			return err
		})
		p.Queue(`insert into node (id, until) values ($1, clock_timestamp() + make_interval(secs => $2::float8))
			on conflict (id) do update set until = excluded.until`, node, ttl.Seconds())
		p.Queue("delete from node where id in (select id from node where until <= clock_timestamp() for update skip locked)")
		p.Queue("select id from node where until > clock_timestamp() order by id").Query(func(rows pgx.Rows) error {
			return each(rows, func() error {
				var id string
				err := rows.Scan(&id)
				nodes = append(nodes, id)
				return err
			})
		})
	})
	if err != nil {
		return nil, false, err
	}
	return nodes, lapsed, nil
}

// Resign implements store.Shared.
func (s *Store) Resign(ctx context.Context, node string) error {
	_, err := s.asking(ctx, func(p *pgx.Batch) { p.Queue("delete from node where id = $1", node) })
	return err
}

// Revoke implements store.Revoker.
func (s *Store) Revoke(ctx context.Context, r store.Revocation) error {
	_, err := s.asking(ctx, func(p *pgx.Batch) {
		p.Queue(`insert into revocation ("user", token, at) values ($1, $2, $3)
			on conflict ("user", token) do update set at = greatest(revocation.at, excluded.at)`, r.User, r.Token, r.At)
	})
	return err
}

// Revocations implements store.Revoker.
func (s *Store) Revocations(ctx context.Context, since int64) (all []store.Revocation, err error) {
	err = s.reading(ctx, func(p *pgx.Batch) {
		all = nil
		p.Queue(`select "user", token, at from revocation where at >= $1`, since).Query(func(rows pgx.Rows) error {
			return each(rows, func() error {
				var r store.Revocation
				err := rows.Scan(&r.User, &r.Token, &r.At)
				all = append(all, r)
				return err
			})
		})
	})
	return all, err
}

// ForgetRevocations implements store.Revoker.
func (s *Store) ForgetRevocations(ctx context.Context, before int64) error {
	_, err := s.asking(ctx, func(p *pgx.Batch) { p.Queue("delete from revocation where at < $1", before) })
	return err
}
