//go:build e2e

package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/sqlite"
)

const benchText = "what people say what people say what people say what people say"

// BenchmarkAppend is a batch of 64 messages to one room, and to sixteen, on this store
// and on SQLite.
func BenchmarkAppend(b *testing.B) {
	for _, rooms := range []int{1, 16} {
		for _, keyed := range []bool{false, true} {
			b.Run(fmt.Sprintf("rooms=%d/keyed=%t/postgres", rooms, keyed), func(b *testing.B) {
				benchmarkAppend(b, open(b, newDatabase(b)), rooms, keyed)
			})
			b.Run(fmt.Sprintf("rooms=%d/keyed=%t/postgres without search", rooms, keyed), func(b *testing.B) {
				url := newDatabase(b)
				s := open(b, url)
				conn, err := pgx.Connect(ctx, url)
				if err != nil {
					b.Fatal(err)
				}
				defer conn.Close(ctx)
				if _, err := conn.Exec(ctx, "select pg_advisory_lock($1::bigint)", int64(lockIndex)); err != nil { // as another node at it
					b.Fatal(err)
				}
				benchmarkAppend(b, s, rooms, keyed)
			})
			b.Run(fmt.Sprintf("rooms=%d/keyed=%t/sqlite", rooms, keyed), func(b *testing.B) {
				s, err := sqlite.Open(b.TempDir(), quiet)
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				benchmarkAppend(b, s, rooms, keyed)
			})
		}
	}
}

func benchmarkAppend(b *testing.B, s store.Store, rooms int, keyed bool) {
	drafts := make([]store.Draft, 64)
	n := 0
	for b.Loop() {
		for i := range drafts {
			n++
			drafts[i] = says(fmt.Sprint("room ", i%rooms), benchText, "")
			if keyed {
				drafts[i].Key = fmt.Sprintf("%016d", n)
			}
		}
		if _, err := s.Append(ctx, drafts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(drafts))/b.Elapsed().Seconds(), "messages/s")
}
