package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// Unread implements store.Store. It asks Redis for the marks, and for what is new since
// somebody was counted for here. What is deleted while it counts may be in it.
func (s *Store) Unread(ctx context.Context, user protocol.User, rooms []string) (all []store.Unread, err error) {
	err = s.patiently(ctx, func(ctx context.Context) error {
		all, err = s.unreadIn(ctx, s.present(), user, rooms)
		if errors.Is(err, errRenewed) {
			return errAgain
		}
		return err
	})
	return all, err
}

func (s *Store) unreadIn(ctx context.Context, life string, user protocol.User, rooms []string) ([]store.Unread, error) {
	all := make([]store.Unread, len(rooms))
	at, err := s.marks(ctx, life, user.ID, rooms, all)
	if err != nil {
		return nil, err
	}
	var texts []*call
	var of []*store.Unread
	for i, room := range rooms {
		if at[i].Head <= all[i].Read {
			continue
		}
		n, mentioned, err := s.tallied(ctx, life, at[i], user.ID, all[i].Read)
		if err != nil {
			return nil, err
		}
		all[i].Messages = n
		for some := range slices.Chunk(mentioned, eventsAtOnce) {
			c := &call{script: textsScript, keys: []string{s.keys.text(room)}}
			for _, seq := range some {
				c.args = append(c.args, uint64(seq))
			}
			texts, of = append(texts, c), append(of, &all[i])
		}
	}
	for some := range slices.Chunk(texts, unreadAtOnce) {
		if err := s.askIn(ctx, life, some...); err != nil {
			return nil, err
		}
	}
	for i, c := range texts {
		for len(c.reply.values) > 0 {
			if text, ok := c.reply.maybe(); ok && words.Mentions(text, user.Name) {
				of[i].Mentions++
			}
		}
	}
	return all, nil
}

// unreadAtOnce is how many rooms' texts are asked for with one answer to wait for.
const unreadAtOnce = 16

// marks gives where rooms stand, and puts a user's marks into all.
func (s *Store) marks(ctx context.Context, life, user string, rooms []string, all []store.Unread) ([]store.Room, error) {
	var calls []*call
	for some := range slices.Chunk(rooms, roomsAtOnce) {
		c := &call{script: marksScript, args: []any{user}}
		for _, room := range some {
			c.keys = append(c.keys, s.keys.room(room), s.keys.mark(room))
		}
		calls = append(calls, c)
	}
	if len(calls) == 0 {
		return nil, nil
	}
	if err := s.askIn(ctx, life, calls...); err != nil {
		return nil, err
	}
	at := make([]store.Room, len(rooms))
	for i, room := range rooms {
		r := &calls[i/roomsAtOnce].reply
		at[i] = store.Room{Name: room, Head: r.seq(), First: r.seq()}
		all[i].Read = r.seq()
		if err := r.err(room); err != nil {
			return nil, err
		}
	}
	return at, nil
}

// tallied counts the messages that are unread in a room, as it stood.
func (s *Store) tallied(ctx context.Context, life string, at store.Room, user string, mark protocol.Seq) (n int, mentioned []protocol.Seq, err error) {
	room := at.Name
	t, err := s.tallies.lend(ctx, room)
	if err != nil {
		return 0, nil, err
	}
	defer s.tallies.giveBack(room, t)
	if t.life != life {
		t.begin(life)
	}
	t.forget(at.First)
	for t.cursor() < at.Head {
		c := &call{
			script: tallyScript, args: []any{uint64(t.cursor()), tallyAtOnce},
			keys: []string{s.keys.room(room), s.keys.log(room), s.keys.text(room)},
		}
		if err := s.askIn(ctx, life, c); err != nil {
			return 0, nil, err
		}
		was := t.cursor()
		if err := t.take(&c.reply); err != nil || t.cursor() == was {
			t.begin("")
			return 0, nil, fmt.Errorf("%w: after %d of %s", errGarbled, was, room)
		}
	}
	n, mentioned = t.unread(user, mark, at.Head)
	return n, mentioned, nil
}

// tallyAtOnce is how many events one script tells of, a millisecond's work.
const tallyAtOnce = 500
