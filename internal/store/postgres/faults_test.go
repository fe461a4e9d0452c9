//go:build e2e

package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

func says(room, text, key string) store.Draft {
	return store.Draft{Room: room, Kind: protocol.KindMessage, User: ada, Text: text, Key: key}
}

// load is what nodes append, and what they were told of it.
type load struct {
	mu     sync.Mutex
	said   map[string]protocol.Event // by text, as it was acknowledged
	failed map[string]bool           // texts without a key whose append failed
}

var loadRooms = []string{"lobby", "attic", "cellar"}

// run has each store append until done is closed: a batch of messages with keys, which
// is sent again until it is acknowledged, as clients do, and without.
func (l *load) run(t *testing.T, done <-chan struct{}, stores ...*Store) {
	t.Helper()
	l.said, l.failed = map[string]protocol.Event{}, map[string]bool{}
	var nodes sync.WaitGroup
	for n, s := range stores {
		nodes.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
					l.batch(t, s, fmt.Sprintf("%d.%d", n, i))
				}
			}
		})
	}
	nodes.Wait()
}

func (l *load) batch(t *testing.T, s *Store, name string) {
	var keyed, plain []store.Draft
	for i := range 1 + rand.N(6) {
		text := fmt.Sprint(name, ".", i)
		keyed = append(keyed, says(loadRooms[rand.N(3)], text+".k", text))
		plain = append(plain, says(loadRooms[rand.N(3)], text, ""))
	}
	for !l.append(t, s, keyed) {
	}
	if !l.append(t, s, plain) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, d := range plain {
			l.failed[d.Text] = true
		}
	}
}

func (l *load) append(t *testing.T, s *Store, drafts []store.Draft) bool {
	results, err := s.Append(ctx, drafts)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range results {
		if r.Err != nil {
			t.Errorf("%+v: %v", drafts[i], r.Err)
		}
		l.said[drafts[i].Text] = r.Event
	}
	return true
}

// check compares what is there with what was acknowledged.
func (l *load) check(t *testing.T, s *Store) {
	t.Helper()
	seen := map[string]protocol.Event{}
	for _, room := range loadRooms {
		for i, e := range readAll(t, s, room) {
			if _, twice := seen[e.Text]; twice || e.Seq != protocol.Seq(i+1) {
				t.Fatalf("number %d of %s is %+v; twice: %t", i+1, room, e, twice)
			}
			seen[e.Text] = e
		}
	}
	for text, e := range l.said {
		if is := seen[text]; is.Seq != e.Seq || is.Room != e.Room || is.TS != e.TS {
			t.Errorf("%q was acknowledged as %+v and is %+v", text, e, is)
		}
	}
	stray := 0
	for text := range seen {
		if _, ok := l.said[text]; !ok {
			stray++
			if !l.failed[text] {
				t.Errorf("%q is there, and nobody said it", text)
			}
		}
	}
	t.Logf("%d acknowledged, %d failed, of which %d are there", len(l.said), len(l.failed), stray)
	if len(l.said) < 50 {
		t.Error("that is too few to tell anything")
	}
}

