package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// bare is the driver and the rows, and nothing around them.
type bare struct {
	db            *sqlite3.Conn
	insert, moved *sqlite3.Stmt
	keyed         bool
	head          int64
}

func openBare(b *testing.B, keyed bool) *bare {
	b.Helper()
	s, err := Open(b.TempDir(), slog.New(slog.DiscardHandler)) // for the same file, as it is set up
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	db := s.writer.Conn
	if err := db.Exec("insert into room (id, name, epoch) values (1, 'lobby', '')"); err != nil {
		b.Fatal(err)
	}
	prepare := func(sql string) *sqlite3.Stmt {
		stmt, _, err := db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { stmt.Close() })
		return stmt
	}
	w := &bare{db: db, keyed: keyed, moved: prepare("update room set head = ?, time = ? where id = 1")}
	if keyed {
		w.insert = prepare("insert into event (room, seq, time, user, name, text, key, body) values (1, ?, ?, ?, 'ada', ?, ?, ?)")
	} else {
		w.insert = prepare("insert into event (room, seq, time, user, name, text) values (1, ?, ?, ?, 'ada', ?)")
	}
	return w
}

// commit is one transaction of n rows.
func (w *bare) commit(b *testing.B, n int) {
	ok := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	tx, err := w.db.BeginImmediate()
	ok(err)
	now := time.Now().UnixMilli()
	var body [16]byte
	for i := range n {
		w.head++
		ok(w.insert.BindInt64(1, w.head))
		ok(w.insert.BindInt64(2, now))
		ok(w.insert.BindText(3, benchUsers[i%len(benchUsers)].ID))
		ok(w.insert.BindText(4, benchText))
		if w.keyed {
			ok(w.insert.BindText(5, newKey()))
			ok(w.insert.BindBlob(6, body[:]))
		}
		ok(w.insert.Exec())
	}
	ok(w.moved.BindInt64(1, w.head))
	ok(w.moved.BindInt64(2, now))
	ok(w.moved.Exec())
	ok(tx.Commit())
}

var (
	benchText  = strings.Repeat("what people say ", 6)
	benchUsers = makeUsers(64)
)

func makeUsers(n int) (users []protocol.User) {
	for range n {
		users = append(users, protocol.User{ID: store.NewID(), Name: "ada"})
	}
	return users
}

// newKey is one as clients make them: a UUIDv7, which begins with the time.
func newKey() string {
	random := store.NewID()
	ms := fmt.Sprintf("%012x", time.Now().UnixMilli())
	return ms[:8] + "-" + ms[8:] + "-7" + random[:3] + "-9" + random[3:6] + "-" + random[6:18]
}

// proposer sends its next message once the last one is acknowledged.
type proposer chan error

func (p proposer) Appended(_ *roomlog.Proposal, r *store.Result, err error) {
	if err == nil && !r.New {
		err = fmt.Errorf("not new: %+v", r)
	}
	p <- err
}

// send has so many proposers send n messages in all.
func send(b *testing.B, w *roomlog.Writer, l *roomlog.Log, keyed bool, proposers, n int) {
	var wait sync.WaitGroup
	for i := range proposers {
		wait.Go(func() {
			p := make(proposer, 1)
			d := message("lobby", benchUsers[i%len(benchUsers)], benchText)
			for range n / proposers {
				if keyed {
					d.Key = newKey()
				}
				w.Propose(roomlog.Proposal{Log: l, By: p, Draft: d})
				if err := <-p; err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

// BenchmarkAcknowledgedSends compares, round by round, what the Writer acknowledges
// with the driver's own commits of 64 such rows, and of one.
func BenchmarkAcknowledgedSends(b *testing.B) {
	for _, proposers := range []int{64, 256, 1024} {
		for _, keyed := range []bool{false, true} {
			b.Run(fmt.Sprintf("proposers=%d/keyed=%t", proposers, keyed), func(b *testing.B) { benchmarkSends(b, proposers, keyed) })
		}
	}
}

func benchmarkSends(b *testing.B, proposers int, keyed bool) {
	s, err := Open(b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batches := 0
	w := roomlog.NewWriter(s, func(int) { batches++ }, func(err error) { b.Error(err) })
	l := roomlog.New("lobby", &roomlog.Budget{MemoryBytes: 1 << 20, Total: 1 << 20}, func() {})
	grouped, single := openBare(b, keyed), openBare(b, keyed)
	const n, singles = 16 << 10, 512
	var ours, theirs, each time.Duration
	rounds := 0
	for b.Loop() {
		rounds++
		ours += timed(func() { send(b, w, l, keyed, proposers, n) })
		theirs += timed(func() {
			for range n / 64 {
				grouped.commit(b, 64)
			}
		})
		each += timed(func() {
			for range singles {
				single.commit(b, 1)
			}
		})
	}
	w.Close()
	perSecond := func(n int, took time.Duration) float64 { return float64(rounds*n) / took.Seconds() }
	b.ReportMetric(perSecond(n, ours), "sends/s")
	b.ReportMetric(perSecond(n, ours)/perSecond(n, theirs), "of-driver-by-64")
	b.ReportMetric(perSecond(n, ours)/perSecond(singles, each), "of-driver-by-1")
	b.ReportMetric(float64(rounds*n)/float64(batches), "sends/commit")
	b.ReportMetric(0, "ns/op")
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

// BenchmarkAppend times a commit of 64 messages beside a plain fsync of as many
// bytes as it brings to the disk.
func BenchmarkAppend(b *testing.B) {
	folder := b.TempDir()
	s, err := Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	drafts := slices.Repeat([]store.Draft{message("lobby", ada, benchText)}, 64)
	appendAll := func() {
		if _, err := s.Append(context.Background(), drafts); err != nil {
			b.Fatal(err)
		}
	}
	walSize := func() int64 {
		info, err := os.Stat(filepath.Join(folder, File+"-wal"))
		if err != nil {
			b.Fatal(err)
		}
		return info.Size()
	}
	const first = 16 // too few for a checkpoint, after which the file no longer grows
	before := walSize()
	for range first {
		appendAll()
	}
	bytes := make([]byte, (walSize()-before)/first)
	plain, err := os.Create(filepath.Join(folder, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	took := map[string][]time.Duration{}
	for i := 0; b.Loop(); i++ {
		took["append"] = append(took["append"], timed(appendAll))
		took["fsync"] = append(took["fsync"], timed(func() {
			_, err := plain.WriteAt(bytes, int64(i%64*len(bytes)))
			if err == nil {
				err = plain.Sync()
			}
			if err != nil {
				b.Fatal(err)
			}
		}))
	}
	report(b, took)
	b.ReportMetric(float64(len(bytes)), "bytes/commit")
}
