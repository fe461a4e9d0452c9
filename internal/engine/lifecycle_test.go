package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fullDisk is a store that can't write while full is set.
type fullDisk struct {
	store.Store
	full atomic.Bool
}

func (d *fullDisk) Append(ctx context.Context, drafts []store.Draft) ([]store.Result, error) {
	if d.full.Load() {
		return nil, errors.New("no space left on device")
	}
	return d.Store.Append(ctx, drafts)
}

func TestWhatIsNotSavedIsToldToItsSenderAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var disk *fullDisk
		e := startEngine(t, func(c *Config) {
			disk = &fullDisk{Store: c.Store}
			c.Store = disk
		})
		ada, grace := pipe(t, e), pipe(t, e)
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.next()
		grace.send(`{"type":"join","username":"grace","room":"lobby"}`)
		grace.next()
		ada.next()
		disk.full.Store(true)
		ada.send(`{"type":"chat","text":"lost"}`)
		ada.want(errorFrame("Not saved, try again"))
		disk.full.Store(false)
		ada.send(`{"type":"chat","text":"kept"}`)
		ada.want(chatFrame("ada", "kept", 0))
		grace.want(chatFrame("ada", "kept", 0))
	})
}

// slowDisk is a store whose commits wait for the test.
type slowDisk struct {
	store.Store
	goOn chan error
}

func (d *slowDisk) Append(ctx context.Context, drafts []store.Draft) ([]store.Result, error) {
	if err := <-d.goOn; err != nil {
		return nil, err
	}
	return d.Store.Append(ctx, drafts)
}

func withSlowDisk(t *testing.T) (*Engine, *slowDisk) {
	disk := &slowDisk{goOn: make(chan error)}
	return startEngine(t, func(c *Config) {
		disk.Store = c.Store
		c.Store = disk
	}), disk
}

func TestARoomIsHeldUntilItsLastEventIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, disk := withSlowDisk(t)
		p := pipe(t, e)
		p.send(`{"type":"join"}`)
		p.next()
		p.send(`{"type":"chat","text":"my last"}`)
		p.conn.Close()
		synctest.Wait()
		if len(e.rooms.byName) != 1 {
			t.Fatal("the room was let go while an event was on its way to it")
		}
		disk.goOn <- nil
		synctest.Wait()
		if len(e.rooms.byName) != 0 {
			t.Fatal("the room is held for nobody")
		}
	})
}

func TestOneWhoWaitsForUsIsNotSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, disk := withSlowDisk(t)
		p := pipe(t, e)
		p.send(`{"type":"join"}`)
		p.next()
		start := time.Now()
		sent := make(chan struct{})
		go func() { // nine: the last one, and the pong behind it, aren't taken
			defer close(sent)
			for range maxInflight + 1 {
				p.send(`{"type":"chat","text":"x"}`)
			}
			p.sendFrame(frame.Pong, "")
		}()
		for range 5 {
			p.wantPing()
		}
		wantAt(t, start, 150*time.Second)
		close(disk.goOn)
		for range maxInflight + 1 {
			p.next()
		}
		<-sent
	})
}

// The reading goroutine looks a last time for what others left before it rests in
// the socket. What is left behind that look must not wait for the next heartbeat.
func TestAnAnswerThatComesBehindTheLastLookIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, disk := withSlowDisk(t)
		ada := whisper(t, e, "ada")
		id := ada.ask("send", `"room":"lobby","text":"to a room that one isn't in"`)
		synctest.Wait()                    // it rests in the socket…
		e.pairs.all()[0].waits.Store(true) // …and has yet to say so
		start := time.Now()
		disk.goOn <- nil
		if f := ada.frame(); f["id"] != id {
			t.Errorf("%v, want the answer", f)
		}
		wantAt(t, start, 0)
		ada.conn.Close()
		synctest.Wait()
	})
}

