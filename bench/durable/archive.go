package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

// The rooms of an archive.
const (
	largeRoom  = "large"
	smallRoom  = "small"
	smallCount = 1000
)

// Fill makes an archive: a room of so many messages, and a small one. People say few
// words often and many words seldom.
func Fill(folder string, messages int) (err error) {
	s, err := sqlite.Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	says := newVocabulary()
	for room, count := range map[string]int{largeRoom: messages, smallRoom: smallCount} {
		for n := 0; n < count; n += 1000 {
			drafts := make([]store.Draft, min(1000, count-n))
			for i := range drafts {
				drafts[i] = store.Draft{
					Room: room, Kind: protocol.KindMessage, Text: says.text(), Key: keyOf(i%64, n+i),
					User: protocol.User{ID: fmt.Sprintf("guest.%026d", i%64), Name: "ada"},
				}
			}
			if _, err := s.Append(context.Background(), drafts); err != nil {
				return err
			}
		}
	}
	return nil
}

// vocabulary is the words that people use, by how often they do.
type vocabulary struct {
	random *rand.Rand
	zipf   *rand.Zipf
}

const words = 50_000

func newVocabulary() *vocabulary {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same for everybody
	return &vocabulary{random, rand.NewZipf(random, 1.1, 8, words-1)}
}

// word is the nth most frequent one.
func word(n uint64) string {
	const syllables = "babebibobudadedidodufafefifofukakekikokulalelilolumamemimomunanenininu"
	w := ""
	for n++; n > 0; n /= 35 {
		w += syllables[n%35*2:][:2]
	}
	return w
}

func (v *vocabulary) text() string {
	said := make([]string, 3+v.random.IntN(20))
	for i := range said {
		said[i] = word(v.zipf.Uint64())
	}
	return strings.Join(said, " ")
}

// Pages reads pages of 50 from anywhere in the small room and in the large one, in
// turns.
func Pages(addr string, messages, pages int) (small, large Delays, err error) {
	l, err := dial(addr)
	if err != nil {
		return nil, nil, err
	}
	defer l.conn.Close()
	anywhere := newVocabulary().random
	page := func(room string, count int) (time.Duration, error) {
		return l.timed(fmt.Sprintf(`{"type":"history","id":"h","room":%q,"before":%d,"limit":50}`, room, 52+anywhere.IntN(count-50)))
	}
	for n := -pages / 10; n < pages; n++ { // some to warm up
		s, err := page(smallRoom, smallCount)
		if err != nil {
			return nil, nil, err
		}
		b, err := page(largeRoom, messages)
		if err != nil {
			return nil, nil, err
		}
		if n >= 0 {
			small, large = append(small, s), append(large, b)
		}
	}
	return small, large, nil
}

func (l *line) timed(command string) (time.Duration, error) {
	began := time.Now()
	_, err := l.ask(command)
	return time.Since(began), err
}

// searches are queries, by what makes them dear.
func (v *vocabulary) searches() map[string]func() string {
	frequent, rare := func() string { return word(v.random.Uint64N(100)) }, func() string { return word(1000 + v.random.Uint64N(words-1000)) }
	return map[string]func() string{
		"a frequent word":                  frequent,
		"a rare word":                      rare,
		"two frequent words":               func() string { return frequent() + " " + frequent() },
		"a frequent and a rare word":       func() string { return frequent() + " " + rare() },
		"the beginning of a word":          func() string { return rare()[:3] },
		"a word that nobody has ever said": func() string { return "xyz" + rare() },
	}
}

// Searches waits until all of the archive can be found, which it says how long took,
// and then searches so many times in each way.
func Searches(addr string, times int) (indexed time.Duration, took map[string]Delays, err error) {
	l, err := dial(addr)
	if err != nil {
		return 0, nil, err
	}
	defer l.conn.Close()
	began := time.Now()
	last, err := l.ask(`{"type":"history","id":"h","room":"large","limit":1}`)
	if err != nil {
		return 0, nil, err
	}
	for upTo := 0; upTo < numberAfter(last, `"ts":`); {
		time.Sleep(10 * time.Millisecond)
		found, err := l.ask(`{"type":"search","id":"s","text":"xyz","limit":1}`)
		if err != nil {
			return 0, nil, err
		}
		upTo = numberAfter(found, `"indexed":`)
	}
	indexed = time.Since(began)
	took = map[string]Delays{}
	queries := newVocabulary().searches()
	for range times {
		for kind, query := range queries {
			d, err := l.timed(fmt.Sprintf(`{"type":"search","id":"s","text":%q,"limit":50}`, query()))
			if err != nil {
				return 0, nil, err
			}
			took[kind] = append(took[kind], d)
		}
	}
	return indexed, took, nil
}
