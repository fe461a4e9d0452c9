//go:build e2e

package redis

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

var ada = protocol.User{ID: "u1", Name: "ada"}

func message(room, text string) store.Draft {
	return store.Draft{Room: room, Kind: protocol.KindMessage, User: ada, Text: text}
}

func do(t testing.TB, s *Store, drafts ...store.Draft) []store.Result {
	t.Helper()
	results, err := s.Append(ctx, drafts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range results {
		if results[i].Err != nil {
			t.Fatalf("%+v was refused: %v", drafts[i], results[i].Err)
		}
	}
	return results
}

func readAll(t testing.TB, s *Store, room string) []protocol.Event {
	t.Helper()
	at, err := s.Room(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Read(ctx, room, at.First-1, int(at.Head))
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != int(at.Head-at.First+1) {
		t.Fatalf("%s has %d events from %d to %d", room, len(events), at.First, at.Head)
	}
	return events
}

func TestNodesThatWriteToOneRoomAllGetOn(t *testing.T) {
	const nodes, batches = 4, 60
	url := testserver.StartRedis(t).URL()
	var writers sync.WaitGroup
	results := make([][]store.Result, nodes)
	for n := range nodes {
		s := open(t, url)
		writers.Go(func() {
			for i := range batches {
				r, err := s.Append(ctx, []store.Draft{message("lobby", fmt.Sprint(n, " ", i)), message("lobby", fmt.Sprint(n, " ", i, "!"))})
				if err != nil {
					t.Error(err)
					return
				}
				results[n] = append(results[n], r...)
			}
		})
	}
	writers.Wait()
	events := readAll(t, open(t, url), "lobby")
	if len(events) != nodes*batches*2 {
		t.Fatalf("%d events", len(events))
	}
	for n := range results {
		for _, r := range results[n] {
			if r.Err != nil || events[r.Event.Seq-1] != r.Event {
				t.Fatalf("%+v is %+v in the log", r, events[r.Event.Seq-1])
			}
		}
	}
}

// fault is what a line does with a batch that is written.
type fault int

const (
	lostAnswer fault = iota // Redis does it, and the line breaks
	lostBatch               // the line breaks before
	lateBatch               // the line breaks, and what was sent arrives after what was sent again
	faults
	heldAnswer // Redis does it, and the line stays until Redis ends, but no answer comes
)

// breaker is a line to a Redis that breaks where it hurts: when a batch is written.
type breaker struct {
	t      *testing.T
	addr   string
	target string
	plan   atomic.Int64 // the next fault, or -1
	skip   atomic.Int64 // how many batches go through before it
	broken [heldAnswer + 1]atomic.Int64
}

func newBreaker(t *testing.T, target string) *breaker {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	b := &breaker{t: t, addr: listener.Addr().String(), target: target}
	b.plan.Store(-1)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go b.carry(near)
		}
	}()
	return b
}

func (b *breaker) carry(near net.Conn) {
	far, err := net.Dial("tcp", b.target)
	if err != nil {
		_ = near.Close()
		return
	}
	var deaf, held atomic.Bool // answers no longer go through, and don't end the line
	go func() {
		defer near.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			if err != nil || deaf.Load() && !held.Load() {
				return
			}
			if deaf.Load() {
				continue
			}
			if _, err := near.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	defer far.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := near.Read(buf)
		if err != nil {
			return
		}
		if plan := b.plan.Load(); plan >= 0 && bytes.Contains(buf[:n], []byte(applyScript.sha)) && b.skip.Add(-1) < 0 && b.plan.CompareAndSwap(plan, -1) {
			held.Store(fault(plan) == heldAnswer)
			deaf.Store(true)
			b.breakIt(fault(plan), near, far, buf[:n])
			return
		}
		if _, err := far.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (b *breaker) breakIt(f fault, near, far net.Conn, batch []byte) {
	b.broken[f].Add(1)
	switch f {
	case lostAnswer:
		_, _ = far.Write(batch)
		_ = near.Close()
	case lostBatch:
		_ = near.Close()
	case lateBatch:
		_ = near.Close()
		time.Sleep(rand.N(3 * time.Millisecond)) // whenever it is, it must do no harm
		_, _ = far.Write(batch)
	case heldAnswer:
		_, _ = far.Write(batch)
		_, _ = io.Copy(io.Discard, near)
		return
	}
	time.Sleep(50 * time.Millisecond) // for Redis to read it
}

func TestAMessageIsThereOnceWhereverTheLineBreaks(t *testing.T) {
	server := testserver.StartRedis(t)
	line := newBreaker(t, server.Addr)
	here, there := open(t, "redis://"+line.addr), open(t, server.URL())
	stop := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() { // another node, so that what was decided is sometimes out of date
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				if i%20 < 10 {
					do(t, there, message("lobby", "there "+fmt.Sprint(i)))
				}
			}
		}
	})
	texts := map[string]bool{} // done?
	var told []protocol.Event
	for i := range 300 {
		line.plan.Store(int64(i) % int64(faults))
		text := fmt.Sprint("here ", i)
		r, err := here.Append(ctx, []store.Draft{message("lobby", text), message("attic", text)})
		texts[text] = err == nil && r[0].Err == nil && r[1].Err == nil
		if texts[text] {
			told = append(told, r[0].Event, r[1].Event)
		}
	}
	close(stop)
	others.Wait()
	for f := range faults {
		if line.broken[f].Load() == 0 {
			t.Fatalf("fault %d never came", f)
		}
	}
	logs := map[string][]protocol.Event{"lobby": readAll(t, there, "lobby"), "attic": readAll(t, there, "attic")}
	for _, e := range told {
		if is := logs[e.Room][e.Seq-1]; is != e {
			t.Errorf("%+v was told, %+v is there", e, is)
		}
	}
	for room, events := range logs {
		count := map[string]int{}
		for i, e := range events {
			if e.Seq != protocol.Seq(i+1) {
				t.Fatalf("seq %d is number %d", e.Seq, i+1)
			}
			count[e.Text]++
		}
		done := 0
		for text, ok := range texts {
			if ok {
				done++
			}
			if n := count[text]; n > 1 || ok && n != 1 {
				t.Errorf("%s: %q, done: %v, is there %d times", room, text, ok, n)
			}
		}
		if done < 290 {
			t.Errorf("%d of %d were done", done, len(texts))
		}
	}
}

