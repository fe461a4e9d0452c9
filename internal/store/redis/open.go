package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/redisurl"
	"github.com/parley-chat/parley/internal/store"
)

// Store keeps logs in a Redis.
type Store struct {
	// Fixed after Open.
	client    *redis.Client
	sentinels bool // tell where it is
	log       *slog.Logger
	keys      keys
	history   int
	secret    []byte
	warnings  []string

	// Owned by Append.
	bodies     *store.Bodies
	complained time.Time // of rooms that can't be written to

	// Any goroutine.
	name      atomic.Value // of the present life: a string
	lives     lives
	known     revocations
	tallies   tallies
	unheard   atomic.Bool   // a beat's answer was lost
	searches  chan struct{} // one in it for each
	closed    chan struct{}
	closeOnce sync.Once
}

var (
	_ store.Shared  = (*Store)(nil)
	_ store.Revoker = (*Store)(nil)
)

// Open opens the Redis that url names, as redisurl has it, with two options more:
// history=10000, how many events a room keeps, and prefix=parley:, what our keys begin
// with.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	p, err := redisurl.ParseStore(url)
	if err != nil {
		return nil, err
	}
	if p.Kind == redisurl.Cluster {
		return nil, errCluster
	}
	s := &Store{log: log, keys: keys(p.Prefix), history: p.History, searches: make(chan struct{}, maxSearches), closed: make(chan struct{})}
	s.name.Store("")
	s.sentinels = p.Kind == redisurl.Sentinel
	o := p.Options()
	o.Protocol = 2
	o.MaxRetries = -1 // we know better what may be done twice
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = slowest, slowest, slowest, slowest
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.OnConnect = s.greet
	client, ok := redis.NewUniversalClient(o).(*redis.Client)
	if !ok {
		return nil, errCluster
	}
	s.client = client
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(openError(p.URL, err), client.Close())
	}
	return s, nil
}

// begin sees whether Redis is one that can keep logs, and what it promises.
func (s *Store) begin(ctx context.Context) error {
	until := time.Now().Add(patience)
	for tries := 0; ; tries++ {
		err := s.acquaint(ctx)
		if err == nil {
			break
		}
		if !answered(err) || !s.mayTryAgain(ctx, err, tries, until) {
			return err
		}
	}
	s.secret = s.lives.secret
	s.bodies = store.NewBodies(s.secret)
	of := func(what string) string { return string(s.keys) + "try:" + what }
	err := s.client.EvalSha(ctx, tryScript.sha, []string{of("stream"), of("hash"), of("sorted"), of("set"), of("text")}).Err()
	if err != nil {
		return err
	}
	promised, err := s.promises(ctx)
	if err != nil {
		return err
	}
	if err := promised.refused(); err != nil {
		return err
	}
	s.warnings = promised.warnings(s.history)
	s.log.Info("rooms are kept in Redis", "history", s.history, "prefix", string(s.keys))
	return nil
}

// openError says what is wrong and what would be right.
func openError(u *redisurl.URL, err error) error {
	if answered(err) || errors.Is(err, errCluster) || errors.Is(err, errReplica) || errors.Is(err, errEvicts) {
		return fmt.Errorf("%s: %w", u, explain(err))
	}
	if strings.Contains(err.Error(), "x509") || strings.Contains(err.Error(), "tls:") {
		return fmt.Errorf("%s: %w: TLS can't be begun: see the options ca and server_name", u, err)
	}
	with := ""
	if u.TLS != nil {
		with = "with TLS "
	}
	return fmt.Errorf("no Redis answers %sat %s: %w", with, strings.Join(u.Addrs, ", "), err)
}

// Warnings are in what way less is promised here than by logs on a disk.
func (s *Store) Warnings() []string { return s.warnings }

// Secret implements store.Store.
func (s *Store) Secret() []byte { return s.secret }

// Close implements store.Store.
func (s *Store) Close() (err error) {
	s.closeOnce.Do(func() {
		close(s.closed)
		err = s.client.Close()
	})
	return err
}
