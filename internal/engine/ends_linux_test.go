package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// eventually waits until holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("in %v it never came to this: %s", patience, what)
		}
	}
}

// joins has a peer of the tutorial dialect join the lobby.
func (p *peer) joins(name string) {
	p.t.Helper()
	p.send(fmt.Sprintf(`{"type":"join","username":%q,"room":"lobby"}`, name))
	p.next()
}

// wantNothingLeft sees that an engine that nobody is at holds nothing for anybody.
func wantNothingLeft(t *testing.T, e *Engine) {
	t.Helper()
	eventually(t, "nobody is left", func() bool { return openSessions(e) == 0 && len(e.rooms.all()) == 0 })
	if n := e.rooms.budget.Used(); n != 0 {
		t.Errorf("%d bytes of logs are held for nobody", n)
	}
	e.users.sweep(time.Now().Add(time.Hour))
	if n := len(e.users.byID); n != 0 {
		t.Errorf("%d users are known, and none has a session", n)
	}
	if e.loops == nil {
		eventually(t, "no pair is left", func() bool { return len(e.pairs.all()) == 0 })
		return
	}
	for _, l := range e.loops.list {
		eventually(t, "a loop holds nothing, and nobody gathers for those who have gone", func() bool {
			left := make(chan int)
			l.notes.task(func(time.Time) {
				left <- l.count + l.wheel.count + len(l.audiences) + len(l.gathers) + len(l.passes) + len(l.put) + len(l.steps)
			})
			return <-left == 0
		})
	}
}

// openFiles is how many descriptors this process has.
func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// What was sent before an end of any kind is heard, as far as it came.
func TestTheLastWordsOfOneWhoHangsUpAreHeard(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		grace := tcp(t, e)
		grace.joins("grace")
		const words = 500
		for name, hangUp := range map[string]func(net.Conn) error{
			"ada":   func(c net.Conn) error { return c.(*net.TCPConn).CloseWrite() },
			"linus": func(c net.Conn) error { return c.Close() }, // it has read all that was written
		} {
			p := tcp(t, e)
			p.joins(name)
			grace.want(fmt.Sprintf(`{"type":"system","text":"%s joined #lobby","users":["grace",%[1]q]}`, name))
			var all []byte
			for i := range words {
				all = frame.AppendMaskedFrame(all, frame.Text, fmt.Appendf(nil, `{"type":"chat","text":"%s %d"}`, name, i), [4]byte{1, 2, 3, 4})
			}
			if name == "linus" {
				all = all[:len(all)/words] // what is echoed to one who has gone resets the connection
			}
			p.sendBytes(all)
			if err := hangUp(p.conn); err != nil {
				t.Fatal(err)
			}
			for i := 0; ; i++ {
				got := grace.next()
				if strings.Contains(got, name+" left") {
					if name == "ada" && i != words {
						t.Errorf("%d words of %s's were heard, of %d", i, name, words)
					}
					break
				}
				if !strings.Contains(got, fmt.Sprintf(`"text":"%s %d"`, name, i)) {
					t.Fatalf("got %s, want %d", got, i)
				}
			}
		}
	})
}

// full has a peer that reads nothing be in the lobby until its socket is full.
func full(t *testing.T, e *Engine) *peer {
	t.Helper()
	slow := narrow(t, e)
	slow.joins("slow")
	say(t, e, 100, strings.Repeat("x", 3900)) // more than sockets hold
	return slow
}

// say has somebody write so often in the lobby.
func say(t *testing.T, e *Engine, times int, text string) {
	t.Helper()
	for range times {
		if _, refused := e.Do(t.Context(), guest("ada"), "send", fmt.Appendf(nil, `{"room":"lobby","text":%q}`, text)); refused != nil {
			t.Fatal(refused)
		}
	}
}

// However a peer goes to whom nothing can be written, its session ends.
func TestOneWhoGoesWithoutReadingIsGone(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		for name, goes := range map[string]func(*net.TCPConn) error{
			"closes":        (*net.TCPConn).Close,
			"resets":        func(c *net.TCPConn) error { _ = c.SetLinger(0); return c.Close() },
			"ends its half": (*net.TCPConn).CloseWrite,
		} {
			p := full(t, e)
			if err := goes(p.conn.(*net.TCPConn)); err != nil {
				t.Fatal(err)
			}
			eventually(t, "one who "+name+" is gone", func() bool { return openSessions(e) == 0 })
		}
		wantNothingLeft(t, e)
	})
}

// What stands behind the handshake is a part of the session, wherever it is cut.
func TestWhatCameWithTheHandshakeIsHeard(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on)
		first := frame.AppendMaskedFrame(nil, frame.Text, []byte(`{"type":"join","username":"ada","room":"lobby"}`), [4]byte{1, 2, 3, 4})
		both := frame.AppendMaskedFrame(bytes.Clone(first), frame.Text, []byte(`{"type":"chat","text":"hello"}`), [4]byte{4, 3, 2, 1})
		for n := 1; n <= len(both); n += 7 {
			p := tcp(t, e, func(o *Opening) { o.Early = bytes.Clone(both[:n]) })
			p.sendBytes(both[n:])
			p.want(`{"type":"system","text":"ada joined #lobby","users":["ada"]}`)
			if got := p.next(); !strings.Contains(got, `"text":"hello"`) {
				t.Fatalf("cut at %d: %s", n, got)
			}
			p.conn.Close()
			eventually(t, "she is gone", func() bool { return openSessions(e) == 0 })
		}
	})
}