func TestADrainTellsWhatBecameOfWhatIsInFlight(t *testing.T) {
	for err, want := range map[error]string{nil: `"text":"my last"`, errors.New("full"): "Not saved, try again"} {
		synctest.Test(t, func(t *testing.T) {
			e, disk := withSlowDisk(t)
			p := pipe(t, e)
			p.send(`{"type":"join"}`)
			p.next()
			p.send(`{"type":"chat","text":"my last"}`)
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
			defer cancel()
			drained := make(chan error)
			go func() { drained <- e.Drain(ctx) }()
			synctest.Wait()
			disk.goOn <- err
			if got := p.next(); !strings.Contains(got, want) {
				t.Fatalf("got %s, want %s", got, want)
			}
			p.wantClose(1001)
			if err := <-drained; err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What was proposed stays when its proposer hangs up; others come, and leave more.
func TestAStoreThatStandsStillGathersNoMoreThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, disk := withSlowDisk(t)
		tutorial, ada := pipe(t, e), whisper(t, e, "ada")
		tutorial.send(`{"type":"join"}`)
		tutorial.next()
		gone, hangUp := context.WithCancel(context.Background())
		hangUp()
		longest := fmt.Appendf(nil, `{"room":"lobby","text":%q}`, strings.Repeat("𝄞", protocol.MaxTextRunes))
		const most = 64 << 20 / (4 * protocol.MaxTextRunes)
		for range most + 100 {
			_, _ = e.Do(gone, guest("linus"), "send", longest)
			synctest.Wait() // the first one alone is at the disk
		}
		tutorial.send(`{"type":"chat","text":"hello"}`)
		tutorial.want(errorFrame("Not saved, try again"))
		ada.wantCode(protocol.CodeUnavailable, "send", `"room":"lobby","text":"hello"`)
		close(disk.goOn)
		synctest.Wait()
		ada.mustDo("send", `"room":"lobby","text":"hello"`)
		if head := ada.mustDo("history", `"room":"lobby","limit":0`)["head"].(float64); head > most+2 {
			t.Errorf("%v messages were waiting, want at most %d", head, most)
		}
		for _, p := range []*peer{tutorial, ada.peer} {
			p.conn.Close()
		}
		synctest.Wait()
	})
}

func TestADrainWaitsForWhatIsDoneWithoutASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, disk := withSlowDisk(t)
		say := func() <-chan *protocol.Error {
			refused := make(chan *protocol.Error, 1)
			go func() {
				_, err := e.Do(context.Background(), guest("ada"), "send", []byte(`{"room":"lobby","text":"my last"}`))
				refused <- err
			}()
			return refused
		}
		first := say()
		synctest.Wait()
		drained := make(chan error)
		go func() { drained <- e.Drain(context.Background()) }()
		synctest.Wait()
		disk.goOn <- nil
		if err := <-first; err != nil {
			t.Errorf("what was under way is refused: %v", err)
		}
		if err := <-drained; err != nil {
			t.Error(err)
		}
		start := time.Now()
		if err := <-say(); err == nil || err.Code != protocol.CodeUnavailable {
			t.Errorf("what comes too late is answered with %v", err)
		}
		wantAt(t, start, 0)
	})
}

func TestADrainingEngineSaysSoAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		ada, stuck := pipe(t, e), pipe(t, e)
		ada.send(`{"type":"join","username":"ada"}`)
		ada.next()
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		start := time.Now()
		drained := make(chan error)
		go func() { drained <- e.Drain(ctx) }()
		ada.wantClose(1001)
		if err := <-drained; err != nil {
			t.Fatalf("drain: %v", err)
		}
		// The stuck one read nothing and answered nothing: it got its time.
		wantAt(t, start, lingerTimeout)
		if _, _, err := stuck.read(); err == nil {
			t.Fatal("the stuck one's pipe is still open")
		}
	})
}

// TestASlowReaderGetsEverythingFromTheStore stops reading for more than memory
// and the kernel keep, then goes on: nothing is missing.
func TestASlowReaderGetsEverythingFromTheStore(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		disk, err := sqlite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { disk.Close() })
		e := startEngine(t, on, func(c *Config) {
			c.Store = disk
			c.Rate.N = 0
			c.Memory = &roomlog.Budget{MemoryBytes: 256 << 10, Total: 1 << 30}
		})
		slow, ada := tcp(t, e), tcp(t, e)
		slow.send(`{"type":"join","username":"slow","room":"lobby"}`)
		slow.next()
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.next()
		slow.next()
		text := strings.Repeat("x", 3900)
		const messages = 3000 // 12 MB
		for i := range messages {
			ada.send(fmt.Sprintf(`{"type":"chat","text":"%d %s"}`, i, text))
			ada.next()
		}
		slow.send(`nonsense`) // its answer comes behind everything
		for i := range messages {
			if got := slow.next(); !strings.Contains(got, fmt.Sprintf(`"text":"%d `, i)) {
				t.Fatalf("message %d is %.80s", i, got)
			}
		}
		slow.want(errorFrame("Invalid JSON"))
		ada.send(`{"type":"chat","text":"live again"}`)
		if got := slow.next(); !strings.Contains(got, "live again") {
			t.Fatalf("got %.80s", got)
		}
	})
}