func readAll(t *testing.T, s *Store, room string) (all []protocol.Event) {
	t.Helper()
	for {
		page, err := s.Read(ctx, room, protocol.Seq(len(all)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// through is a database's URL by way of a link, or of a pooler.
func through(url, addr string) string {
	return strings.Replace(url, server.Addr, addr, 1)
}

func TestACommitWhoseAnswerIsLostIsDoneOnce(t *testing.T) {
	url := newDatabase(t)
	var stores []*Store
	done := make(chan struct{})
	for range 2 {
		link := testserver.NewLink(t, server.Addr)
		stores = append(stores, open(t, through(url, link.Addr)))
		link.Slow(0, 25) // one piece in forty is a connection's last
	}
	go func() {
		defer close(done)
		for until := time.Now().Add(time.Minute); time.Now().Before(until) && stores[0].asked.Load()+stores[1].asked.Load() < 40; {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	var l load
	l.run(t, done, stores...)
	l.check(t, open(t, url))
	t.Logf("%d commits had no answer", stores[0].asked.Load()+stores[1].asked.Load())
	if stores[0].asked.Load()+stores[1].asked.Load() < 40 {
		t.Error("that is too few to tell anything")
	}
}

func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	for _, c := range []struct {
		commits string
		same    bool // the logs go on in their life
	}{{"on", true}, {"off", false}} {
		t.Run("synchronous_commit "+c.commits, func(t *testing.T) {
			own := testserver.StartPostgres(t, "synchronous_commit="+c.commits)
			url := own.NewDatabase(t)
			a, b := open(t, url), open(t, url)
			life := a.Life()
			if got := a.Warnings(); (len(got) == 0) != c.same {
				t.Errorf("warnings: %q", got)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range 2 {
					time.Sleep(300 * time.Millisecond)
					own.Kill()
					own.Start()
				}
				time.Sleep(300 * time.Millisecond)
			}()
			var l load
			l.run(t, done, a, b)
			if c.same {
				l.check(t, open(t, url))
			}
			if _, err := b.Heads(ctx, loadRooms); err != nil || (b.Life() == life) != c.same {
				t.Errorf("the life was %s and is %s; %v", life, b.Life(), err)
			}
		})
	}
}

// A standby that lacks commits takes over: what it has goes on in another life, and in no
// life is one seq given to two events.
func TestAStandbyThatLagsBehindBeginsAnotherLife(t *testing.T) {
	primary := testserver.StartPostgres(t)
	url := primary.NewDatabase(t)
	link := testserver.NewLink(t, primary.Addr)
	nodeURL := strings.Replace(url, primary.Addr, link.Addr, 1)
	a, b := open(t, nodeURL), open(t, nodeURL)
	var mu sync.Mutex
	heard := map[*Store][]string{}
	for _, s := range []*Store{a, b} {
		s.Watch(func(life string) {
			mu.Lock()
			defer mu.Unlock()
			heard[s] = append(heard[s], life)
		})
	}
	place := map[string]string{} // text by life, room and seq
	note := func(s *Store, text string) {
		for {
			life := s.Life()
			r, err := s.Append(ctx, []store.Draft{says("lobby", text, text)})
			if s.Life() != life || err != nil {
				continue // as it says, that may be of another life
			}
			at := fmt.Sprint(life, " ", r[0].Event.Seq)
			if was, ok := place[at]; ok && was != text {
				t.Fatalf("%s is %q and %q", at, was, text)
			}
			place[at] = text
			return
		}
	}
	note(a, "1")
	note(b, "2")
	standby, replication := primary.StartStandby(t)
	note(a, "3")
	follows(t, standby.URL("postgres"), url)
	replication.Close()
	note(b, "4")
	note(a, "5")
	was, epoch := a.Life(), roomOf(t, a).Epoch
	standby.Promote()
	link.Lead(standby.Addr)
	link.Drop()

	heads, err := b.Heads(ctx, []string{"lobby"})
	if err != nil || heads[0] != 3 || b.Life() == was || len(heard[b]) != 1 {
		t.Fatalf("heads %v, %v; the life is %s and was %s; heard %v", heads, err, b.Life(), was, heard[b])
	}
	note(b, "6")
	note(a, "7")
	if r := roomOf(t, a); r.Epoch == epoch || r.Head != 5 || a.Life() != b.Life() || len(heard[a]) != 1 {
		t.Fatalf("the room is %+v; lives %s, %s; heard %v", r, a.Life(), b.Life(), heard[a])
	}
	// The old primary is still there: a node that comes to it is in the old life again.
	link.Lead(primary.Addr)
	link.Drop()
	note(a, "8")
	if a.Life() != was || roomOf(t, a).Head != 6 {
		t.Fatalf("the life is %s; %+v", a.Life(), roomOf(t, a))
	}
}

func roomOf(t *testing.T, s *Store) store.Room {
	t.Helper()
	r, err := s.Room(ctx, "lobby")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// follows waits until a standby has what its primary has.
func follows(t *testing.T, standby, primary string) {
	t.Helper()
	one := func(url, sql string, args ...any) (text string) {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if err := conn.QueryRow(ctx, sql, args...).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	at := one(primary, "select pg_current_wal_lsn()::text")
	for until := time.Now().Add(30 * time.Second); one(standby, "select (pg_last_wal_replay_lsn() >= $1::text::pg_lsn)::text", at) != "true"; {
		if time.Now().After(until) {
			t.Fatal("the standby doesn't follow")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestStoreWorksThroughAPoolerOfTransactions(t *testing.T) {
	bouncer := testserver.StartPgBouncer(t, server.Addr, 3)
	url := through(newDatabase(t), bouncer.Addr)
	done := make(chan struct{})
	stores := []*Store{open(t, url), open(t, url)}
	go func() {
		defer close(done)
		time.Sleep(time.Second)
	}()
	var readers sync.WaitGroup
	for _, s := range stores { // so that connections change hands
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				_, err := s.Rooms(ctx)
				_, err2 := s.Search(ctx, store.Query{Text: "1", Limit: 5})
				_, _, err3 := s.Beat(ctx, "a", time.Minute)
				if err := errors.Join(err, err2, err3); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var l load
	l.run(t, done, stores...)
	readers.Wait()
	l.check(t, open(t, url))
	if len(l.failed) > 0 {
		t.Errorf("%d failed", len(l.failed))
	}
}

func TestNodesMayStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	url := newDatabase(t)
	stores := make([]*Store, 6)
	var nodes sync.WaitGroup
	for i := range stores {
		nodes.Go(func() {
			var err error
			if stores[i], err = Open(ctx, url, quiet); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	for _, s := range stores {
		if s == nil {
			continue
		}
		if string(s.Secret()) != string(stores[0].Secret()) || len(s.Secret()) != 32 || s.Life() != stores[0].Life() || s.Life() == "" {
			t.Errorf("secret %x and life %s, elsewhere %x and %s", s.Secret(), s.Life(), stores[0].Secret(), stores[0].Life())
		}
		_ = s.Close()
	}
}

// A node that stops in the middle of its transaction, as by SIGSTOP, holds its rooms'
// locks; the server ends it.
func TestANodeThatStandsStillHoldsOthersUpForSecondsOnly(t *testing.T) {
	url := newDatabase(t)
	frozen, s := open(t, url), open(t, url)
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "1", "")}); err != nil {
		t.Fatal(err)
	}
	conn, err := frozen.pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	b := newBatch(frozen, []store.Draft{says("lobby", "2", "")})
	if err := b.look(ctx, conn.Conn()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r, err := s.Append(ctx, []store.Draft{says("lobby", "3", "")})
	if err != nil || r[0].Event.Seq != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	took := time.Since(began)
	t.Logf("it waited for %v", took)
	if took < time.Second || took > appendPatience {
		t.Errorf("it waited for %v", took)
	}
	if err := b.decide(); err != nil {
		t.Fatal(err)
	}
	if err := b.write(ctx, conn.Conn()); err == nil {
		t.Fatal("what woke up again wrote")
	}
}

func TestStoreWaitsForAFreeConnectionSlot(t *testing.T) {
	const slots = 8
	own := testserver.StartPostgres(t, fmt.Sprint("max_connections=", slots), "superuser_reserved_connections=0", "max_wal_senders=0")
	url := own.NewDatabase(t)
	s := open(t, url)
	var hogs []*pgx.Conn
	for deadline := time.Now().Add(30 * time.Second); len(hogs) < slots; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d slots could be had", len(hogs), slots)
		}
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			s.pool.Reset() // its connections go back to the server, in the server's time
			continue
		}
		defer conn.Close(ctx)
		hogs = append(hogs, conn)
	}
	go func() {
		time.Sleep(time.Second)
		for _, conn := range hogs {
			_ = conn.Close(ctx)
		}
	}()
	began := time.Now()
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "1", "")}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("it took %v: there was a slot", took)
	}
}

func TestAServerThatIsAwayIsAnErrorWithinABound(t *testing.T) {
	url := newDatabase(t)
	link := testserver.NewLink(t, server.Addr)
	s := open(t, through(url, link.Addr))
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "1", "")}); err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]func(){"turned away": link.Close, "no answer": link.Cut} {
		t.Run(name, func(t *testing.T) {
			fault()
			defer link.Mend()
			began := time.Now()
			_, err := s.Append(ctx, []store.Draft{says("lobby", "2", "")})
			if took := time.Since(began); err == nil || took > 20*time.Second {
				t.Errorf("%v after %v", err, took)
			}
			ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			began = time.Now()
			if _, err := s.Room(ctx, "lobby"); err == nil || time.Since(began) > 2*time.Second {
				t.Errorf("a read: %v after %v", err, time.Since(began))
			}
		})
	}
	if _, err := s.Append(ctx, []store.Draft{says("lobby", "3", "")}); err != nil {
		t.Fatal(err)
	}
}

func TestWhateverBreaksNothingIsLostOrDoubled(t *testing.T) {
	own := testserver.StartPostgres(t)
	url := own.NewDatabase(t)
	var stores []*Store
	var links []*testserver.Link
	for range 3 {
		link := testserver.NewLink(t, own.Addr)
		links = append(links, link)
		stores = append(stores, open(t, strings.Replace(url, own.Addr, link.Addr, 1)))
	}
	faults := map[string]func(*testserver.Link){
		"drop":  func(l *testserver.Link) { l.Drop() },
		"lossy": func(l *testserver.Link) { l.Slow(time.Millisecond, 10) },
		"cut":   func(l *testserver.Link) { l.Cut() },
		"kill": func(*testserver.Link) {
			own.Kill()
			own.Start()
		},
		"stop": func(*testserver.Link) {
			own.Signal(syscall.SIGSTOP)
			time.Sleep(time.Duration(rand.N(1500)) * time.Millisecond)
			own.Signal(syscall.SIGCONT)
		},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			for name, fault := range faults { // in whatever order
				link := links[rand.N(3)]
				fault(link)
				time.Sleep(time.Duration(rand.N(800)) * time.Millisecond)
				link.Mend()
				t.Log(name)
			}
		}
		time.Sleep(time.Second)
	}()
	var l load
	l.run(t, done, stores...)
	l.check(t, open(t, url))
	asked := int64(0)
	for _, s := range stores {
		asked += s.asked.Load()
	}
	t.Logf("%d commits had no answer", asked)
}

// A server that crashes may give the number of a transaction that it never wrote down to
// another one, which is committed: that says nothing of the first.
func TestWhatACrashUndidIsNotTakenForDone(t *testing.T) {
	own := testserver.StartPostgres(t)
	url := own.NewDatabase(t)
	a, b := open(t, url), open(t, url)
	if _, err := a.Append(ctx, []store.Draft{says("lobby", "1", "")}); err != nil {
		t.Fatal(err)
	}
	undone := newBatch(a, []store.Draft{says("lobby", "2", "")})
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := undone.look(ctx, conn.Conn()); err != nil {
		t.Fatal(err)
	}
	own.Kill()
	conn.Release()
	own.Start()
	for i := range 20 {
		if _, err := b.Append(ctx, []store.Draft{says("attic", fmt.Sprint(i), "")}); err != nil {
			t.Fatal(err)
		}
	}
	lost := errors.New("the connection is gone")
	if err := a.outcome(ctx, undone, lost); !errors.Is(err, lost) || errors.Is(err, errUnknown) {
		t.Fatalf("%v, want %v", err, lost)
	}
}
