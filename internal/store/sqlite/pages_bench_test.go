package sqlite

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// fill gives a room so many messages of 64 users, each with a key.
func fill(b *testing.B, s *Store, room string, messages int) {
	b.Helper()
	drafts := make([]store.Draft, 1000)
	for n := 0; n < messages; n += len(drafts) {
		for i := range drafts {
			drafts[i] = message(room, benchUsers[i%len(benchUsers)], benchText)
			drafts[i].Key = newKey()
		}
		if _, err := s.Append(b.Context(), drafts); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPages reads pages of 50 from anywhere in a room of 1,000 messages and in
// one of 1,000,000, in turn, beside a plain fsync of one page.
func BenchmarkPages(b *testing.B) {
	folder := b.TempDir()
	s, err := Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	sizes := map[string]int{"small": 1000, "large": 1_000_000}
	for room, size := range sizes {
		fill(b, s, room, size)
	}
	plain, err := os.Create(filepath.Join(folder, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	took := map[string][]time.Duration{}
	for b.Loop() {
		for room, size := range sizes {
			cursor := protocol.Seq(rand.IntN(size - 50))
			took[room] = append(took[room], timed(func() {
				if page, err := s.Read(b.Context(), room, cursor, 50); err != nil || len(page) != 50 {
					b.Fatal(len(page), err)
				}
			}))
		}
		took["fsync"] = append(took["fsync"], timed(func() {
			if _, err := plain.WriteAt(make([]byte, 4096), 0); err != nil {
				b.Fatal(err)
			}
			if err := plain.Sync(); err != nil {
				b.Fatal(err)
			}
		}))
	}
	report(b, took)
	b.ReportMetric(float64(quantile(took["large"], 99))/float64(quantile(took["small"], 99)), "large/small-p99")
}

// BenchmarkUnread counts what somebody who was never there has to read.
func BenchmarkUnread(b *testing.B) {
	s, err := Open(b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for _, size := range []int{1000, 1_000_000} {
		room := fmt.Sprint(size)
		fill(b, s, room, size)
		b.Run(room, func(b *testing.B) {
			for b.Loop() {
				got, err := s.Unread(b.Context(), grace, []string{room})
				if err != nil || got[0].Messages != size {
					b.Fatal(got, err)
				}
			}
		})
	}
}

// quantile sorts, and gives the one that so many in a hundred are below.
func quantile(took []time.Duration, percent int) time.Duration {
	slices.Sort(took)
	return took[len(took)*percent/100]
}

// report tells of each kind what half of them and all but one in a hundred took.
func report(b *testing.B, took map[string][]time.Duration) {
	for name, all := range took {
		b.ReportMetric(float64(quantile(all, 50).Nanoseconds())/1000, name+"-p50-µs")
		b.ReportMetric(float64(quantile(all, 99).Nanoseconds())/1000, name+"-p99-µs")
	}
	b.ReportMetric(0, "ns/op")
}
