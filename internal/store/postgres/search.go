package postgres

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// maxLexeme is how much of a word stands in the index, in bytes. Beyond, the text says.
const maxLexeme = 64

// lexeme is what stands for a token in the index.
func lexeme(token string) string {
	if len(token) <= maxLexeme {
		return token
	}
	end := maxLexeme
	for !utf8.RuneStart(token[end]) {
		end--
	}
	return token[:end]
}

// matchOf is a query as tsquery reads it (PostgreSQL's manual, 8.11.2). The index finds
// texts that have all of its words; whether they stand as they should, the text says.
func matchOf(wanted words.Query) string {
	var m strings.Builder
	for _, phrase := range wanted {
		for i, token := range phrase.Tokens {
			if m.Len() > 0 {
				m.WriteString(" & ")
			}
			m.WriteString("'" + lexeme(token) + "'") // tokens hold no quotation marks, and no backslash
			if phrase.Prefix && i == len(phrase.Tokens)-1 {
				m.WriteString(":*")
			}
		}
	}
	return m.String()
}

const (
	// What is appended now holds a lock that says since when. It is looked for before
	// anything else: what doesn't hold one is committed, and so seen by the statements
	// that follow, or will have a later time.
	appendingSQL = `select coalesce(min((classid::bigint & 65535) << 32 | objid::bigint), 9223372036854775807) from pg_locks
		where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = 28769
		and database = (select oid from pg_database where datname = current_database())`

	// An index of another version of words says nothing about these.
	pendingSQL = `select case when (select words from life) <> $1::int then 0 else coalesce(min(time), 9223372036854775807) end from pending`

	hitsSQL = `
		select e.seq, e.time, e.kind, e."user", e.name, e.text, e.key, e.reply_to, e.target, e.emoji, e.edited, e.deleted, d.n, r.name
		from doc d join room r on r.id = d.room join event e on e.room = d.room and e.seq = d.seq and e.kind = 'message'
		where d.words @@ $1::tsquery and d.n < $2 and ($3::text[] is null or d.room = any(array(select id from room where name = any($3))))
		order by d.n desc limit $4`
)

// hit is a message that may be what is looked for, and its number in the index.
type hit struct {
	protocol.Event
	n int64
}

// Search implements store.Store. The index says where to look; what is there now, and
// whether it is what was looked for, the log does.
func (s *Store) Search(ctx context.Context, q store.Query) (store.Found, error) {
	before, err := q.Place()
	if err != nil {
		return store.Found{}, err
	}
	var found store.Found
	wanted := words.Parse(q.Text)
	for more := true; more; {
		hits, indexed, err := s.hits(ctx, wanted, q.Rooms, before, q.Limit+1)
		if err != nil {
			return store.Found{}, err
		}
		if found.Indexed == 0 {
			found.Indexed = indexed
		}
		for _, h := range hits {
			if h.Deleted || !wanted.Match(h.Text) {
				continue // since it was indexed
			}
			if len(found.Events) == q.Limit {
				found.Cursor = q.CursorAt(before)
				return found, nil
			}
			found.Events = append(found.Events, h.Event)
			before = h.n
		}
		more = len(hits) > q.Limit
		if more {
			before = hits[len(hits)-1].n
		}
	}
	return found, nil
}

// hits are at most limit messages that the index has before a number, newest first, and
// up to when all that was said is in it.
func (s *Store) hits(ctx context.Context, wanted words.Query, rooms []string, before int64, limit int) (hits []hit, indexed int64, err error) {
	var now, appending, pending int64
	err = s.reading(ctx, func(p *pgx.Batch) {
		hits = nil
		p.Queue("select " + clockSQL).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
		p.Queue(appendingSQL).QueryRow(func(row pgx.Row) error { return row.Scan(&appending) })
		p.Queue(pendingSQL, wordsVersion).QueryRow(func(row pgx.Row) error { return row.Scan(&pending) })
		if len(wanted) == 0 || rooms != nil && len(rooms) == 0 {
			return
		}
		p.Queue(hitsSQL, matchOf(wanted), before, rooms, limit).Query(func(rows pgx.Rows) error {
			return each(rows, func() (err error) {
				var h hit
				var room string
				h.Event, err = eventOf(rows, "", &h.n, &room)
				h.Room = room
				hits = append(hits, h)
				return err
			})
		})
	})
	return hits, max(0, min(now, appending, pending)-1), err
}
