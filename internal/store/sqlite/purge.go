package sqlite

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/protocol"
)

// purgeBatch is how many events are purged in one commit: few enough that those
// who wait to append hardly notice.
const purgeBatch = 1000

// Purge implements store.Store.
func (s *Store) Purge(ctx context.Context, room string, before time.Time) (purged int, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return purged, err
		}
		n, err := s.purgeSome(room, before.UnixMilli())
		purged += n
		if err != nil || n < purgeBatch {
			return purged, err
		}
	}
}

func (s *Store) purgeSome(room string, before int64) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.write(func(db *conn) error {
		id, _, err := roomID(db, room)
		if err != nil {
			return err
		}
		var last protocol.Seq
		err = db.query(func(s *sqlite3.Stmt) { n, last = s.ColumnInt(0), seqColumn(s, 1) },
			`select count(*), max(seq) from (select seq, time from event where room = ? order by seq limit ?) where time < ?`,
			id, purgeBatch, before) // times never fall, so these are the oldest
		if err != nil || n == 0 {
			return err
		}
		for _, sql := range []string{
			"delete from event where room = ? and seq <= ?",
			"delete from reaction where room = ? and target <= ?",
			"update room set first = ?2 + 1 where id = ?1",
		} {
			if err := db.exec(sql, id, last); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		n = 0
	}
	s.index.purged(room)
	return n, err
}
