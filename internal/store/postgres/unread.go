package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// unreadSQL gives a row for each room, with the mark and how much is unread, and one for
// each text there that may mention somebody. It is one statement: all of one moment.
const unreadSQL = `
	with w as materialized (
		select w.i, r.id, coalesce(m.seq, 0) as read
		from unnest($2::text[]) with ordinality w(name, i) left join room r on r.name = w.name left join mark m on m."user" = $1 and m.room = r.id)
	select w.i - 1, w.read, (select count(*) from event e
		where e.room = w.id and e.seq > w.read and e."user" <> $1 and e.kind = 'message' and not e.deleted), null
	from w
	union all
	select w.i - 1, 0, 0, e.text from w cross join lateral (select text from event
		where room = w.id and seq > w.read and "user" <> $1 and kind = 'message' and not deleted and text like '%@%' offset 0) e`

// Unread implements store.Store.
func (s *Store) Unread(ctx context.Context, user protocol.User, rooms []string) ([]store.Unread, error) {
	all := make([]store.Unread, len(rooms))
	err := s.reading(ctx, func(p *pgx.Batch) {
		clear(all)
		p.Queue(unreadSQL, user.ID, rooms).Query(func(rows pgx.Rows) error {
			return each(rows, func() error {
				var i, messages int
				var read protocol.Seq
				var text *string
				if err := rows.Scan(&i, &read, &messages, &text); err != nil {
					return err
				}
				switch {
				case text == nil:
					all[i].Read, all[i].Messages = read, messages
				case words.Mentions(*text, user.Name):
					all[i].Mentions++
				}
				return nil
			})
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
