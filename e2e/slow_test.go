//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

const (
	slowOnes   = 100
	slowText   = 4000      // bytes, with which …
	slowMuch   = 2500      // … messages are more than a room's log keeps in memory
	slowMemory = 256 << 10 // that one of them may cost the server

	// By so much the p99 of two runs may differ because the machine does other work.
	// Who waited for a slow reader would wait for seconds.
	slowNoise = 500 * time.Millisecond
)

// TestSlowReadersCostLittleAndGetEverything has a hundred members of a room stop
// reading while much is said, then go on. PARLEY_MEMBERS says how many there are in
// all, PARLEY_SLOW_SECONDS how long they stop. They don't answer pings, which they
// don't read, but say without being asked that they are there (RFC 6455 §5.5.3); so
// the server runs with the heartbeat that it has.
func TestSlowReadersCostLittleAndGetEverything(t *testing.T) {
	others := max(number(t, "PARLEY_MEMBERS", 200)-slowOnes, 1)
	stretch := time.Duration(number(t, "PARLEY_SLOW_SECONDS", 6)) * time.Second
	without := listenTo(t, others, 0, stretch)
	with := listenTo(t, others, slowOnes, stretch)
	each := (with.peak - without.peak) / slowOnes
	t.Logf("%d messages in %v to %d who read: p50 %v, p99 %v alone, p50 %v, p99 %v beside %d who don't",
		slowMuch, stretch, others, without.p50, without.p99, with.p50, with.p99, slowOnes)
	t.Logf("the server held at most %d MB without them, %d MB while they did not read, %d MB when they went on: %d kB each",
		without.peak>>20, with.stopped>>20, with.peak>>20, each>>10)
	t.Logf("%d who had not read caught up in %v", slowOnes, with.caughtUp.Round(time.Millisecond))
	if each > slowMemory {
		t.Errorf("a slow reader cost %d kB, want %d at most", each>>10, slowMemory>>10)
	}
	if with.p99 > 2*without.p99+slowNoise {
		t.Errorf("the others waited for %v (p99), without the slow ones for %v", with.p99, without.p99)
	}
}

// hearing is what a room's members saw.
type hearing struct {
	p50, p99 time.Duration // from send to those who read
	stopped  int           // the server's memory, at most, up to when the slow ones went on
	peak     int           // and in all
	caughtUp time.Duration // how long it took those who had not read
}

// listenTo has so many members hear all that is said in a stretch, and others only
// afterwards.
func listenTo(t *testing.T, readers, slow int, stretch time.Duration) (l hearing) {
	t.Helper()
	s := serveFolder(t, t.TempDir())
	members := make([]*member, readers+slow)
	for i := range members {
		members[i] = takeSeat(t, s)
	}
	reading, stopped := members[:readers], members[readers:]
	present := make(chan struct{})
	var heartbeats sync.WaitGroup
	heartbeats.Go(func() { sayThatTheyAreThere(t, stopped, present) })

	var all sync.WaitGroup
	for _, m := range reading {
		all.Go(func() { m.follow(t, stretch+patience) })
	}
	chatter(t, s, stretch)
	all.Wait()
	close(present)
	heartbeats.Wait()

	l.stopped = memory(t, s, "VmHWM")
	began := time.Now()
	cold := scrape(t, s)["parley_cold_reads_total"]
	for _, m := range stopped {
		all.Go(func() { m.follow(t, 5*time.Minute) })
	}
	all.Wait()
	l.caughtUp = time.Since(began)
	if slow > 0 && scrape(t, s)["parley_cold_reads_total"] < cold+float64(slow) {
		t.Error("not all of those who had not read were read on from the store: too little was said")
	}
	l.peak = memory(t, s, "VmHWM")
	var delays []time.Duration
	for _, m := range reading {
		delays = append(delays, m.delays...)
	}
	slices.Sort(delays)
	l.p50, l.p99 = delays[len(delays)/2].Round(10*time.Microsecond), delays[len(delays)*99/100].Round(10*time.Microsecond)
	for _, m := range members {
		m.conn.Close()
	}
	s.Kill()
	return l
}

