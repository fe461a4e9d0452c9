package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
)

// Contents is what a backup holds.
type Contents struct {
	Rooms  int64
	Events int64
	Bytes  int64
	Schema int
}

// Verify reads a backup through: it is a sound database of a schema that this
// program knows, and in each room the events run from its first to its head.
// Nothing is made beside it.
func Verify(ctx context.Context, path string) (Contents, error) {
	sound, err := hasMagic(path)
	if err != nil {
		return Contents{}, err
	}
	if !sound {
		return Contents{}, fmt.Errorf("%s is no backup, or was cut off: use another one", path)
	}
	live, err := holds(path + "-wal")
	if err != nil {
		return Contents{}, err
	}
	if live {
		return Contents{}, fmt.Errorf("%s is the database of a server, and %[1]s-wal belongs to it: make a backup of it with parley backup", path)
	}
	c, err := contents(ctx, path)
	switch {
	case ctx.Err() != nil:
		return Contents{}, ctx.Err()
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB):
		return Contents{}, fmt.Errorf("%s is damaged: use another backup (%w)", path, err)
	}
	return c, err
}

func contents(ctx context.Context, path string) (c Contents, err error) {
	read, err := openReadOnly(path, true)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, read.close()) }()
	db := read.Conn
	db.SetInterrupt(ctx)
	all, err := store.Steps(migrations)
	if err != nil {
		return c, err
	}
	if c.Schema, err = integer(db, "pragma user_version"); err != nil {
		return c, err
	}
	if c.Schema > len(all) {
		return c, newerSchema(path, c.Schema, len(all))
	}
	if room, err := text(db, "select name from sqlite_schema where type = 'table' and name = 'room'"); err != nil || room == "" || c.Schema < 1 {
		return c, errors.Join(fmt.Errorf("%s is a database, but none of parley's", path), err)
	}
	if report, err := text(db, "pragma integrity_check(1)"); err != nil || report != "ok" {
		return c, errors.Join(fmt.Errorf("%s is damaged: use another backup (%s)", path, report), err)
	}
	if err := c.count(db, path); err != nil {
		return c, err
	}
	pages, err := integer(db, "select page_count * page_size from pragma_page_count, pragma_page_size")
	c.Bytes = int64(pages)
	return c, err
}

// count goes through the rooms, and sees that each has its whole log.
func (c *Contents) count(db *sqlite3.Conn, path string) error {
	first := "room.first"
	if c.Schema < 2 {
		first = "1" // nothing was purged yet
	}
	stmt, _, err := db.Prepare(`
		select room.name, ` + first + `, room.head, count(event.seq), min(event.seq), max(event.seq)
		from room left join event on event.room = room.id group by room.id`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for stmt.Step() {
		first, head := stmt.ColumnInt64(1), stmt.ColumnInt64(2)
		count, from, to := stmt.ColumnInt64(3), stmt.ColumnInt64(4), stmt.ColumnInt64(5)
		if count != head-first+1 || count > 0 && (from != first || to != head) {
			return fmt.Errorf("%s is damaged: use another backup (room %q should have events %d to %d, and has %d, %d to %d)",
				path, stmt.ColumnText(0), first, head, count, from, to)
		}
		c.Rooms++
		c.Events += count
	}
	if err := stmt.Err(); err != nil {
		return err
	}
	if total, err := integer(db, "select count(*) from event"); err != nil || int64(total) != c.Events {
		return errors.Join(fmt.Errorf("%s is damaged: use another backup (%d of its events are of no room)", path, int64(total)-c.Events), err)
	}
	return nil
}
