package memory

import (
	"context"

	"github.com/parley-chat/parley/internal/store"
)

// revoked is what a revocation is about: one of the two is empty.
type revoked struct{ user, token string }

// Revoke implements store.Revoker. It counts for no budget: to forget one would let
// somebody in.
func (s *Store) Revoke(_ context.Context, r store.Revocation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revoked == nil {
		s.revoked = map[revoked]int64{}
	}
	of := revoked{r.User, r.Token}
	s.revoked[of] = max(s.revoked[of], r.At)
	return nil
}

// Revocations implements store.Revoker.
func (s *Store) Revocations(_ context.Context, since int64) ([]store.Revocation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []store.Revocation
	for of, at := range s.revoked {
		if at >= since {
			all = append(all, store.Revocation{User: of.user, Token: of.token, At: at})
		}
	}
	return all, nil
}

// ForgetRevocations implements store.Revoker.
func (s *Store) ForgetRevocations(_ context.Context, before int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for of, at := range s.revoked {
		if at < before {
			delete(s.revoked, of)
		}
	}
	return nil
}

var _ store.Revoker = (*Store)(nil)
