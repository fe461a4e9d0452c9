package store

import "context"

// Revocation ends what was issued to a user, or one token. One of the two is empty.
type Revocation struct {
	User  string // what was issued to this user until At holds no more
	Token string // nor does the token with this fingerprint
	At    int64  // milliseconds since 1970
}

// Revoker is a store that keeps revocations. Every store of ours does.
type Revoker interface {
	// Revoke keeps a revocation. Of one user's, and of one token's, the newest counts.
	Revoke(ctx context.Context, r Revocation) error

	// Revocations gives those whose At is since or later, in no order; from 0 on all
	// that are kept. Nodes ask it every second for those of the last minute.
	Revocations(ctx context.Context, since int64) ([]Revocation, error)

	// ForgetRevocations forgets those whose At is earlier than before.
	ForgetRevocations(ctx context.Context, before int64) error
}