func TestAMessageIsThereOnceOnALossyLine(t *testing.T) {
	t.Parallel() // it waits
	server := testserver.StartRedis(t)
	link := testserver.NewLink(t, server.Addr)
	here, there := open(t, "redis://"+link.Addr), open(t, server.URL())
	link.Slow(time.Millisecond, 60)
	texts := map[string]bool{}
	for i := range 150 {
		text := fmt.Sprint(i)
		r, err := here.Append(ctx, []store.Draft{message("lobby", text), message(fmt.Sprint("room ", i%7), text)})
		texts[text] = err == nil && r[0].Err == nil
		do(t, there, message("lobby", "there"))
	}
	count := map[string]int{}
	for _, e := range readAll(t, there, "lobby") {
		count[e.Text]++
	}
	for text, done := range texts {
		if n := count[text]; n > 1 || done && n != 1 {
			t.Errorf("%q, done: %v, is there %d times", text, done, n)
		}
	}
	if count["there"] != 150 {
		t.Errorf("the other node's messages: %d", count["there"])
	}
}

func TestARedisThatStandsStillIsAnErrorSoon(t *testing.T) {
	t.Parallel() // it waits
	server := testserver.StartRedis(t)
	s := open(t, server.URL())
	do(t, s, message("lobby", "1"))
	server.Signal(syscall.SIGSTOP)
	began := time.Now()
	results, err := s.Append(ctx, []store.Draft{message("lobby", "2")})
	if took := time.Since(began); err == nil || took > longest+time.Second {
		t.Fatalf("after %v: %+v, %v", took, results, err)
	}
	if !strings.Contains(err.Error(), "no answer from Redis") {
		t.Error(err)
	}
	server.Signal(syscall.SIGCONT)
	do(t, s, message("lobby", "3"))
	count := map[string]int{}
	for _, e := range readAll(t, s, "lobby") {
		count[e.Text]++
	}
	if count["1"] != 1 || count["2"] > 1 || count["3"] != 1 {
		t.Fatal(count)
	}
}

func TestAFullRedisSaysSoAndGoesOn(t *testing.T) {
	server := testserver.StartRedis(t)
	s, c := open(t, server.URL()), client(t, server.URL())
	do(t, s, message("lobby", "1"))
	c.ConfigSet(ctx, "maxmemory", "1")
	_, err := s.Append(ctx, []store.Draft{message("lobby", "2")})
	if err == nil || !strings.Contains(err.Error(), "Redis is full") {
		t.Fatalf("%v", err)
	}
	c.ConfigSet(ctx, "maxmemory", "0")
	if r := do(t, s, message("lobby", "3"))[0]; r.Event.Seq != 2 {
		t.Fatalf("it went on with %+v", r.Event)
	}
}

func TestScriptsThatWereForgottenAreTaughtAgain(t *testing.T) {
	server := testserver.StartRedis(t)
	s, c := open(t, server.URL()), client(t, server.URL())
	for range 5 {
		if err := c.ScriptFlush(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		do(t, s, message("lobby", "1"), message("attic", "1"))
	}
	if n := len(readAll(t, s, "attic")); n != 5 {
		t.Fatalf("%d events", n)
	}
}

// follower is a store that tells what it was told.
type follower struct {
	*Store
	mu    sync.Mutex
	lives []string
}

func follow(t *testing.T, url string) *follower {
	f := &follower{Store: open(t, url)}
	f.Watch(func(life string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.lives = append(f.lives, life)
	})
	return f
}

func (f *follower) told() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.lives)
}