// A peer that goes on and on behind the end is cut off.
func TestWhoGoesOnBehindTheEndIsCutOff(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on)
		p := tcp(t, e)
		p.sendBytes([]byte{0x81, 0x00}) // no mask: RFC 6455 §5.1
		much := make([]byte, 1<<20)
		for n := 0; ; n += len(much) {
			if _, err := p.conn.Write(much); err != nil {
				break
			}
			if n > 2*lingerBytes+16<<20 { // and what the kernel keeps
				t.Fatal("it may go on without end")
			}
		}
		wantNothingLeft(t, e)
	})
}

// A close handshake in the middle of much that is said: what comes before our close
// frame is whole and in order, and nothing comes behind it.
func TestACloseHandshakeUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		stop := make(chan struct{})
		var busy sync.WaitGroup
		busy.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				_, _ = e.Do(context.Background(), guest("linus"), "send", fmt.Appendf(nil, `{"room":"lobby","text":"n%d."}`, i))
			}
		})
		for range 20 {
			p := tcp(t, e)
			p.joins("ada")
			p.next()
			p.sendFrame(frame.Close, "\x03\xe8")
			last := ""
			for {
				op, payload, err := p.read()
				if err != nil {
					t.Fatal(err)
				}
				if op == frame.Close {
					break
				}
				last = payload
			}
			if _, payload, err := p.read(); err != io.EOF {
				t.Errorf("behind the close frame, and %s: %q, %v", last, payload, err)
			}
			p.conn.Close()
		}
		close(stop)
		busy.Wait()
		wantNothingLeft(t, e)
	})
}

// Whoever goes while the store reads for it, or writes what it said, leaves nothing.
func TestWhoGoesWhileTheStoreIsAskedLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		gate := &slowRead{goOn: make(chan struct{})}
		e := filled(t, 3000, 100, on)
		gate.Store, e.store = e.store, gate
		var all []*v1Peer
		for range 5 {
			ada := dial(t, e, guest("ada"))
			ada.ask("join", fmt.Sprintf(`"room":"lobby","since":{"epoch":%q,"seq":0}`, epochOf(t, e)))
			ada.ask("send", `"room":"lobby","text":"hello"`)
			ada.frame()
			all = append(all, ada)
		}
		for i, ada := range all {
			if i%2 == 0 {
				_ = ada.conn.(*net.TCPConn).SetLinger(0)
			}
			ada.conn.Close()
		}
		close(gate.goOn)
		wantNothingLeft(t, e)
	})
}

// Writes that are on their way when their sender goes are stored, and its room is let
// go behind them.
func TestWhoGoesWithWritesOnTheirWayLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		disk := &slowDisk{goOn: make(chan error)}
		e := startEngine(t, on, unlimited, func(c *Config) { disk.Store, c.Store = c.Store, disk })
		p, v := tcp(t, e), dial(t, e, guest("grace"))
		p.joins("ada")
		v.mustDo("join", `"room":"attic"`)
		p.send(`{"type":"chat","text":"my last"}`)
		v.ask("send", `"room":"attic","text":"my last"`)
		v.ask("send", `"room":"cellar","text":"my last"`)
		disk.goOn <- nil // what is taken now is on its way
		p.conn.Close()
		v.conn.Close()
		eventually(t, "both are gone", func() bool { return openSessions(e) == 0 })
		close(disk.goOn)
		wantNothingLeft(t, e)
	})
}

// Many sessions are asked to go, are cut off or go, and no descriptor, timer or room is
// left of them.
func TestManyGoAndNothingIsLeft(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		many := 1000
		if strings.HasSuffix(t.Name(), string(TransportGoroutines)) {
			many = 200 // each is dearer
		}
		for _, how := range []string{"drained", "cut off", "each for itself"} {
			before := openFiles(t)
			e := startEngine(t, on, unlimited)
			peers := make([]*peer, many)
			for i := range peers {
				peers[i] = tcp(t, e)
				peers[i].send(fmt.Sprintf(`{"type":"join","username":"u%d","room":"r%d"}`, i, i%50))
			}
			for _, p := range peers {
				p.next()
			}
			leaveAll(t, e, peers, how)
			for _, p := range peers {
				p.conn.Close()
			}
			eventually(t, "all descriptors are given back", func() bool { runtime.GC(); return openFiles(t) <= before })
		}
	})
}

// leaveAll has everybody go, and the engine end.
func leaveAll(t *testing.T, e *Engine, peers []*peer, how string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch how {
	case "drained":
		for _, p := range peers {
			go func() {
				for {
					switch op, payload, err := p.read(); {
					case err != nil:
						return
					case op == frame.Close:
						p.sendFrame(frame.Close, payload)
						p.conn.Close()
					}
				}
			}()
		}
		if err := e.Drain(ctx); err != nil {
			t.Error(err)
		}
	case "cut off":
		cancel()
		if err := e.Drain(ctx); err == nil {
			t.Error("all had gone by themselves")
		}
	default:
		for i, p := range peers {
			if i%2 == 0 {
				_ = p.conn.(*net.TCPConn).SetLinger(0)
			}
			p.conn.Close()
		}
		wantNothingLeft(t, e)
		if err := e.Drain(ctx); err != nil {
			t.Error(err)
		}
	}
	if n := openSessions(e) + len(e.rooms.all()); n != 0 {
		t.Errorf("%s: %d sessions and rooms are left", how, n)
	}
}

// One who was let in just before a drain ended is told to go, though nobody waits for it.
func TestWhoComesBehindTheDrainIsToldToGo(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on)
		if err := e.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		tcp(t, e).wantClose(1001)
		eventually(t, "it is gone", func() bool { return openSessions(e) == 0 })
	})
}
