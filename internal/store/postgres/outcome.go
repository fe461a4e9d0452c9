package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// outcomePatience is how long is asked after a commit. A transaction whose connection
// was cut ends by itself before that.
const outcomePatience = 4 * time.Second

// outcome finds out what became of a commit that was sent and not answered: nil says
// that it was done. Otherwise why is given back if it was not, so that it may be tried
// again, and errUnknown if nobody can say.
func (s *Store) outcome(ctx context.Context, b *batch, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outcomePatience)
	defer cancel()
	s.asked.Add(1)
	tries := triesFor(outcomePatience)
	for {
		done, err := s.askOutcome(ctx, b)
		switch {
		case err == nil && done:
			return nil
		case err == nil:
			return why
		case !tries.again(ctx, err):
			return fmt.Errorf("%w: %w; then: %w", errUnknown, why, err)
		}
	}
}

// askOutcome asks once. The number of the last batch of ours that was committed says it:
// a batch locks that row before anything else, so the answer waits until it has ended,
// and no other one was begun since. (The status of its transaction would say nothing:
// after a crash, a number that wasn't written down yet is given to another transaction.)
func (s *Store) askOutcome(ctx context.Context, b *batch) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptPatience)
	defer cancel()
	err = s.using(ctx, func(conn *pgx.Conn) error {
		var p pgx.Batch
		var saw sight
		var last int64
		p.Queue("begin isolation level read committed, read write")
		p.Queue("select " + sightSQL + ", " + limitsSQL + " from life").QueryRow(func(row pgx.Row) error { return saw.scan(row, nil, nil, nil) })
		p.Queue("select batch from writer where id = $1 for update", b.writer).QueryRow(func(row pgx.Row) error { return row.Scan(&last) })
		err := conn.SendBatch(ctx, &p).Close()
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("%w: the database has forgotten us", errUnknown)
		case err != nil:
			return err
		case !saw.own || saw.life != b.saw.life || saw.wal < b.saw.wal:
			return fmt.Errorf("%w: another server answers", errUnknown)
		case last != b.number:
			return nil
		}
		done = true
		// The commit of something later is answered once all that was committed before is
		// as safe: where it waited for a synchronous standby, this does, too.
		p = pgx.Batch{}
		p.Queue("update writer set used = now() where id = $1", b.writer)
		p.Queue("select set_config('statement_timeout', '0', true)")
		p.Queue("commit")
		return conn.SendBatch(ctx, &p).Close()
	})
	return done, err
}
