package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/protocol"
)

// conn is a connection, and the statements that were run on it, which stay.
type conn struct {
	*sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
}

// Page caches in KiB: the writer's holds the hot end of the logs, a reader's
// little more than one page of history.
const (
	writerCache = 16 << 10
	readerCache = 2 << 10
)

// connect opens one connection.
func connect(path string, cache int) (*conn, error) {
	db, err := sqlite3.Open(path)
	if err != nil {
		return nil, err
	}
	err = db.Exec(fmt.Sprintf(`
		pragma busy_timeout = 10000;
		pragma journal_mode = wal;
		pragma synchronous = full;
		pragma foreign_keys = on;
		pragma secure_delete = on;
		pragma cache_size = -%d;`, cache))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &conn{db, map[string]*sqlite3.Stmt{}}, nil
}

// prepare gives the statement of a text that is the same each time.
func (c *conn) prepare(sql string) (*sqlite3.Stmt, error) {
	if stmt := c.stmts[sql]; stmt != nil {
		return stmt, nil
	}
	stmt, _, err := c.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err == nil {
		c.stmts[sql] = stmt
	}
	return stmt, err
}

// query runs a statement to its end, and calls found for each row.
func (c *conn) query(found func(*sqlite3.Stmt), sql string, args ...any) error {
	stmt, err := c.prepare(sql)
	if err != nil {
		return err
	}
	if err := bind(stmt, args); err != nil {
		return err
	}
	for stmt.Step() {
		found(stmt)
	}
	err = stmt.Err() // Reset tells of SQLite's errors again, but not of a context that ended
	if again := stmt.Reset(); err == nil {
		err = again
	}
	return err
}

// exec runs a statement that gives no rows.
func (c *conn) exec(sql string, args ...any) error {
	stmt, err := c.prepare(sql)
	if err != nil {
		return err
	}
	if err := bind(stmt, args); err != nil {
		return err
	}
	return stmt.Exec()
}

func bind(stmt *sqlite3.Stmt, args []any) error {
	for i, arg := range args {
		var err error
		switch arg := arg.(type) {
		case int:
			err = stmt.BindInt(i+1, arg)
		case int64:
			err = stmt.BindInt64(i+1, arg)
		case protocol.Seq:
			err = stmt.BindInt64(i+1, int64(arg))
		case string:
			err = stmt.BindText(i+1, arg)
		case []byte:
			err = stmt.BindBlob(i+1, arg)
		default:
			err = fmt.Errorf("argument %d is a %T", i, arg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// close ends the statements, without which the connection would stay.
func (c *conn) close() error {
	for _, stmt := range c.stmts {
		stmt.Close()
	}
	return c.Close()
}

// reading lends a connection to a query that ends with ctx.
func (s *Store) reading(ctx context.Context, query func(*conn) error) error {
	if s.closed.Load() {
		return errClosed // Close takes the connections, and gives none back
	}
	var db *conn
	select {
	case db = <-s.read:
		if db == nil {
			return errClosed // meanwhile
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.read <- db }()
	defer db.SetInterrupt(db.SetInterrupt(ctx))
	err := query(db)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
