package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Questions that a batch has about the logs, all of a kind in one statement. Each is
// answered from an index, whatever the planner thinks of the arrays' lengths: a limit
// within a lateral query is never turned into a join of whole tables.
const (
	keyedSQL = `select w.room, w.usr, w.key, e.seq, e.time, e.body
		from unnest($1::text[], $2::text[], $3::text[]) w(room, usr, key) join room r on r.name = w.room
		cross join lateral (select seq, time, body from event
			where event.room = r.id and event.key = w.key and event."user" = w.usr and event.key <> '' limit 1) e`

	messagesSQL = `select w.room, w.seq, m."user", m.text, m.deleted, coalesce(l.seq, w.seq), coalesce(l.time, m.time)
		from unnest($1::text[], $2::bigint[]) w(room, seq) join room r on r.name = w.room
		cross join lateral (select "user", text, deleted, time, changed from event
			where event.room = r.id and event.seq = w.seq and event.kind = 'message' limit 1) m
		left join lateral (select seq, time from event where event.room = r.id and event.seq = m.changed limit 1) l on true`

	reactionsSQL = `select w.room, w.target, w.usr, w.emoji, x.seq, x.time
		from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) w(room, target, usr, emoji) join room r on r.name = w.room
		cross join lateral (select seq, time from reaction
			where reaction.room = r.id and reaction.target = w.target and reaction.emoji = w.emoji and reaction."user" = w.usr limit 1) x`

	// It goes from one emoji to the next, however many users each has, of whom it counts
	// no more than the batch can take away, and one.
	emojiSQL = `select w.room, w.target, c.emoji, c.n
		from unnest($1::text[], $2::bigint[]) w(room, target) join room r on r.name = w.room
		cross join lateral (
			with recursive next (emoji) as (
				(select emoji from reaction where reaction.room = r.id and reaction.target = w.target order by emoji limit 1)
				union all
				select (select x.emoji from reaction x where x.room = r.id and x.target = w.target and x.emoji > next.emoji order by x.emoji limit 1)
				from next where next.emoji is not null)
			select next.emoji, (select count(*) from (select from reaction y
				where y.room = r.id and y.target = w.target and y.emoji = next.emoji limit $3::int) users) as n
			from next where next.emoji is not null) c`

	marksSQL = `select w.room, w.usr, m.seq from unnest($1::text[], $2::text[]) w(room, usr) join room r on r.name = w.room
		cross join lateral (select seq from mark where mark."user" = w.usr and mark.room = r.id limit 1) m`
)

// questions are what is asked of a kind, each once.
type questions struct {
	keys      map[roomAnd[sent]]bool
	messages  map[roomAnd[protocol.Seq]]bool
	reactions map[roomAnd[reaction]]bool
	emoji     map[roomAnd[protocol.Seq]]bool
	marks     map[roomAnd[string]]bool
	unreacts  int
}

type roomAnd[T comparable] struct {
	room string
	of   T
}

func (q *questions) add(d *store.Draft) {
	switch d.Kind {
	case protocol.KindMessage:
		if d.Key != "" {
			put(&q.keys, roomAnd[sent]{d.Room, sent{d.User.ID, d.Key}}, true)
		}
		if d.ReplyTo != 0 {
			put(&q.messages, roomAnd[protocol.Seq]{d.Room, d.ReplyTo}, true)
		}
	case protocol.KindEdit, protocol.KindDelete:
		put(&q.messages, roomAnd[protocol.Seq]{d.Room, d.Target}, true)
	case protocol.KindReact:
		put(&q.messages, roomAnd[protocol.Seq]{d.Room, d.Target}, true)
		put(&q.emoji, roomAnd[protocol.Seq]{d.Room, d.Target}, true)
		put(&q.reactions, roomAnd[reaction]{d.Room, reaction{d.Target, d.User.ID, d.Emoji}}, true)
	case protocol.KindUnreact:
		q.unreacts++
		put(&q.reactions, roomAnd[reaction]{d.Room, reaction{d.Target, d.User.ID, d.Emoji}}, true)
	case store.KindRead:
		put(&q.marks, roomAnd[string]{d.Room, d.User.ID}, true)
	}
}

