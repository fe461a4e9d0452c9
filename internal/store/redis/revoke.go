package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/store"
)

// revocations are those that this node knows of. A Redis that lost some is told them
// again: what was revoked must not hold once more.
type revocations struct {
	owed atomic.Bool // another life has begun, and wasn't told yet

	mu sync.Mutex
	at map[string]int64 // by member
}

// What a member of the sorted set begins with. Its score is the time.
const (
	ofUser  = "u:"
	ofToken = "t:"
)

// Revoke implements store.Revoker.
func (s *Store) Revoke(ctx context.Context, r store.Revocation) error {
	member := ofUser + r.User
	if r.User == "" {
		member = ofToken + r.Token
	}
	err := s.patiently(ctx, func(ctx context.Context) error {
		return s.client.ZAddArgs(ctx, s.keys.revoked(), newest(member, r.At)).Err()
	})
	if err == nil {
		s.known.note(member, r.At)
	}
	return err
}

func newest(member string, at int64) redis.ZAddArgs {
	return redis.ZAddArgs{GT: true, Members: []redis.Z{{Score: float64(at), Member: member}}}
}

// Revocations implements store.Revoker.
func (s *Store) Revocations(ctx context.Context, since int64) ([]store.Revocation, error) {
	var members []redis.Z
	err := s.patiently(ctx, func(ctx context.Context) (err error) {
		members, err = s.client.ZRangeByScoreWithScores(ctx, s.keys.revoked(),
			&redis.ZRangeBy{Min: strconv.FormatInt(since, 10), Max: "+inf"}).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]store.Revocation, 0, len(members))
	for _, m := range members {
		member, _ := m.Member.(string)
		r, err := revocationOf(member, int64(m.Score))
		if err != nil {
			return nil, err
		}
		s.known.note(member, r.At)
		all = append(all, r)
	}
	return all, nil
}

func revocationOf(member string, at int64) (store.Revocation, error) {
	if len(member) > len(ofUser) {
		switch of, who := member[:len(ofUser)], member[len(ofUser):]; of {
		case ofUser:
			return store.Revocation{User: who, At: at}, nil
		case ofToken:
			return store.Revocation{Token: who, At: at}, nil
		}
	}
	return store.Revocation{}, fmt.Errorf("%.40q is no revocation of ours", member)
}

// ForgetRevocations implements store.Revoker.
func (s *Store) ForgetRevocations(ctx context.Context, before int64) error {
	err := s.patiently(ctx, func(ctx context.Context) error {
		return s.client.ZRemRangeByScore(ctx, s.keys.revoked(), "-inf", "("+strconv.FormatInt(before, 10)).Err()
	})
	if err == nil {
		s.known.forget(before)
	}
	return err
}

func (k *revocations) note(member string, at int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at == nil {
		k.at = map[string]int64{}
	}
	k.at[member] = max(k.at[member], at)
}

func (k *revocations) forget(before int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for member, at := range k.at {
		if at < before {
			delete(k.at, member)
		}
	}
}

// remind tells a Redis what this node knows, if it may have lost that. One that is full is
// told later: it can be read meanwhile.
func (k *revocations) remind(ctx context.Context, conn *redis.Conn, key string) error {
	if !k.owed.Swap(false) {
		return nil
	}
	pipe := conn.Pipeline()
	k.mu.Lock()
	for member, at := range k.at {
		pipe.ZAddArgs(ctx, key, newest(member, at))
	}
	k.mu.Unlock()
	_, err := pipe.Exec(ctx)
	if err == nil || errors.Is(err, redis.Nil) {
		return nil
	}
	k.owed.Store(true)
	if isFull(err) {
		return nil
	}
	return err
}
