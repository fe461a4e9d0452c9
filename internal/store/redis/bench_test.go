//go:build e2e

package redis

import (
	"fmt"
	"testing"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

// BenchmarkAppend is a batch of messages with keys in one room.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := open(b, testserver.StartRedis(b).URL())
			for b.Loop() {
				drafts := many("lobby", n, "what people say what people say what people say")
				for i := range drafts {
					drafts[i].Key = store.NewID()
				}
				do(b, s, drafts...)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/message")
		})
	}
}

// BenchmarkLook is what is asked of a room that is full.
func BenchmarkLook(b *testing.B) {
	s := open(b, testserver.StartRedis(b).URL())
	for range 20 {
		do(b, s, many("lobby", 500, "what people say what people say what people say")...)
	}
	b.Run("a page of 50", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Read(ctx, "lobby", 5000, 50); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("10000 unread", func(b *testing.B) {
		for b.Loop() {
			if u, err := s.Unread(ctx, protocol.User{ID: "u2", Name: "grace"}, []string{"lobby"}); err != nil || u[0].Messages != 10_000 {
				b.Fatal(u, err)
			}
		}
	})
	b.Run("a search that finds nothing", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Search(ctx, store.Query{Text: "nothing", Limit: 20}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
