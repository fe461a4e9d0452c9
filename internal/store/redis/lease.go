package redis

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Beat implements store.Shared. In a new life nobody has a lease.
func (s *Store) Beat(ctx context.Context, node string, ttl time.Duration) (nodes []string, lapsed bool, err error) {
	c := &call{script: beatScript, keys: []string{s.keys.nodes()}, args: []any{node, ttl.Milliseconds()}}
	err = s.patiently(ctx, func(ctx context.Context) error {
		err := s.askIn(ctx, s.present(), c)
		switch {
		case errors.Is(err, errRenewed):
			return errAgain
		case err != nil && !answered(err):
			s.unheard.Store(true)
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	// A beat whose answer was lost may have been the one that ended a lapse.
	lapsed = s.unheard.Swap(false)
	lapsed = c.reply.number() > 0 || lapsed
	for len(c.reply.values) > 0 {
		nodes = append(nodes, c.reply.text())
	}
	slices.Sort(nodes)
	return nodes, lapsed, c.reply.err(s.keys.nodes())
}

// Resign implements store.Shared.
func (s *Store) Resign(ctx context.Context, node string) error {
	return s.patiently(ctx, func(ctx context.Context) error { return s.client.ZRem(ctx, s.keys.nodes(), node).Err() })
}