// ask adds to p what the batch wants to know.
func (b *batch) ask(p *pgx.Batch) {
	var q questions
	for i := range b.drafts {
		q.add(&b.drafts[i])
	}
	b.askKeys(p, q.keys)
	b.askMessages(p, q.messages)
	b.askReactions(p, q.reactions)
	b.askEmoji(p, q.emoji, q.unreacts+1)
	b.askMarks(p, q.marks)
}

func (b *batch) askKeys(p *pgx.Batch, wanted map[roomAnd[sent]]bool) {
	if len(wanted) == 0 {
		return
	}
	var rooms, users, keys []string
	for w := range wanted {
		rooms, users, keys = append(rooms, w.room), append(users, w.of.user), append(keys, w.of.key)
	}
	p.Queue(keyedSQL, rooms, users, keys).Query(func(rows pgx.Rows) error {
		return each(rows, func() error {
			var room string
			var of sent
			var is first
			var body []byte
			err := rows.Scan(&room, &of.user, &of.key, &is.Seq, &is.TS, &body)
			copy(is.body[:], body)
			put(&b.rooms[room].keys, of, is)
			return err
		})
	})
}

// seqs are rooms and seqs as parallel arrays.
func seqs(wanted map[roomAnd[protocol.Seq]]bool) (rooms []string, of []int64) {
	for w := range wanted {
		rooms, of = append(rooms, w.room), append(of, int64(w.of))
	}
	return rooms, of
}

func (b *batch) askMessages(p *pgx.Batch, wanted map[roomAnd[protocol.Seq]]bool) {
	if len(wanted) == 0 {
		return
	}
	rooms, of := seqs(wanted)
	p.Queue(messagesSQL, rooms, of).Query(func(rows pgx.Rows) error {
		return each(rows, func() error {
			m := &message{}
			err := rows.Scan(&m.Room, &m.Seq, &m.User.ID, &m.Text, &m.Deleted, &m.latest.Seq, &m.latest.TS)
			put(&b.rooms[m.Room].messages, m.Seq, m)
			return err
		})
	})
}

func (b *batch) askReactions(p *pgx.Batch, wanted map[roomAnd[reaction]]bool) {
	if len(wanted) == 0 {
		return
	}
	var rooms, users, emoji []string
	var targets []int64
	for w := range wanted {
		rooms, users, emoji = append(rooms, w.room), append(users, w.of.user), append(emoji, w.of.emoji)
		targets = append(targets, int64(w.of.target))
	}
	p.Queue(reactionsSQL, rooms, targets, users, emoji).Query(func(rows pgx.Rows) error {
		return each(rows, func() error {
			var room string
			var of reaction
			var is reacted
			err := rows.Scan(&room, &of.target, &of.user, &of.emoji, &is.was.Seq, &is.was.TS)
			is.now = is.was
			put(&b.rooms[room].reactions, of, &is)
			return err
		})
	})
}

func (b *batch) askEmoji(p *pgx.Batch, wanted map[roomAnd[protocol.Seq]]bool, most int) {
	if len(wanted) == 0 {
		return
	}
	rooms, of := seqs(wanted)
	p.Queue(emojiSQL, rooms, of, most).Query(func(rows pgx.Rows) error {
		return each(rows, func() error {
			var room, emoji string
			var target protocol.Seq
			var n int
			err := rows.Scan(&room, &target, &emoji, &n)
			users := b.rooms[room].emoji[target]
			put(&users, emoji, n)
			put(&b.rooms[room].emoji, target, users)
			return err
		})
	})
}

func (b *batch) askMarks(p *pgx.Batch, wanted map[roomAnd[string]]bool) {
	if len(wanted) == 0 {
		return
	}
	var rooms, users []string
	for w := range wanted {
		rooms, users = append(rooms, w.room), append(users, w.of)
	}
	p.Queue(marksSQL, rooms, users).Query(func(rows pgx.Rows) error {
		return each(rows, func() error {
			var room, user string
			var m mark
			err := rows.Scan(&room, &user, &m.was)
			m.now = m.was
			put(&b.rooms[room].marks, user, &m)
			return err
		})
	})
}
