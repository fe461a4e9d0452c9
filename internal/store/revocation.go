package store

import "context"

// Revocation ends what was issued to a user, or one token. One of the two is empty.
type Revocation struct {
	User  string // what was issued to this user before At holds no more
	Token string // nor does the token with this fingerprint
	At    int64  // milliseconds since 1970
}

// Revoker is a store that keeps revocations. Every store of ours does.
type Revoker interface {
	// Revoke keeps a revocation. Of one user's the newest counts.
	Revoke(ctx context.Context, r Revocation) error

	// Revocations gives those that are kept, in no order. One may be forgotten once
	// nothing that it ends could hold any more.
	Revocations(ctx context.Context) ([]Revocation, error)

	// ForgetRevocations forgets those from before that time.
	ForgetRevocations(ctx context.Context, before int64) error
}
