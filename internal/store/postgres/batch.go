package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// batch is what is written in one transaction.
type batch struct {
	bodies  *store.Bodies
	known   map[string]bool
	drafts  []store.Draft
	rooms   map[string]*room // as they will stand
	names   []string         // of them, in order
	results []store.Result

	writer string // whose batch it is
	number int64

	saw  sight
	now  int64 // the server's time, once all rooms were locked
	sent bool  // the commit was sent
}

func newBatch(s *Store, drafts []store.Draft) *batch {
	s.batches++
	b := &batch{
		writer: s.writer, number: s.batches,
		bodies: s.bodies, known: s.known, drafts: drafts, rooms: map[string]*room{}, results: make([]store.Result, len(drafts)),
	}
	for i := range drafts {
		if name := drafts[i].Room; b.rooms[name] == nil {
			b.rooms[name] = &room{name: name}
			b.names = append(b.names, name)
		}
	}
	slices.Sort(b.names)
	return b
}

// begins are the rooms that may have no log yet and will have one then, in order.
func (b *batch) begins() []string {
	var names []string
	for i := range b.drafts {
		d := &b.drafts[i]
		if !b.known[d.Room] && (d.Kind == protocol.KindMessage && d.ReplyTo == 0 || d.Kind == protocol.KindTopic && d.Text != "") {
			names = append(names, d.Room)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

var (
	// The lock tells those who search that events of about now may be on their way
	// (28769 is lockAppend's 0x7061).
	beginSQL = `with mine as (insert into writer (id, batch, used) values ($1, $2, now())
			on conflict (id) do update set batch = excluded.batch, used = excluded.used)
		select ` + sightSQL + `, ` + limitsSQL + `,
		pg_advisory_xact_lock_shared(28769::bigint << 48 | ` + clockSQL + `) from life`

	insertRoomsSQL = `insert into room (name) select n from unnest($1::text[]) n where not exists (select from room where name = n)
		on conflict do nothing`

	// In order, so that nodes wait for each other and never in a circle.
	lockRoomsSQL = `select id, name, head, time, topic, topic_seq, topic_time from room where name = any($1::text[])
		order by name for no key update`
)

// look locks the rooms, and asks for what the rules may want to know. What is asked
// after the lock, in a statement of its own, is as the lock's last holder left it; a
// part of the same statement would see what was there before the wait.
func (b *batch) look(ctx context.Context, conn *pgx.Conn) error {
	var p pgx.Batch
	p.Queue("begin isolation level read committed, read write")
	p.Queue(beginSQL, b.writer, b.number).QueryRow(func(row pgx.Row) error {
		return b.saw.scan(row, nil, nil, nil, nil)
	})
	if names := b.begins(); len(names) > 0 {
		p.Queue(insertRoomsSQL, names)
	}
	p.Queue(lockRoomsSQL, b.names).Query(b.takeRooms)
	p.Queue("select " + clockSQL).QueryRow(func(row pgx.Row) error { return row.Scan(&b.now) })
	b.ask(&p)
	return conn.SendBatch(ctx, &p).Close()
}

func (b *batch) takeRooms(rows pgx.Rows) error {
	return each(rows, func() error {
		var id int64
		var name, topic string
		var st store.Standing
		if err := rows.Scan(&id, &name, &st.Head, &st.Time, &topic, &st.TopicSet.Seq, &st.TopicSet.TS); err != nil {
			return err
		}
		st.Topic = topic
		r := b.rooms[name]
		r.id, r.Standing = id, st
		return nil
	})
}

// each takes rows one by one.
func each(rows pgx.Rows, take func() error) error {
	for rows.Next() {
		if err := take(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// decide has the rules say what becomes of each draft, once those before it are done.
func (b *batch) decide() error {
	for i := range b.drafts {
		d := &b.drafts[i]
		r := b.rooms[d.Room]
		var body store.Body
		if d.Key != "" {
			body = b.bodies.Of(d.Text, d.ReplyTo)
		}
		result, err := store.Decide(d, body, b.now, ledger{r, b.saw.life})
		if err != nil {
			return err
		}
		switch {
		case result.New && r.id == 0:
			return errOtherLife // it had a log, and has none now
		case result.New:
			r.append(&result.Event, body)
		case d.Kind == store.KindRead && result.Event.Seq > 0:
			r.mark(d.User.ID, result.Event.Seq)
		}
		b.results[i] = result
	}
	return nil
}
