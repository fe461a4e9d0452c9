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

// askOutcome asks once.
func (s *Store) askOutcome(ctx context.Context, b *batch) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptPatience)
	defer cancel()
	err = s.using(ctx, func(conn *pgx.Conn) error {
		var p pgx.Batch
		var saw sight
		var status *string
		p.Queue("begin")
		p.Queue("select "+sightSQL+", pg_xact_status($1::text::xid8) from life", b.xid).QueryRow(func(row pgx.Row) error { return saw.scan(row, &status) })
		if err := conn.SendBatch(ctx, &p).Close(); err != nil {
			return err
		}
		switch {
		case !saw.own || saw.life != b.saw.life || saw.wal < b.saw.wal: // another server, which may have given the same number
			return fmt.Errorf("%w: another server answers", errUnknown)
		case status == nil:
			return fmt.Errorf("%w: it is too long ago", errUnknown)
		case *status == "in progress":
			return errInProgress
		case *status == "aborted":
			return nil
		}
		done = true
		// The commit of something later is answered once all that was committed before is
		// as safe: where it waited for a synchronous standby, this does, too.
		p = pgx.Batch{}
		p.Queue("update life set id = id")
		p.Queue("commit")
		return conn.SendBatch(ctx, &p).Close()
	})
	return done, err
}

var errInProgress = errors.New("the server is still at it")
