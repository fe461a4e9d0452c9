package sqlite

import (
	"cmp"
	"reflect"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/store"
)

func TestRevocationsOutliveARestartAndABackup(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	for _, r := range []store.Revocation{{User: "u1", At: 20}, {User: "u1", At: 10}, {Token: "f00d", At: 30}, {User: "f00d", At: 5}} {
		if err := s.Revoke(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := func(s *Store, since int64, want ...store.Revocation) {
		t.Helper()
		got, err := s.Revocations(t.Context(), since)
		slices.SortFunc(got, func(a, b store.Revocation) int { return cmp.Compare(a.At, b.At) })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("since %d: %+v, %v, want %+v", since, got, err, want)
		}
	}
	want(s, 0, store.Revocation{User: "f00d", At: 5}, store.Revocation{User: "u1", At: 20}, store.Revocation{Token: "f00d", At: 30})
	want(s, 20, store.Revocation{User: "u1", At: 20}, store.Revocation{Token: "f00d", At: 30})
	if err := s.ForgetRevocations(t.Context(), 20); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	kept := []store.Revocation{{User: "u1", At: 20}, {Token: "f00d", At: 30}}
	want(open(t, folder), 0, kept...)
	restored := t.TempDir()
	mustRestore(t, mustBackup(t, folder), restored)
	want(open(t, restored), 0, kept...)
}
