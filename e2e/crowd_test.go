//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// How big the crowd is.
const (
	crowdSize   = 2000
	crowdSilent = 200 // of them read nothing after their own join
	crowdTalk   = 20  // of them send,
	crowdTurns  = 100 // so many messages each
	crowdMost   = 40 * time.Second
)

// crowdMemory is what the server may take at most: the bare process, 40 kB for
// each session (two goroutines with their stacks, a read buffer, what net/http
// leaves), and the room's memory log in one encoding, twice over for the
// collector.
const crowdMemory = 32*mega + crowdSize*40<<10 + 2*8*mega

// Two thousand in one room: every message reaches everybody in one order,
// although one in ten never reads; and these get it all when they read again.
func TestCrowdReadsEverythingInOneOrder(t *testing.T) {
	s := startServer(t, "--rate", "off")
	serveNext(t, s)
	before := restingFootprint(t, s)
	seed := maphash.MakeSeed()
	began := time.Now()
	crowd := make([]*listener, crowdSize)
	for i := range crowd {
		crowd[i] = enter(t, s, seed, fmt.Sprint("u", i), i >= crowdSize-crowdSilent)
	}
	t.Logf("%d came in %v", crowdSize, time.Since(began).Round(time.Millisecond))

	began = time.Now()
	readers, silent := crowd[:crowdSize-crowdSilent], crowd[crowdSize-crowdSilent:]
	for _, l := range readers[:crowdTalk] {
		l.turns = crowdTurns
	}
	listenAll(t, readers)
	took := time.Since(began)
	t.Logf("%d messages to %d readers in %v: %.0f deliveries a second",
		crowdTalk*crowdTurns, len(readers), took.Round(time.Millisecond), float64(crowdTalk*crowdTurns*len(readers))/took.Seconds())

	began = time.Now()
	listenAll(t, silent) // who have held nothing up, and lost nothing
	t.Logf("%d who had not read caught up in %v", len(silent), time.Since(began).Round(time.Millisecond))
	for _, l := range crowd {
		if l.sum() != crowd[0].sum() {
			t.Errorf("%s and %s read the messages in different orders", l.name, crowd[0].name)
		}
	}
	peak := memory(t, s, "VmHWM")
	t.Logf("the server took %d MiB at most, %d kB a session", peak/mega, peak/crowdSize>>10)
	if peak > crowdMemory {
		t.Errorf("the server took %d MiB, want %d at most", peak/mega, crowdMemory/mega)
	}
	serveNext(t, s)
	for _, l := range crowd {
		l.conn.Close()
	}
	began = time.Now()
	wantSettled(t, s, before)
	t.Logf("the server had settled after %v", time.Since(began).Round(time.Millisecond))
}

// listener is one of a crowd. It keeps of the messages that it reads only their
// number and a running hash, which two listeners share only if they read the
// same messages in the same order.
type listener struct {
	*peer
	name  string
	turns int // messages that it has yet to send, each at the last one's echo
	count int
	hash  maphash.Hash
}

func (l *listener) sum() uint64 { return l.hash.Sum64() }

// enter joins the crowd's room, and reads up to the notice of it.
func enter(t *testing.T, s *server, seed maphash.Seed, name string, silent bool) *listener {
	t.Helper()
	l := &listener{peer: upgraded(t, s), name: name}
	l.hash.SetSeed(seed)
	if silent { // so that the server, and not the kernel, keeps what it leaves unread
		if err := l.conn.SetReadBuffer(16 << 10); err != nil {
			t.Fatal(err)
		}
	}
	l.send(clientFrame(fin|text, fmt.Sprintf(`{"type":"join","username":%q,"room":"crowd"}`, name)))
	l.wait(patience)
	m, err := l.next()
	if err != nil {
		t.Fatal(err)
	}
	if got := said(m.Payload); got != name+" joined #crowd" {
		t.Fatalf("%s reads %q first, want its own join", name, got)
	}
	return l
}

// listenAll has each listener read every message of the crowd.
func listenAll(t *testing.T, listeners []*listener) {
	t.Helper()
	var all sync.WaitGroup
	for _, l := range listeners {
		all.Go(func() {
			if err := l.listen(); err != nil {
				t.Errorf("%s after %d messages: %v", l.name, l.count, err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func (l *listener) listen() error {
	l.wait(crowdMost)
	own := fmt.Appendf(nil, `{"type":"chat","username":%q,`, l.name)
	if err := l.talk(); err != nil {
		return err
	}
	for l.count < crowdTalk*crowdTurns {
		m, err := l.next()
		if err != nil {
			return err
		}
		if m.Op != frame.Text || !bytes.HasPrefix(m.Payload, own[:len(`{"type":"chat"`)]) {
			continue // a notice or a ping
		}
		l.count++
		if _, err := l.hash.Write(m.Payload); err != nil {
			return err
		}
		if bytes.HasPrefix(m.Payload, own) {
			if err := l.talk(); err != nil {
				return err
			}
		}
	}
	return nil
}

// talk sends the next message, if there is one. What reaches the others is a
// frame of 124 bytes, about what people write.
func (l *listener) talk() error {
	if l.turns == 0 {
		return nil
	}
	l.turns--
	words := fmt.Sprintf("%d %s", l.turns, strings.Repeat("x", 60))
	_, err := l.conn.Write(clientFrame(fin|text, fmt.Sprintf(`{"type":"chat","text":%q}`, words)))
	return err
}

// One who falls off the room's log reads on from the store without a hole, though
// that is memory, too.
func TestSlowReaderNeverMissesAMessage(t *testing.T) { onEach(t, slowReaderMissesNothing) }

func slowReaderMissesNothing(t *testing.T, args ...string) {
	const messages, size = 4000, 4000 // 16 MB, of which the room's log keeps 8
	s := startServer(t, append(args, "--rate", "off")...)
	seed := maphash.MakeSeed()
	slow, ada := enter(t, s, seed, "slow", true), enter(t, s, seed, "ada", false)
	ada.wait(crowdMost)
	for i := range messages {
		if _, err := ada.conn.Write(clientFrame(fin|text, fmt.Sprintf(`{"type":"chat","text":"%d %s"}`, i, strings.Repeat("x", size-10)))); err != nil {
			t.Fatal(err)
		}
		for echo := ""; !strings.HasPrefix(echo, fmt.Sprintf("ada: %d ", i)); {
			m, err := ada.next()
			if err != nil {
				t.Fatal(err)
			}
			echo = said(m.Payload)
		}
	}

	if err := slow.conn.SetReadBuffer(mega); err != nil { // it is in a hurry now
		t.Fatal(err)
	}
	slow.wait(crowdMost)
	for next := 0; next < messages; {
		m, err := slow.next()
		if err != nil || m.Op == frame.Close {
			t.Fatalf("after %d messages: %v %q", next, err, m.Payload)
		}
		if m.Op != frame.Text {
			continue
		}
		got := said(m.Payload)
		if got == "ada joined #crowd" {
			continue
		}
		if !strings.HasPrefix(got, fmt.Sprintf("ada: %d ", next)) {
			t.Fatalf("behind message %d comes %.40q: a hole", next-1, got)
		}
		next++
	}
	if scrape(t, s)["parley_cold_reads_total"] == 0 {
		t.Error("the store was not asked: too little was said")
	}
	serveNext(t, s)
}
