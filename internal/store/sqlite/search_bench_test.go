package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
)

// babble says things: few words often and many words seldom, as people do, now and
// then in Chinese.
type babble struct {
	random *rand.Rand
	zipf   *rand.Zipf
}

func newBabble() *babble {
	random := rand.New(rand.NewPCG(1, 2))
	return &babble{random, rand.NewZipf(random, 1.1, 8, 50_000)}
}

// word is the nth most frequent word.
func word(n uint64) string {
	const syllables = "babebibobudadedidodufafefifofukakekikokulalelilolumamemimomunanenininu"
	w := ""
	for n += 1; n > 0; n /= 35 {
		i := n % 35 * 2
		w += syllables[i : i+2]
	}
	return w
}

func (b *babble) text() string {
	var words []string
	if b.random.IntN(20) == 0 {
		var s strings.Builder
		for range 5 + b.random.IntN(30) {
			s.WriteRune(rune(0x4E00 + b.zipf.Uint64()%3000))
		}
		return s.String()
	}
	for range 3 + b.random.IntN(20) {
		words = append(words, word(b.zipf.Uint64()))
	}
	return strings.Join(words, " ")
}

// filled is a store with so many messages in 100 rooms, half of them in one.
func filled(b *testing.B, messages int) *Store {
	b.Helper()
	s, err := Open(b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	says := newBabble()
	for range messages / 1000 {
		drafts := make([]store.Draft, 1000)
		for i := range drafts {
			room := "lobby"
			if i%2 == 0 {
				room = fmt.Sprint("room ", says.random.IntN(99))
			}
			drafts[i] = message(room, benchUsers[i%len(benchUsers)], says.text())
		}
		if _, err := s.Append(context.Background(), drafts); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkSearch searches in a million messages.
func BenchmarkSearch(b *testing.B) {
	const messages = 1_000_000
	s := filled(b, messages)
	began := time.Now()
	indexed(b, s)
	info, err := os.Stat(s.index.path)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("the index was ready %v after the last message, and has %d bytes a message", time.Since(began), info.Size()/messages)
	anyOf := func(from, to uint64) func(*babble) string {
		return func(says *babble) string { return word(from+says.random.Uint64N(to-from)) + " " }
	}
	for _, c := range []struct {
		name  string
		text  func(*babble) string
		rooms []string
	}{
		{"common word", anyOf(0, 10), nil},
		{"rare word", anyOf(20_000, 50_000), nil},
		{"two common words", func(says *babble) string { return anyOf(0, 10)(says) + anyOf(10, 50)(says) }, nil},
		{"common and rare", func(says *babble) string { return anyOf(0, 10)(says) + anyOf(5000, 50_000)(says) }, nil},
		{"prefix of 2", func(says *babble) string { return anyOf(0, 1000)(says)[:2] }, nil},
		{"prefix of 3", func(says *babble) string { return anyOf(1000, 50_000)(says)[:3] }, nil},
		{"prefix of 5", func(says *babble) string { return anyOf(2000, 50_000)(says)[:5] }, nil},
		{"1 ideograph", func(says *babble) string { return string(rune(0x4E00 + says.random.IntN(3000))) }, nil},
		{"2 ideographs", func(says *babble) string {
			return string([]rune{rune(0x4E00 + says.random.IntN(20)), rune(0x4E00 + says.random.IntN(20))})
		}, nil},
		{"phrase", func(says *babble) string { return `"` + anyOf(0, 10)(says) + anyOf(0, 10)(says) + `"` }, nil},
		{"nothing", func(*babble) string { return "nowhere " }, nil},
		{"common word in a big room", anyOf(0, 10), []string{"lobby"}},
		{"rare word in a big room", anyOf(20_000, 50_000), []string{"lobby"}},
		{"common word in a small room", anyOf(0, 10), []string{"room 7"}},
		{"rare word in a small room", anyOf(20_000, 50_000), []string{"room 7"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			says := newBabble()
			var took []time.Duration
			found := 0
			for b.Loop() {
				q := store.Query{Text: c.text(says), Rooms: c.rooms, Limit: 50}
				took = append(took, timed(func() {
					f, err := s.Search(context.Background(), q)
					if err != nil {
						b.Fatal(err)
					}
					found += len(f.Events)
				}))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(found)/float64(len(took)), "found")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSendsBesideIndexing compares, round by round, commits of 64 messages with
// an index that follows and without one.
func BenchmarkSendsBesideIndexing(b *testing.B) {
	with, without := filled(b, 0), filled(b, 0)
	without.index.stop()
	<-without.index.done
	says := newBabble()
	var took [2]time.Duration
	var commits [2][]time.Duration
	sent := 0
	for b.Loop() {
		drafts := make([]store.Draft, 64)
		for i, s := range []*Store{without, with} {
			indexed(b, with) // or it would go on beside the other
			for range 500 {
				for i := range drafts {
					drafts[i] = message("lobby", benchUsers[i], says.text())
				}
				d := timed(func() {
					if _, err := s.Append(context.Background(), drafts); err != nil {
						b.Fatal(err)
					}
				})
				took[i] += d
				commits[i] = append(commits[i], d)
			}
		}
		sent += 500 * len(drafts)
	}
	for i, name := range []string{"without", "with"} {
		slices.Sort(commits[i])
		b.ReportMetric(float64(commits[i][len(commits[i])*99/100].Microseconds()), "p99-µs-"+name)
		b.ReportMetric(float64(sent)/took[i].Seconds(), "sends/s-"+name)
	}
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "of-without")
	b.ReportMetric(0, "ns/op")
}
