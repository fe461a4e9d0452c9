package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/store"
)

// lives is which life of the logs this node knows of.
type lives struct {
	greeting sync.Mutex // for the next three
	tickets  uint64     // one for each look at Redis
	newest   uint64     // of the looks that told something
	secret   []byte     // nil before the first

	mu      sync.RWMutex // held while another life is told of
	life    string       // empty before the first look
	renewed func(life string)
}

// Watch implements store.Shared.
func (s *Store) Watch(renewed func(life string)) {
	s.lives.mu.Lock()
	defer s.lives.mu.Unlock()
	s.lives.renewed = renewed
}

// Life implements store.Shared.
func (s *Store) Life() string { return s.name.Load().(string) }

// present is the life that is now, once everybody has heard of it.
func (s *Store) present() string {
	s.lives.mu.RLock()
	defer s.lives.mu.RUnlock()
	return s.lives.life
}

// acquaint looks which life the logs have.
func (s *Store) acquaint(ctx context.Context) error {
	conn := s.client.Conn()
	defer func() { _ = conn.Close() }() // it goes back to the others
	return s.greet(ctx, conn)
}

// greet looks which life the logs have, by a connection that nothing was done on: if it
// leads to another server than the life began on, it begins another one.
func (s *Store) greet(ctx context.Context, conn *redis.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	ticket, secret := s.lives.ticket()
	at, err := serverOf(ctx, conn)
	if err != nil {
		return err
	}
	if s.sentinels && at.mode == "sentinel" {
		return nil // it is who tells where the logs are
	}
	if err := at.refused(); err != nil {
		return err
	}
	if err := teach(ctx, conn); err != nil {
		return err
	}
	value, err := conn.EvalSha(ctx, lifeScript.sha, []string{s.keys.life(), s.keys.secret()}, at.id, store.NewID(), secret).Result()
	if err != nil {
		return err
	}
	r := reply{values: listOf(value)}
	life, is := r.text(), r.text()
	if r.garbled || life == "" || len(is) != secretSize {
		return fmt.Errorf("%s and %s in Redis are none of ours", s.keys.life(), s.keys.secret())
	}
	if err := s.learn(ticket, life, []byte(is)); err != nil {
		return err
	}
	return s.known.remind(ctx, conn, s.keys.revoked())
}

const secretSize = 32

// ticket is a place among the looks, and the secret that a store without one gets: the
// one that it had.
func (l *lives) ticket() (ticket uint64, secret []byte) {
	l.greeting.Lock()
	defer l.greeting.Unlock()
	l.tickets++
	if l.secret != nil {
		return l.tickets, l.secret
	}
	secret = make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	return l.tickets, secret
}

// learn takes in what a look told, unless a later one has told since.
func (s *Store) learn(ticket uint64, life string, secret []byte) error {
	l := &s.lives
	l.greeting.Lock()
	defer l.greeting.Unlock()
	if l.secret == nil {
		l.secret = secret
	}
	if string(l.secret) != string(secret) {
		return errSecret
	}
	if ticket < l.newest {
		return nil
	}
	l.newest = ticket
	l.mu.Lock()
	defer l.mu.Unlock()
	if life == l.life {
		return nil
	}
	first := l.life == ""
	l.life = life
	s.name.Store(life)
	if first {
		return nil
	}
	s.known.owed.Store(true)
	if l.renewed != nil {
		l.renewed(life)
	}
	return nil
}

// server is what a Redis says of itself.
type server struct {
	id      string // of its process, and of its history: another one after each start and each failover; empty if it doesn't tell
	version string
	mode    string
	role    string
}

func serverOf(ctx context.Context, conn *redis.Conn) (server, error) {
	pipe := conn.Pipeline()
	about, history := pipe.Info(ctx, "server"), pipe.Info(ctx, "replication")
	if _, err := pipe.Exec(ctx); err != nil {
		return server{}, err
	}
	a, h := info(about.Val()), info(history.Val())
	is := server{version: a["redis_version"], mode: a["redis_mode"], role: h["role"]}
	if a["run_id"] != "" && h["master_replid"] != "" {
		is.id = a["run_id"] + " " + h["master_replid"]
	}
	return is, nil
}

// refused is why it can't keep logs now.
func (s server) refused() error {
	switch {
	case s.mode == "cluster":
		return errCluster
	case s.mode == "sentinel":
		return errors.New("that is a Sentinel: name it as redis+sentinel://host:26379/MASTER")
	case s.role == "slave":
		return errReplica
	case !atLeast(s.version, 6, 2):
		return fmt.Errorf("that is Redis %.20q: want 6.2 or newer", s.version)
	case s.id == "":
		return errors.New("its INFO doesn't tell run_id and master_replid: want Redis 6.2 or newer, or one that does as it does")
	}
	return nil
}

// info reads INFO's answer.
func info(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r"), ":"); ok {
			values[name] = value
		}
	}
	return values
}

// atLeast compares a version such as 6.2.14.
func atLeast(version string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(version, "%d.%d", &a, &b); n < 2 {
		return false
	}
	return a > major || a == major && b >= minor
}
