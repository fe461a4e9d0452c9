package sqlite

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
)

// Revoke implements store.Revoker.
func (s *Store) Revoke(_ context.Context, r store.Revocation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(func(db *conn) error {
		return db.exec("insert into revocation (user, token, at) values (?, ?, ?) on conflict do update set at = max(at, excluded.at)",
			r.User, r.Token, r.At)
	})
}

// Revocations implements store.Revoker.
func (s *Store) Revocations(ctx context.Context, since int64) (all []store.Revocation, err error) {
	err = s.reading(ctx, func(db *conn) error {
		return db.query(func(row *sqlite3.Stmt) {
			all = append(all, store.Revocation{User: row.ColumnText(0), Token: row.ColumnText(1), At: row.ColumnInt64(2)})
		}, "select user, token, at from revocation where at >= ?", since)
	})
	return all, err
}

// ForgetRevocations implements store.Revoker.
func (s *Store) ForgetRevocations(_ context.Context, before int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(func(db *conn) error {
		return db.exec("delete from revocation where at < ?", before)
	})
}

var _ store.Revoker = (*Store)(nil)
