package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// counted is what one of the engine's counters stands at.
func counted(t *testing.T, e *Engine, name string) float64 {
	t.Helper()
	families, err := e.metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

// Senders who never wait for anything are slowed, so that whoever reads what it is
// given has it from memory.
func TestSendersWhoNeverStopOutrunNobodyWhoReads(t *testing.T) {
	for _, transport := range []Transport{TransportGoroutines, TransportAuto} {
		t.Run(string(transport), func(t *testing.T) {
			e := startEngine(t, unlimited, func(c *Config) { c.Transport = transport })
			// A machine that is busy otherwise may keep one of the readers from reading for
			// so long that it counts as slow. Senders who aren't slowed make 3,000 of it.
			if cold := flood(t, e); cold > 300 {
				t.Errorf("%v pages were read from the store", cold)
			}
			t.Logf("senders were slowed %v times", counted(t, e, "parley_senders_slowed_total"))
		})
	}
}

// flood has some of those who read write as fast as they can, and gives how many pages
// were read from the store.
func flood(t *testing.T, e *Engine) (cold float64) {
	const (
		senders  = 4
		readers  = 7    // so few that each of them counts
		messages = 1500 // of each sender: 24 MB, three times what the log keeps
	)
	var peers []*peer
	for range readers {
		p := tcp(t, e)
		p.send(`{"type":"join","room":"lobby"}`)
		p.next()
		for _, other := range peers {
			other.next() // the notice
		}
		peers = append(peers, p)
	}
	var done sync.WaitGroup
	for i, p := range peers {
		done.Go(func() { hearAll(p, senders*messages) })
		if i < senders {
			done.Go(func() { floods(p.conn, strings.Repeat("x", protocol.MaxTextRunes), messages) })
		}
	}
	done.Wait()
	return counted(t, e, "parley_cold_reads_total")
}

// floods writes messages as fast as the socket takes them.
func floods(conn net.Conn, text string, messages int) {
	payload := fmt.Appendf(nil, `{"type":"chat","text":%q}`, text)
	one := frame.AppendMaskedFrame(nil, frame.Text, payload, [4]byte{1, 2, 3, 4})
	for range messages {
		if _, err := conn.Write(one); err != nil {
			return // the reader on the same connection tells
		}
	}
}

// hearAll reads so many messages.
func hearAll(p *peer, messages int) {
	for n := 0; n < messages; {
		op, payload, err := p.read()
		if err != nil {
			p.t.Errorf("after %d messages: %v", n, err)
			return
		}
		if op == frame.Text && strings.HasPrefix(payload, `{"type":"chat"`) {
			n++
		}
	}
}

func TestAReaderWhoStoppedSlowsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, unlimited)
		ada, stopped := pipe(t, e), pipe(t, e)
		for _, p := range []*peer{ada, stopped} {
			p.send(`{"type":"join","room":"lobby"}`)
			p.next()
		}
		const messages = 1500
		start := time.Now()
		go floods(ada.conn, strings.Repeat("x", protocol.MaxTextRunes), messages)
		hearAll(ada, messages)
		if took := time.Since(start); took > time.Second {
			t.Errorf("who writes was held back for %v by one who doesn't read", took)
		}
	})
}

// One who writes ahead of those who read isn't read from until they have read, and is
// refused once that has lasted too long. It hears all the same.
func TestASenderWaitsForThoseWhoReadThenIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, unlimited)
		ada := pipe(t, e)
		ada.send(`{"type":"join","room":"lobby"}`)
		ada.next()
		log := e.rooms.byName["lobby"].log
		var late roomlog.Reader // takes what it is given, and is given nothing
		log.Attach(&late, roomlog.Encoding{Dialect: protocol.Tutorial})
		late.Counts(new(roomlog.Taker))
		say := func(text string) {
			ada.send(fmt.Sprintf(`{"type":"chat","text":%q}`, text))
		}
		for range 20 { // more than one write
			say(strings.Repeat("x", protocol.MaxTextRunes))
			ada.next()
		}
		time.Sleep(time.Second)
		say("one more") // and no other
		ada.next()
		said := make(chan time.Duration)
		start := time.Now()
		go func() {
			say("waits")
			say("waits, too")
			said <- time.Since(start)
		}()
		time.Sleep(5 * time.Second)
		for more := true; more; {
			_, b, err := late.Read(nil, roomlog.End, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			more = b.More
		}
		if ada.next(); !strings.Contains(ada.next(), "waits, too") {
			t.Error("somebody else spoke")
		}
		if took := <-said; took < 5*time.Second || took > 5*time.Second+2*slowFor {
			t.Errorf("it waited for %v, want 5 s", took)
		}
		for range 20 {
			say(strings.Repeat("x", protocol.MaxTextRunes))
			ada.next()
		}
		time.Sleep(time.Second)
		say("one more")
		ada.next()
		go say("too much")
		start = time.Now()
		ada.want(errorFrame("Not saved, try again"))
		if took := time.Since(start); took < slowLimit-time.Second || took > slowLimit+2*slowFor {
			t.Errorf("it was refused after %v, want %v", took, slowLimit)
		}
		late.Detach()
		time.Sleep(time.Second)
		say("again")
		ada.next()
		ada.conn.Close()
		synctest.Wait()
	})
}

func TestWhoWritesWhileTheStoreStandsStillIsToldHowLongToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, disk := withSlowDisk(t)
		chatter, ada := pipe(t, e), whisper(t, e, "ada")
		chatter.send(`{"type":"join"}`)
		chatter.next()
		first := ada.ask("send", `"room":"lobby","text":"first"`)
		time.Sleep(12 * time.Second)
		chatter.send(`{"type":"chat","text":"hello"}`)
		chatter.want(errorFrame("Not saved, try again"))
		second := ada.ask("send", `"room":"lobby","text":"hello"`)
		if f := ada.frame(); f["id"] != second || f["code"] != string(protocol.CodeUnavailable) || f["retry_ms"] != 12000.0 {
			t.Errorf("with a session: %v", f)
		}
		_, err := e.Do(context.Background(), guest("linus"), "send", []byte(`{"room":"lobby","text":"hello"}`))
		if err == nil || err.Code != protocol.CodeUnavailable || err.Retry != 12*time.Second {
			t.Errorf("without one: %v", err)
		}
		close(disk.goOn)
		if f := ada.frame(); f["id"] != first || f["type"] != "ok" {
			t.Errorf("what was at the store: %v", f)
		}
		ada.mustDo("send", `"room":"lobby","text":"hello"`)
		chatter.send(`{"type":"chat","text":"hello"}`)
		chatter.want(chatFrame("Anonymous", "hello", 12_000))
		for _, p := range []*peer{chatter, ada.peer} {
			p.conn.Close()
		}
		synctest.Wait()
	})
}

func TestWhoWritesToAStoreThatFailsIsToldHowLongToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, disk := withSlowDisk(t)
		ada := whisper(t, e, "ada")
		for _, want := range []float64{1000, 5000, 30_000} {
			id := ada.ask("send", `"room":"lobby","text":"hello"`)
			synctest.Wait()
			disk.goOn <- errors.New("no space left")
			if f := ada.frame(); f["id"] != id || f["code"] != string(protocol.CodeUnavailable) || f["retry_ms"] != want {
				t.Errorf("got %v, want retry_ms %v", f, want)
			}
			time.Sleep(time.Duration(want) * time.Millisecond * 5)
		}
		ada.conn.Close()
		synctest.Wait()
	})
}