func TestARedisThatWasKilledBeginsAnotherLifeThoughNothingIsLost(t *testing.T) {
	server := testserver.StartRedis(t, "--appendonly", "yes", "--appendfsync", "everysec")
	s := follow(t, server.URL())
	do(t, s.Store, message("lobby", "1"), message("lobby", "2"))
	before, err := s.Room(ctx, "lobby")
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Start()
	events, err := s.Read(ctx, "lobby", 0, 10)
	if err != nil || len(events) != 2 || s.told() != 1 {
		t.Fatalf("%+v, %v, told %d times", events, err, s.told())
	}
	after, err := s.Room(ctx, "lobby")
	if err != nil || after.Epoch == before.Epoch || after.Head != 2 {
		t.Fatalf("%+v became %+v, %v", before, after, err)
	}
}

func TestAnEmptiedRedisGetsItsSecretAndRevocationsBack(t *testing.T) {
	server := testserver.StartRedis(t)
	s, c := follow(t, server.URL()), client(t, server.URL())
	gone := store.Revocation{User: "u1", At: 5}
	if err := s.Revoke(ctx, gone); err != nil {
		t.Fatal(err)
	}
	c.FlushAll(ctx)
	if _, err := s.Room(ctx, "lobby"); err != nil {
		t.Fatal(err)
	}
	other := open(t, server.URL())
	if string(other.Secret()) != string(s.Secret()) {
		t.Error("another node has another secret")
	}
	if all, err := other.Revocations(ctx, 0); err != nil || len(all) != 1 || all[0] != gone {
		t.Errorf("revocations: %+v, %v", all, err)
	}
}

func TestANodeWhoseSecretWasLostSaysSo(t *testing.T) {
	server := testserver.StartRedis(t)
	s, c := open(t, server.URL()), client(t, server.URL())
	c.FlushAll(ctx)
	open(t, server.URL()) // and makes a secret
	_, err := s.Append(ctx, []store.Draft{message("lobby", "1")})
	if !errors.Is(err, errSecret) {
		t.Fatalf("%v, want %v", err, errSecret)
	}
}

// A primary that became a replica of one that lags, and primary again, has lost events while
// every connection stayed.
func TestAHistoryThatWasReplacedUnderAConnectionIsAnotherLife(t *testing.T) {
	t.Run("and somebody wrote meanwhile", func(t *testing.T) {
		t.Parallel() // it waits
		replaceHistory(t, func(s *Store) {
			if _, err := s.Append(ctx, []store.Draft{message("lobby", "on a replica")}); err == nil || !strings.Contains(err.Error(), "replica") {
				t.Fatalf("on a replica: %v", err)
			}
		})
	})
	t.Run("and nobody noticed", func(t *testing.T) {
		t.Parallel()
		replaceHistory(t, func(*Store) {})
	})
}

func replaceHistory(t *testing.T, meanwhile func(*Store)) {
	t.Helper()
	server := testserver.StartRedis(t, "--repl-diskless-sync-delay", "0")
	lagging := testserver.StartRedis(t, "--repl-diskless-sync-delay", "0")
	s, c, l := follow(t, server.URL()), client(t, server.URL()), client(t, lagging.URL())
	do(t, s.Store, message("lobby", "1"))
	host, port, _ := net.SplitHostPort(server.Addr)
	l.Do(ctx, "REPLICAOF", host, port)
	awaitInfo(t, l, "master_link_status:up")
	l.Do(ctx, "REPLICAOF", "NO", "ONE")
	was := s.told() // its first replica gives a history another name
	do(t, s.Store, message("lobby", "2"), message("lobby", "3"))
	lost, err := s.Room(ctx, "lobby")
	if err != nil || lost.Head != 3 {
		t.Fatal(lost, err)
	}
	host, port, _ = net.SplitHostPort(lagging.Addr)
	c.Do(ctx, "REPLICAOF", host, port)
	awaitInfo(t, c, "master_link_status:up")
	meanwhile(s.Store)
	c.Do(ctx, "REPLICAOF", "NO", "ONE")
	is, err := s.Room(ctx, "lobby")
	if err != nil || is.Head != 1 || is.Epoch == lost.Epoch || s.told() == was {
		t.Fatalf("%+v became %+v, %v; told %d times", lost, is, err, s.told())
	}
	if r := do(t, s.Store, message("lobby", "another 2"))[0]; r.Event.Seq != 2 {
		t.Fatalf("%+v", r.Event)
	}
}
