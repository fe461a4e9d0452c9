package sqlite

import (
	"context"
	"errors"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// Search implements store.Store. The index says where to look; what is there now,
// and whether it still is what was looked for, the log does.
func (s *Store) Search(ctx context.Context, q store.Query) (store.Found, error) {
	before, err := q.Place()
	if err != nil {
		return store.Found{}, err
	}
	found := store.Found{Indexed: s.index.progress.indexed()}
	wanted := words.Parse(q.Text)
	if len(wanted) == 0 || q.Rooms != nil && len(q.Rooms) == 0 {
		return found, nil
	}
	for more := true; more; {
		hits, err := s.index.hits(ctx, wanted, q.Rooms, before, q.Limit+1)
		if err != nil {
			return store.Found{}, err
		}
		events, err := s.at(ctx, hits)
		if err != nil {
			return store.Found{}, err
		}
		for i := range events {
			if events[i].Deleted || !wanted.Match(events[i].Text) {
				continue // since it was indexed; a purged one is none
			}
			if len(found.Events) == q.Limit {
				found.Cursor = q.CursorAt(before)
				return found, nil
			}
			found.Events = append(found.Events, events[i])
			before = hits[i].n
		}
		more = len(hits) > q.Limit
		if more {
			before = hits[len(hits)-1].n
		}
	}
	return found, nil
}

// hit is where a message was when it was indexed.
type hit struct {
	n    int64
	room string
	seq  protocol.Seq
}

var errNoIndex = errors.New("the search index isn't open")

// hits are at most limit messages that the index has before a number, newest first.
func (x *index) hits(ctx context.Context, wanted words.Query, rooms []string, before int64, limit int) (hits []hit, err error) {
	err = x.finding(ctx, func(db *conn) error {
		match, err := matchOf(db, wanted, rooms)
		if err != nil || match == "" {
			return err
		}
		return db.query(func(s *sqlite3.Stmt) {
			hits = append(hits, hit{n: s.ColumnInt64(0), room: s.ColumnText(1), seq: seqColumn(s, 2)})
		}, `select word.rowid, room.name, doc.seq from word cross join doc on doc.n = word.rowid cross join room on room.id = doc.room
			where word match ? and word.rowid < ? order by word.rowid desc limit ?`, match, before, limit)
	})
	return hits, err
}

// finding lends the connection that searches to a query that ends with ctx.
func (x *index) finding(ctx context.Context, query func(*conn) error) error {
	var db *conn
	var open bool
	select {
	case db, open = <-x.find:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !open {
		return errClosed
	}
	defer func() { x.find <- db }()
	if db == nil {
		return errNoIndex
	}
	defer db.SetInterrupt(db.SetInterrupt(ctx))
	err := query(db)
	if isDamaged(err) {
		x.damaged.Store(true)
		x.wakeUp()
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// matchOf is a query as FTS5 reads it (https://sqlite.org/fts5.html §3): the rooms
// are part of it, so that what isn't theirs is not even looked at. It is empty if
// the index has none of them.
func matchOf(db *conn, wanted words.Query, rooms []string) (string, error) {
	var m strings.Builder
	if rooms != nil {
		m.WriteString("room : (")
		some := false
		for _, name := range rooms {
			err := db.query(func(s *sqlite3.Stmt) {
				if some {
					m.WriteString(" OR ")
				}
				some = true
				m.WriteString(roomToken(s.ColumnInt64(0)))
			}, "select id from room where name = ?", name)
			if err != nil {
				return "", err
			}
		}
		if !some {
			return "", nil
		}
		m.WriteString(") AND ")
	}
	m.WriteString("text : (")
	for i, phrase := range wanted {
		if i > 0 {
			m.WriteString(" AND ")
		}
		m.WriteString(`"` + strings.Join(phrase.Tokens, " ") + `"`) // tokens hold no quotation marks
		if phrase.Prefix {
			m.WriteString(" *")
		}
	}
	m.WriteString(")")
	return m.String(), nil
}

// at reads the events at hits as they are now. For what is no longer there, it is
// one that was deleted.
func (s *Store) at(ctx context.Context, hits []hit) ([]protocol.Event, error) {
	events := make([]protocol.Event, len(hits))
	err := s.reading(ctx, func(db *conn) error {
		ids := map[string]int64{}
		for i, h := range hits {
			id, ok := ids[h.room]
			if !ok {
				var err error
				if id, _, err = roomID(db, h.room); err != nil {
					return err
				}
				ids[h.room] = id
			}
			events[i].Deleted = true
			err := db.query(func(s *sqlite3.Stmt) { events[i] = eventOf(s, h.room) }, selectEvents+" and e.seq = ?", id, h.seq)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return events, err
}