// member is one of a big room, with parley.v1.
type member struct {
	*peer
	delays []time.Duration // of what it has heard
}

// takeSeat joins, and reads up to the news that it has caught up.
func takeSeat(t *testing.T, s *server) *member {
	t.Helper()
	m := &member{peer: upgraded(t, s, "Sec-WebSocket-Protocol: parley.v1")}
	m.buf = make([]byte, 64<<10)
	m.send(clientFrame(fin|text, `{"type":"join","id":"j","room":"crowd"}`))
	m.wait(patience)
	for {
		f, err := m.next()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(f.Payload, []byte(`{"type":"caught_up"`)) {
			return m
		}
	}
}

// follow reads until everything was heard: each message once, in order.
func (m *member) follow(t *testing.T, limit time.Duration) {
	m.wait(limit)
	for heard := 0; heard < slowMuch; {
		f, err := m.next()
		if err != nil {
			t.Errorf("behind message %d: %v", heard, err)
			return
		}
		if f.Op == frame.Close {
			t.Errorf("behind message %d the session is closed: %q", heard, f.Payload)
			return
		}
		if f.Op == frame.Ping {
			if _, err := m.conn.Write(clientFrame(fin|pong, string(f.Payload))); err != nil {
				t.Error(err)
			}
		}
		if !bytes.HasPrefix(f.Payload, []byte(`{"type":"event"`)) {
			continue
		}
		heard++
		if seq := numberAfter(f.Payload, `"seq":`); seq != int64(heard) {
			t.Errorf("behind message %d comes %.80s", heard-1, f.Payload)
			return
		}
		m.delays = append(m.delays, time.Duration(time.Now().UnixNano()-numberAfter(f.Payload, `"text":"`)))
	}
}

// numberAfter is the first number behind a text; 0 without one.
func numberAfter(payload []byte, before string) int64 {
	_, rest, _ := bytes.Cut(payload, []byte(before))
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	n, _ := strconv.ParseInt(string(rest[:max(end, 0)]), 10, 64)
	return n
}

// chatter says everything, spread over a stretch. A message begins with when it was
// sent.
func chatter(t *testing.T, s *server, stretch time.Duration) {
	t.Helper()
	p := upgraded(t, s, "Sec-WebSocket-Protocol: parley.v1")
	defer p.conn.Close()
	answers := make(chan error, 1)
	go func() { answers <- p.answers(slowMuch, stretch+patience) }()
	tick := time.NewTicker(stretch / slowMuch)
	defer tick.Stop()
	filling := strings.Repeat("x", slowText-20)
	for i := range slowMuch {
		<-tick.C
		send := fmt.Sprintf(`{"type":"send","id":"%d","room":"crowd","text":"%d %s"}`, i, time.Now().UnixNano(), filling)
		if _, err := p.conn.Write(clientFrame(fin|text, send)); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-answers; err != nil {
		t.Fatal(err)
	}
}

// answers reads so many, all of which must be ok.
func (p *peer) answers(n int, limit time.Duration) error {
	p.wait(limit)
	for n > 0 {
		f, err := p.next()
		switch {
		case err != nil:
			return err
		case bytes.HasPrefix(f.Payload, []byte(`{"type":"ok"`)):
			n--
		case bytes.HasPrefix(f.Payload, []byte(`{"type":"error"`)):
			return fmt.Errorf("a send is answered with %s", f.Payload)
		}
	}
	return nil
}

// sayThatTheyAreThere sends pongs that nobody asked for until done is closed.
func sayThatTheyAreThere(t *testing.T, members []*member, done chan struct{}) {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		for _, m := range members {
			if _, err := m.conn.Write(clientFrame(fin|pong, "")); err != nil {
				t.Errorf("one who doesn't read has been cut off: %v", err)
				return
			}
		}
		select {
		case <-tick.C:
		case <-done:
			return
		}
	}
}
