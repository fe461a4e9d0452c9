package redis

import (
	"context"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// roomsAtOnce is how many rooms one script looks at: few enough that nobody waits for it.
const roomsAtOnce = 250

// standing is where a room stands, and the time of its head.
type standing struct {
	store.Room
	time int64
}

// stand looks where rooms stand.
func (s *Store) stand(ctx context.Context, names []string) ([]standing, error) {
	var calls []*call
	for some := range slices.Chunk(names, roomsAtOnce) {
		c := &call{script: standScript}
		for _, name := range some {
			c.keys = append(c.keys, s.keys.room(name))
		}
		calls = append(calls, c)
	}
	if len(calls) == 0 { // there may be none since another life began
		calls = []*call{{script: standScript}}
	}
	life, err := s.ask(ctx, calls...)
	if err != nil {
		return nil, err
	}
	all := make([]standing, 0, len(names))
	for i, name := range names {
		r := &calls[i/roomsAtOnce].reply
		at := standing{Room: store.Room{Name: name, Epoch: store.EpochOf(life, name), Head: r.seq(), First: max(1, r.seq())}}
		at.Topic, _ = r.maybe()
		at.time = r.number()
		if err := r.err(name); err != nil {
			return nil, err
		}
		all = append(all, at)
	}
	return all, nil
}

// Room implements store.Store.
func (s *Store) Room(ctx context.Context, name string) (store.Room, error) {
	at, err := s.stand(ctx, []string{name})
	if err != nil {
		return store.Room{}, err
	}
	return at[0].Room, nil
}

// Heads implements store.Shared.
func (s *Store) Heads(ctx context.Context, rooms []string) ([]protocol.Seq, error) {
	all, err := s.stand(ctx, rooms)
	if err != nil {
		return nil, err
	}
	heads := make([]protocol.Seq, len(all))
	for i := range all {
		heads[i] = all[i].Head
	}
	return heads, nil
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) ([]store.Room, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.stand(ctx, names)
	if err != nil {
		return nil, err
	}
	rooms := make([]store.Room, 0, len(all))
	for i := range all {
		if all[i].Head > 0 {
			rooms = append(rooms, all[i].Room)
		}
	}
	return rooms, nil
}

// names are those of all rooms that have a log, in their order.
func (s *Store) names(ctx context.Context) (names []string, err error) {
	err = s.patiently(ctx, func(ctx context.Context) error {
		names = nil
		rooms := s.client.SScan(ctx, s.keys.rooms(), 0, "", roomsAtOnce).Iterator()
		for rooms.Next(ctx) {
			names = append(names, rooms.Val())
		}
		return rooms.Err()
	})
	slices.SortFunc(names, strings.Compare)
	return slices.Compact(names), err // one may be told twice
}
