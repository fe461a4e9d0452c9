package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var kinds = append(protocol.Kinds(), store.KindRead)

// maxKnown is of how many rooms it is remembered that they have a log.
const maxKnown = 100_000

// Append implements store.Store. All of a batch is one transaction, in two round trips:
// the first locks the rooms and asks what the rules need to know of their logs, the
// second writes and commits.
func (s *Store) Append(ctx context.Context, drafts []store.Draft) ([]store.Result, error) {
	for i := range drafts {
		if !slices.Contains(kinds, drafts[i].Kind) {
			return nil, fmt.Errorf("a draft of kind %q", drafts[i].Kind)
		}
	}
	if len(drafts) == 0 {
		return []store.Result{}, nil
	}
	defer s.index.wakeUp()
	tries := triesFor(appendPatience)
	for {
		results, err := s.tryAppend(ctx, drafts)
		if err == nil {
			return results, nil
		}
		if !tries.again(ctx, err) {
			return nil, fmt.Errorf("append: %w", err)
		}
	}
}

// tryAppend appends once. Unless its error is errUnknown, nothing was stored.
func (s *Store) tryAppend(ctx context.Context, drafts []store.Draft) ([]store.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptPatience)
	defer cancel()
	before := s.lives.now()
	b := newBatch(s, drafts)
	err := s.using(ctx, func(conn *pgx.Conn) error {
		if err := b.look(ctx, conn); err != nil {
			return err
		}
		if err := s.settle(ctx, conn, before, b.saw); err != nil {
			return err
		}
		if err := b.decide(); err != nil {
			return err
		}
		return b.write(ctx, conn)
	})
	if b.sent && err != nil && !wasRefused(err) {
		err = s.outcome(ctx, b, err)
	}
	switch {
	case errors.Is(err, errOtherLife):
		clear(s.known)
		return nil, err
	case err != nil:
		return nil, err
	}
	// Had somebody heard of another life meanwhile, these would be taken for its events.
	if s.Life() != b.saw.life {
		return nil, fmt.Errorf("%w: %w", errUnknown, errOtherLife)
	}
	s.remember(b)
	return b.results, nil
}

// settle has everybody know which life an answer is of. An error says that the answer
// can't be used, and, if it is errOtherLife, that there will be another one.
func (s *Store) settle(ctx context.Context, conn *pgx.Conn, before knowledge, saw sight) error {
	if !saw.is(before) {
		if conn.PgConn().TxStatus() != 'I' {
			if _, err := conn.Exec(ctx, "rollback"); err != nil {
				return err
			}
		}
		if err := renew(ctx, conn, before); err != nil {
			return err
		}
		return errOtherLife
	}
	if !s.lives.hear(before, saw) || saw.life != before.life {
		return errOtherLife
	}
	return nil
}

// remember notes which rooms have a log.
func (s *Store) remember(b *batch) {
	if len(s.known) > maxKnown {
		clear(s.known)
	}
	for name, r := range b.rooms {
		if r.id != 0 {
			s.known[name] = true
		}
	}
}

// using lends a connection, whose transaction has ended when do returns or is ended
// then.
func (s *Store) using(ctx context.Context, do func(*pgx.Conn) error) error {
	if s.closed.Load() {
		return errClosed
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // closes it if it is in a transaction, or broken
	err = do(conn.Conn())
	switch {
	case conn.Conn().IsClosed():
	case err != nil && leaves(err):
		_ = conn.Conn().Close(ctx)
	case conn.Conn().PgConn().TxStatus() != 'I':
		_, _ = conn.Exec(ctx, "rollback")
	}
	return err
}

// wasRefused reports whether the server said that it did not do what was sent, and has
// rolled it back. A FATAL may come after a commit.
func wasRefused(err error) bool {
	var server *pgconn.PgError
	return errors.Is(err, errNotCommitted) || errors.As(err, &server) && server.SeverityUnlocalized == "ERROR"
}

var errNotCommitted = errors.New("the server rolled back")
