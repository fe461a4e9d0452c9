package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-chat/parley/protocol"
)

// write writes what was decided, and commits it.
func (b *batch) write(ctx context.Context, conn *pgx.Conn) error {
	var p pgx.Batch
	b.insertEvents(&p)
	b.changeMessages(&p)
	b.changeReactions(&p)
	b.moveMarks(&p)
	b.moveHeads(&p)
	b.addPending(&p)
	// Where a synchronous standby is away, a commit that is timed out is one that was
	// done without it.
	p.Queue("select set_config('statement_timeout', '0', true)")
	p.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errNotCommitted
		}
		return nil
	})
	b.sent = true
	return conn.SendBatch(ctx, &p).Close()
}

// column is one of an event's row that is left out where all of a batch have its
// default.
type column struct {
	name   string
	typ    string
	values any
	said   bool
}

// columnOf makes a column of what rows have in it.
func columnOf[T comparable](rows []insert, name, typ string, of func(*insert) T) column {
	c := column{name: name, typ: typ}
	var none T
	values := make([]T, len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
		c.said = c.said || values[i] != none
	}
	c.values = values
	return c
}

type insert struct {
	*message
	room int64
}

// insertEvents inserts all events in one statement.
func (b *batch) insertEvents(p *pgx.Batch) {
	var rows []insert
	for _, name := range b.names {
		r := b.rooms[name]
		for _, m := range r.rows {
			rows = append(rows, insert{m, r.id})
		}
	}
	if len(rows) == 0 {
		return
	}
	var names, lists strings.Builder
	var args []any
	for i, c := range append(columnsOf(rows), bodiesOf(rows)) {
		if !c.said {
			continue
		}
		if i > 0 {
			names.WriteString(", ")
			lists.WriteString(", ")
		}
		args = append(args, c.values)
		names.WriteString(c.name)
		lists.WriteString("$" + strconv.Itoa(len(args)) + "::" + c.typ + "[]")
	}
	p.Queue("insert into event ("+names.String()+") select * from unnest("+lists.String()+")", args...)
}

func columnsOf(rows []insert) []column {
	kinds := columnOf(rows, "kind", "text", func(r *insert) string { return string(r.Kind) })
	kinds.said = false
	users := columnOf(rows, `"user"`, "text", func(r *insert) string { return r.User.ID })
	names := columnOf(rows, "name", "text", func(r *insert) string { return r.User.Name })
	users.said, names.said = true, true // they have no default
	for i := range rows {
		kinds.said = kinds.said || rows[i].Kind != protocol.KindMessage
	}
	return []column{
		columnOf(rows, "room", "bigint", func(r *insert) int64 { return r.room }),
		columnOf(rows, "seq", "bigint", func(r *insert) int64 { return int64(r.Seq) }),
		columnOf(rows, "time", "bigint", func(r *insert) int64 { return r.TS }),
		kinds, users, names,
		columnOf(rows, "text", "text", func(r *insert) string { return r.Text }),
		columnOf(rows, "key", "text", func(r *insert) string { return r.Key }),
		columnOf(rows, "reply_to", "bigint", func(r *insert) int64 { return int64(r.ReplyTo) }),
		columnOf(rows, "target", "bigint", func(r *insert) int64 { return int64(r.Target) }),
		columnOf(rows, "emoji", "text", func(r *insert) string { return r.Emoji }),
		columnOf(rows, "edited", "bigint", func(r *insert) int64 { return r.Edited }),
		columnOf(rows, "deleted", "boolean", func(r *insert) bool { return r.Deleted }),
		columnOf(rows, "changed", "bigint", func(r *insert) int64 { return int64(r.changed) }),
	}
}

// bodiesOf is the column of those that have a key.
func bodiesOf(rows []insert) column {
	c := column{name: "body", typ: "bytea"}
	values := make([][]byte, len(rows))
	for i := range rows {
		if rows[i].Key != "" {
			values[i], c.said = rows[i].body[:], true
		}
	}
	c.values = values
	return c
}

// changeMessages edits and deletes those that were there before.
func (b *batch) changeMessages(p *pgx.Batch) {
	var rooms, seqs, edited, changed []int64
	var texts []string
	var deleted []bool
	for _, r := range b.rooms {
		for seq, m := range r.messages {
			if m.dirty {
				rooms, seqs, texts = append(rooms, r.id), append(seqs, int64(seq)), append(texts, m.Text)
				edited, deleted, changed = append(edited, m.Edited), append(deleted, m.Deleted), append(changed, int64(m.changed))
			}
		}
	}
	if len(rooms) > 0 {
		p.Queue(`update event set text = c.text, edited = c.edited, deleted = c.deleted, changed = c.changed
			from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::boolean[], $6::bigint[]) c(room, seq, text, edited, deleted, changed)
			where event.room = c.room and event.seq = c.seq`, rooms, seqs, texts, edited, deleted, changed)
	}
}

