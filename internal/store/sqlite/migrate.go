package sqlite

import (
	"embed"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings a database to the schema of this program, each step in a
// transaction of its own.
func migrate(db *sqlite3.Conn, path string) error {
	all, err := store.Steps(migrations)
	if err != nil {
		return err
	}
	version, err := integer(db, "pragma user_version")
	if err != nil {
		return err
	}
	if version > len(all) {
		return newerSchema(path, version, len(all))
	}
	for ; version < len(all); version++ {
		if err := step(db, all[version], version+1); err != nil {
			return fmt.Errorf("migrate %s to schema %d: %w", path, version+1, err)
		}
	}
	return nil
}

func newerSchema(path string, version, known int) error {
	return fmt.Errorf("%s was written by a newer parley (schema %d, this one knows %d): run that version, or use a backup made by this one", path, version, known)
}

func step(db *sqlite3.Conn, sql string, version int) (err error) {
	tx, err := db.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	if err = db.Exec(sql); err != nil {
		return err
	}
	return db.Exec(fmt.Sprintf("pragma user_version = %d", version))
}

// integer is the one number that a query gives.
func integer(db *sqlite3.Conn, sql string) (int, error) {
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return 0, err
	}
	defer stmt.Close()
	if !stmt.Step() {
		return 0, stmt.Err()
	}
	return stmt.ColumnInt(0), stmt.Err()
}

// text is the one text that a query gives, empty without a row.
func text(db *sqlite3.Conn, sql string) (string, error) {
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return "", err
	}
	defer stmt.Close()
	if !stmt.Step() {
		return "", stmt.Err()
	}
	return stmt.ColumnText(0), stmt.Err()
}
