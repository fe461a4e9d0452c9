package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// How long things may take. A node that stands still in the middle of a transaction
// holds locks that others wait for: the server ends it by itself, sooner than they give
// up, and they sooner than their own caller.
const (
	idlePatience      = 2 * time.Second // for a node that stands still in its transaction
	lockPatience      = 3 * time.Second
	statementPatience = 4 * time.Second
	attemptPatience   = 5 * time.Second // for a try, as seen from here
	appendPatience    = 6 * time.Second // after that, no further try is made
	readPatience      = 3 * time.Second
	firstPause        = 5 * time.Millisecond
	longestPause      = 400 * time.Millisecond
)

// limitsSQL sets them for the transaction, in whoever's session it is.
var limitsSQL = limit("idle_in_transaction_session_timeout", idlePatience) + ", " +
	limit("lock_timeout", lockPatience) + ", " + limit("statement_timeout", statementPatience)

func limit(name string, d time.Duration) string {
	return fmt.Sprintf("set_config('%s', '%d', true)", name, d.Milliseconds())
}

// tries are the tries of something that may be done again.
type tries struct {
	until time.Time
	pause time.Duration
}

func triesFor(patience time.Duration) tries {
	return tries{until: time.Now().Add(patience), pause: firstPause}
}

// again waits before the next try, if there is to be one after err.
func (t *tries) again(ctx context.Context, err error) bool {
	if !passes(err) || ctx.Err() != nil {
		return false
	}
	if errors.Is(err, errOtherLife) {
		return time.Now().Before(t.until) // it is known now
	}
	pause := t.pause/2 + rand.N(t.pause) //nolint:gosec // it only keeps nodes from trying all at once
	t.pause = min(2*t.pause, longestPause)
	if time.Now().Add(pause).After(t.until) {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var (
	// errOtherLife: something was asked for in one life of the logs and answered in
	// another.
	errOtherLife = errors.New("the logs have begun another life meanwhile")

	// errUnknown: a commit was sent, and what became of it can't be found out.
	errUnknown = errors.New("whether it was stored can't be found out")

	errClosed  = errors.New("the store is closed")
	errStandby = errors.New("the server is a standby, which takes no writes: name its primary")
)

// passes reports whether an error is of a kind that passes: what was tried then may be
// tried again, unless it was a commit. What no server has said is the connection's.
func passes(err error) bool {
	var server *pgconn.PgError
	switch {
	case errors.Is(err, errUnknown), errors.Is(err, errClosed), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &server):
		return passing[server.Code] || strings.HasPrefix(server.Code, "08") // connection exceptions
	}
	return true
}

// passing are the codes of what passes (PostgreSQL's manual, appendix A).
var passing = map[string]bool{
	"40001": true, // serialization_failure
	"40P01": true, // deadlock_detected
	"55P03": true, // lock_not_available: lock_timeout
	"57014": true, // query_canceled: statement_timeout
	"57P01": true, // admin_shutdown
	"57P02": true, // crash_shutdown
	"57P03": true, // cannot_connect_now
	"57P05": true, // idle_session_timeout
	"25P03": true, // idle_in_transaction_session_timeout
	"25006": true, // read_only_sql_transaction: it is a standby now
	"55000": true, // object_not_in_prerequisite_state: "recovery is in progress", the same
	"53300": true, // too_many_connections
	"53200": true, // out_of_memory
}

// leaves reports whether a connection is of no use after an error: it is a standby's,
// where the next one may be its primary's.
func leaves(err error) bool {
	var server *pgconn.PgError
	return errors.Is(err, errStandby) || errors.As(err, &server) && (server.Code == "25006" || server.Code == "55000")
}