// changeReactions has the reactions be as they stand now.
func (b *batch) changeReactions(p *pgx.Batch) {
	var gone, there reactionRows
	var rooms, targets []int64
	for _, r := range b.rooms {
		for _, target := range r.deleted {
			rooms, targets = append(rooms, r.id), append(targets, int64(target))
		}
		for of, is := range r.reactions {
			if is.was == is.now {
				continue
			}
			if is.was.Seq != 0 {
				gone.add(r.id, of, is)
			}
			if is.now.Seq != 0 {
				there.add(r.id, of, is)
			}
		}
	}
	if len(rooms) > 0 {
		p.Queue(`delete from reaction using unnest($1::bigint[], $2::bigint[]) c(room, target)
			where reaction.room = c.room and reaction.target = c.target`, rooms, targets)
	}
	if len(gone.rooms) > 0 {
		p.Queue(`delete from reaction using unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) c(room, target, emoji, usr)
			where reaction.room = c.room and reaction.target = c.target and reaction.emoji = c.emoji and reaction."user" = c.usr`,
			gone.rooms, gone.targets, gone.emoji, gone.users)
	}
	if len(there.rooms) > 0 {
		p.Queue(`insert into reaction (room, target, emoji, "user", seq, time)
			select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])`,
			there.rooms, there.targets, there.emoji, there.users, there.seqs, there.times)
	}
}

type reactionRows struct {
	rooms, targets, seqs, times []int64
	emoji, users                []string
}

func (rs *reactionRows) add(room int64, of reaction, is *reacted) {
	rs.rooms, rs.targets = append(rs.rooms, room), append(rs.targets, int64(of.target))
	rs.emoji, rs.users = append(rs.emoji, of.emoji), append(rs.users, of.user)
	rs.seqs, rs.times = append(rs.seqs, int64(is.now.Seq)), append(rs.times, is.now.TS)
}

func (b *batch) moveMarks(p *pgx.Batch) {
	var users []string
	var rooms, seqs []int64
	for _, r := range b.rooms {
		for user, m := range r.marks {
			if m.now != m.was {
				users, rooms, seqs = append(users, user), append(rooms, r.id), append(seqs, int64(m.now))
			}
		}
	}
	if len(users) > 0 {
		p.Queue(`insert into mark ("user", room, seq) select * from unnest($1::text[], $2::bigint[], $3::bigint[])
			on conflict ("user", room) do update set seq = greatest(mark.seq, excluded.seq)`, users, rooms, seqs)
	}
}

// moveHeads has the rooms' rows follow.
func (b *batch) moveHeads(p *pgx.Batch) {
	var ids, heads, times, topicSeqs, topicTimes []int64
	var topics []string
	for _, r := range b.rooms {
		if len(r.rows) > 0 {
			ids, heads, times = append(ids, r.id), append(heads, int64(r.Head)), append(times, r.Time)
			topics, topicSeqs, topicTimes = append(topics, r.Topic), append(topicSeqs, int64(r.TopicSet.Seq)), append(topicTimes, r.TopicSet.TS)
		}
	}
	if len(ids) > 0 {
		p.Queue(`update room set head = c.head, time = c.time, topic = c.topic, topic_seq = c.topic_seq, topic_time = c.topic_time
			from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[]) c(id, head, time, topic, topic_seq, topic_time)
			where room.id = c.id`, ids, heads, times, topics, topicSeqs, topicTimes)
	}
}

// addPending leaves word of what is to be indexed.
func (b *batch) addPending(p *pgx.Batch) {
	var rooms, firsts, lasts, times []int64
	for _, name := range b.names {
		if r := b.rooms[name]; len(r.rows) > 0 {
			rooms, firsts, lasts = append(rooms, r.id), append(firsts, int64(r.rows[0].Seq)), append(lasts, int64(r.Head))
			times = append(times, r.rows[0].TS)
		}
	}
	if len(rooms) > 0 {
		p.Queue(`insert into pending (room, first, last, time) select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])`,
			rooms, firsts, lasts, times)
	}
}
