package storetest

import (
	"cmp"
	"slices"

	"github.com/parley-chat/parley/internal/store"
)

// revocations are promised by a store.Revoker.
var revocations = map[string]func(*subject){
	"what is revoked stays revoked":              revoked,
	"the newest revocation counts":               revokedAgain,
	"new revocations can be asked for alone":     revokedSince,
	"a user and a token of one name are two":     revokedBoth,
	"old revocations are forgotten, others stay": revocationsForgotten,
}

func (s *subject) revoke(all ...store.Revocation) {
	s.Helper()
	for _, r := range all {
		if err := s.Store.(store.Revoker).Revoke(ctx, r); err != nil {
			s.Fatalf("revoke %+v: %v", r, err)
		}
	}
}

func (s *subject) wantRevoked(all ...store.Revocation) {
	s.Helper()
	s.wantRevokedSince(0, all...)
}

func (s *subject) wantRevokedSince(since int64, all ...store.Revocation) {
	s.Helper()
	got, err := s.Store.(store.Revoker).Revocations(ctx, since)
	if err != nil {
		s.Fatal(err)
	}
	byName := func(a, b store.Revocation) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Token, b.Token), cmp.Compare(a.At, b.At))
	}
	want(s, "revocations", slices.SortedFunc(slices.Values(got), byName), slices.SortedFunc(slices.Values(all), byName))
}

func revoked(s *subject) {
	s.everyLife(func() {
		all := []store.Revocation{{User: "u1", At: 1795539619452}, {User: "ü 2", At: 7}, {Token: "abc", At: 8}, {Token: "abd", At: 8}}
		s.revoke(all...)
		s.wantRevoked(all...)
		s.revoke(all...) // as who isn't sure that it was heard does
		s.wantRevoked(all...)
	})
}

func revokedAgain(s *subject) {
	s.wantRevoked()
	for _, at := range []int64{5, 9, 7} {
		s.revoke(store.Revocation{User: "u1", At: at}, store.Revocation{Token: "abc", At: at + 1})
	}
	s.everyLife(func() { s.wantRevoked(store.Revocation{User: "u1", At: 9}, store.Revocation{Token: "abc", At: 10}) })
}

func revokedSince(s *subject) {
	s.revoke(store.Revocation{User: "u1", At: 4}, store.Revocation{User: "u2", At: 5}, store.Revocation{Token: "a", At: 6}, store.Revocation{Token: "b", At: 3})
	s.everyLife(func() {
		s.wantRevokedSince(5, store.Revocation{User: "u2", At: 5}, store.Revocation{Token: "a", At: 6})
		s.wantRevokedSince(7)
	})
	s.revoke(store.Revocation{User: "u1", At: 8}) // the one from before is none of its own any more
	s.wantRevokedSince(7, store.Revocation{User: "u1", At: 8})
	s.wantRevokedSince(4, store.Revocation{User: "u1", At: 8}, store.Revocation{User: "u2", At: 5}, store.Revocation{Token: "a", At: 6})
}

func revokedBoth(s *subject) {
	both := []store.Revocation{{User: "x", At: 5}, {Token: "x", At: 6}}
	s.revoke(both...)
	s.everyLife(func() { s.wantRevoked(both...) })
}

func revocationsForgotten(s *subject) {
	s.revoke(store.Revocation{User: "u1", At: 4}, store.Revocation{User: "u2", At: 5}, store.Revocation{Token: "a", At: 4}, store.Revocation{Token: "b", At: 6})
	if err := s.Store.(store.Revoker).ForgetRevocations(ctx, 5); err != nil {
		s.Fatal(err)
	}
	left := []store.Revocation{{User: "u2", At: 5}, {Token: "b", At: 6}}
	s.everyLife(func() { s.wantRevoked(left...) })
	s.revoke(store.Revocation{User: "u1", At: 8})
	s.wantRevoked(append(left, store.Revocation{User: "u1", At: 8})...)
}
