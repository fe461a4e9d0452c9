package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// reading asks the database what ask queues, which may be asked again: it begins anew
// each time. What comes back is of a life that everybody has been told of.
func (s *Store) reading(ctx context.Context, ask func(*pgx.Batch)) error {
	_, err := s.readingLife(ctx, ask)
	return err
}

// readingLife also says which life it is of.
func (s *Store) readingLife(ctx context.Context, ask func(*pgx.Batch)) (life string, err error) {
	select {
	case s.reads <- struct{}{}:
		defer func() { <-s.reads }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return s.asking(ctx, ask)
}

// asking is reading for what must not wait for readers, and for what writes and may be
// written twice.
func (s *Store) asking(ctx context.Context, ask func(*pgx.Batch)) (life string, err error) {
	tries := triesFor(readPatience)
	for {
		life, err = s.tryAsking(ctx, ask)
		if err == nil || !tries.again(ctx, err) {
			return life, err
		}
	}
}

// tryAsking asks once, in one transaction: that of a pipeline, which needs no begin.
func (s *Store) tryAsking(ctx context.Context, ask func(*pgx.Batch)) (life string, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptPatience)
	defer cancel()
	before := s.lives.now()
	var saw sight
	err = s.using(ctx, func(conn *pgx.Conn) error {
		var p pgx.Batch
		p.Queue("select " + sightSQL + ", " + limitsSQL + " from life").QueryRow(func(row pgx.Row) error {
			if err := saw.scan(row, nil, nil, nil); err != nil {
				return err
			}
			if !saw.is(before) {
				return errOtherLife
			}
			return nil
		})
		ask(&p)
		err := conn.SendBatch(ctx, &p).Close()
		if err != nil && !errors.Is(err, errOtherLife) {
			return err
		}
		return s.settle(ctx, conn, before, saw)
	})
	return saw.life, err
}

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, room string, cursor protocol.Seq, limit int) (events []protocol.Event, err error) {
	if limit <= 0 {
		return nil, nil
	}
	var id int64
	var head protocol.Seq
	err = s.reading(ctx, func(p *pgx.Batch) {
		// Where the log stands is asked first. What comes or is purged meanwhile then
		// looks like neither an end nor a beginning.
		id, head, events = 0, 0, nil
		p.Queue("select id, head from room where name = $1", room).Query(func(rows pgx.Rows) error {
			return each(rows, func() error { return rows.Scan(&id, &head) })
		})
		p.Queue(selectEvents+" where e.room = (select id from room where name = $1) and e.seq > $2 order by e.seq limit $3",
			room, int64(cursor), limit).Query(func(rows pgx.Rows) error {
			return each(rows, func() error {
				e, err := eventOf(rows, room)
				events = append(events, e)
				return err
			})
		})
	})
	switch {
	case err != nil:
		return nil, err
	case len(events) > 0 && events[0].Seq != cursor+1, len(events) == 0 && cursor < head:
		return nil, store.ErrNotKept
	}
	return events, nil
}

// selectEvents are events as they are now; eventOf reads one. An edit is read with its
// message, whose text it doesn't have.
const selectEvents = `
	select e.seq, e.time, e.kind, e."user", e.name, coalesce(m.text, e.text), e.key, e.reply_to, e.target, e.emoji, e.edited,
		case when e.kind = 'edit' then coalesce(m.deleted, true) else e.deleted end
	from event e left join event m on e.kind = 'edit' and m.room = e.room and m.seq = e.target`

// eventOf reads an event, and more that was selected besides.
func eventOf(row pgx.Row, room string, more ...any) (e protocol.Event, err error) {
	e.Room = room
	var kind string
	err = row.Scan(append([]any{
		&e.Seq, &e.TS, &kind, &e.User.ID, &e.User.Name, &e.Text, &e.Key, &e.ReplyTo, &e.Target, &e.Emoji, &e.Edited, &e.Deleted,
	}, more...)...)
	e.Kind = protocol.Kind(kind)
	return e, err
}

const selectRooms = "select name, first, head, topic from room"

// rooms reads where logs stand. Their epochs are of the life that they are read in.
func (s *Store) rooms(ctx context.Context, sql string, args ...any) (life string, rooms []store.Room, err error) {
	life, err = s.readingLife(ctx, func(p *pgx.Batch) {
		rooms = nil
		p.Queue(sql, args...).Query(func(rows pgx.Rows) error {
			return each(rows, func() error {
				var r store.Room
				err := rows.Scan(&r.Name, &r.First, &r.Head, &r.Topic)
				rooms = append(rooms, r)
				return err
			})
		})
	})
	if err != nil {
		return "", nil, err
	}
	for i := range rooms {
		rooms[i].Epoch = store.EpochOf(life, rooms[i].Name)
	}
	return life, rooms, nil
}

// Room implements store.Store.
func (s *Store) Room(ctx context.Context, name string) (store.Room, error) {
	life, rooms, err := s.rooms(ctx, selectRooms+" where name = $1", name)
	switch {
	case err != nil:
		return store.Room{}, err
	case len(rooms) == 0:
		return store.Room{Name: name, Epoch: store.EpochOf(life, name), First: 1}, nil
	}
	return rooms[0], nil
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) ([]store.Room, error) {
	_, rooms, err := s.rooms(ctx, selectRooms+" where head > 0 order by name")
	return rooms, err
}

// Heads implements store.Shared.
func (s *Store) Heads(ctx context.Context, rooms []string) ([]protocol.Seq, error) {
	heads := make([]protocol.Seq, 0, len(rooms))
	err := s.reading(ctx, func(p *pgx.Batch) {
		heads = heads[:0]
		p.Queue("select coalesce(r.head, 0) from unnest($1::text[]) with ordinality w(name, i) left join room r on r.name = w.name order by w.i", rooms).
			Query(func(rows pgx.Rows) error {
				return each(rows, func() error {
					var head protocol.Seq
					err := rows.Scan(&head)
					heads = append(heads, head)
					return err
				})
			})
	})
	if err != nil {
		return nil, err
	}
	return heads, nil
}