func TestASessionThatFallsOffTheLogIsToldToComeBack(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, func(c *Config) {
			c.Rate.N = 0
			c.Memory = &roomlog.Budget{MemoryBytes: 256 << 10, Total: 1 << 30}
			c.Store = memory.New(256 << 10) // keeps no more
		})
		slow, ada := tcp(t, e), tcp(t, e)
		slow.send(`{"type":"join","username":"slow","room":"lobby"}`)
		slow.next()
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.next()
		text := strings.Repeat("x", 4000)
		for i := range 3000 { // 12 MB: more than the kernel and the log keep for one who does not read
			ada.send(fmt.Sprintf(`{"type":"chat","text":"%d %s"}`, i, text[:3900]))
			got := ada.next()
			if strings.Contains(got, "slow left") {
				got = ada.next()
			}
			if !strings.Contains(got, fmt.Sprintf(`"text":"%d `, i)) {
				t.Fatalf("ada got %.80s, want %d", got, i)
			}
		}
		for i := 0; ; i++ { // what it still gets is in order and without holes, up to the close
			op, payload, err := slow.read()
			if err != nil {
				t.Fatal(err)
			}
			if op == frame.Close {
				if code, _, _ := frame.ParseClose([]byte(payload)); code != 4500 {
					t.Fatalf("close %d, want 4500", code)
				}
				break
			}
			if i == 0 {
				if !strings.Contains(payload, "ada joined") {
					t.Fatalf("got %.80s", payload)
				}
				continue
			}
			if !strings.Contains(payload, fmt.Sprintf(`"text":"%d `, i-1)) {
				t.Fatalf("message %d is %.80s", i-1, payload)
			}
		}
		slow.conn.Close()
	})
}

func TestEverybodySeesTheSameOrderOverBothEncodings(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		const peers, each = 24, 60
		e := startEngine(t, on, func(c *Config) { c.Rate.N = 0 })
		var all []*peer
		for i := range peers {
			p := tcp(t, e, func(o *Opening) { o.Deflate = i%2 == 1 })
			p.send(fmt.Sprintf(`{"type":"join","username":"u%d","room":"lobby"}`, i))
			p.next()
			all = append(all, p)
		}
		var wait sync.WaitGroup
		seen := make([][]string, peers)
		for i, p := range all {
			wait.Go(func() {
				for n := range each {
					p.send(fmt.Sprintf(`{"type":"chat","text":"%d %s"}`, n, strings.Repeat("and so on ", n)))
				}
			})
			wait.Go(func() {
				for len(seen[i]) < peers*each {
					if got := p.next(); strings.HasPrefix(got, `{"type":"chat"`) {
						seen[i] = append(seen[i], got)
					}
				}
			})
		}
		wait.Wait()
		for i := range seen {
			for n := range seen[i] {
				if seen[i][n] != seen[0][n] {
					t.Fatalf("message %d: peer %d saw %.80s, peer 0 saw %.80s", n, i, seen[i][n], seen[0][n])
				}
			}
		}
	})
}

func TestRoomsAreForgottenWhenNobodyIsInThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		for i := range 50 {
			p := pipe(t, e)
			p.send(fmt.Sprintf(`{"type":"join","room":"r%d"}`, i))
			p.next()
			p.send(`{"type":"chat","text":"hi"}`)
			p.next()
			switch i % 3 {
			case 0:
				p.conn.Close()
			case 1:
				p.send(`{"type":"leave"}`)
			case 2:
				p.sendFrame(frame.Close, "\x03\xe8")
				p.wantClose(1000)
			}
		}
		synctest.Wait()
		if n := len(e.rooms.byName); n != 0 {
			t.Fatalf("%d rooms are live, want none", n)
		}
		if used := e.rooms.budget; used.Used() != 0 {
			t.Fatalf("%d bytes of logs are held for nobody", used.Used())
		}
	})
}
