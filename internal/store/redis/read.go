package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// eventsAtOnce is how many events one script looks at: they take Redis about a
// millisecond, in which it does nothing else.
const eventsAtOnce = 250

// Read implements store.Store.
func (s *Store) Read(ctx context.Context, room string, cursor protocol.Seq, limit int) (events []protocol.Event, err error) {
	err = s.patiently(ctx, func(ctx context.Context) error {
		life := s.present()
		events, err = s.readIn(ctx, life, room, cursor, limit)
		if errors.Is(err, errRenewed) {
			return errAgain
		}
		return err
	})
	if errors.Is(err, errGone) {
		return nil, store.ErrNotKept
	}
	return events, err
}

// readIn reads in one life, piece by piece.
func (s *Store) readIn(ctx context.Context, life, room string, cursor protocol.Seq, limit int) (events []protocol.Event, err error) {
	for limit > len(events) {
		n := min(limit-len(events), eventsAtOnce)
		c := &call{script: readScript, keys: s.ofEvents(room), args: []any{uint64(cursor), n}}
		err := s.askIn(ctx, life, c)
		if errors.Is(err, errGone) && len(events) > 0 {
			break // it went meanwhile
		}
		if err != nil {
			return nil, err
		}
		some, err := c.reply.events(room, cursor, 1)
		if err != nil {
			return nil, err
		}
		events = append(events, some...)
		if len(some) < n {
			break
		}
		cursor = some[n-1].Seq
	}
	return events, nil
}

// ofEvents are the keys that events are read from.
func (s *Store) ofEvents(room string) []string {
	return []string{s.keys.room(room), s.keys.log(room), s.keys.text(room), s.keys.changed(room)}
}

// Purge implements store.Store.
func (s *Store) Purge(ctx context.Context, room string, before time.Time) (purged int, err error) {
	k := s.keys
	for {
		c := &call{
			script: purgeScript,
			keys:   []string{k.room(room), k.log(room), k.text(room), k.changed(room), k.key(room)},
			args:   []any{k.reacted(room), k.emoji(room), before.UnixMilli(), eventsAtOnce},
		}
		if _, err := s.ask(ctx, c); err != nil {
			return purged, fmt.Errorf("purge %s: %w", room, err)
		}
		n := int(c.reply.number())
		purged += n
		if n < eventsAtOnce {
			return purged, nil
		}
	}
}
