package engine

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/poll"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// Whatever part of the pieces a socket takes, the rest comes next: in order, and once.
func TestAWriteGoesOnWhereItStopped(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ours, theirs := sockets(t, 4<<10)
		socket, err := poll.Take(ours)
		if err != nil {
			rt.Fatal(err)
		}
		defer theirs.Close()
		_ = socket.SetSendBuffer(4 << 10)
		c := &loopConn{loop: &loop{}, socket: socket}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		odd := rapid.SampledFrom([]int{1, 7, 333, 20_000}).Draw(rt, "reads of at most")
		var sent, got bytes.Buffer
		for range rapid.IntRange(1, 4).Draw(rt, "writes") {
			var pieces [][]byte
			for range rapid.IntRange(1, 3*poll.MaxPieces).Draw(rt, "pieces") {
				p := make([]byte, 1+random.IntN(3000))
				for i := range p {
					p[i] = byte(random.Uint32())
				}
				pieces = append(pieces, p)
				sent.Write(p)
			}
			for all := c.push(pieces); !all; all = c.push(c.rest) {
				if !c.blocked || len(c.rest) == 0 {
					rt.Fatalf("blocked %v with %d pieces", c.blocked, len(c.rest))
				}
				c.blocked = false
				readSome(rt, theirs, &got, odd*(1+sent.Len()/odd/100))
			}
		}
		_ = socket.Close()
		if _, err := io.Copy(&got, theirs); err != nil || !bytes.Equal(got.Bytes(), sent.Bytes()) {
			rt.Fatalf("%d bytes came of %d, %v", got.Len(), sent.Len(), err)
		}
	})
}

func readSome(t *rapid.T, from net.Conn, to *bytes.Buffer, most int) {
	buf := make([]byte, most)
	n, err := from.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	to.Write(buf[:n])
}

// Two who joined before the first word get the same bytes, however slowly one of them
// reads: from memory, whole or in parts, and from the store.
func TestASlowReaderGetsTheSameBytes(t *testing.T) {
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprintf("deflate %v", deflate), func(t *testing.T) {
			onEach(t, func(t *testing.T, on func(*Config)) { sameBytes(t, deflate, on) })
		})
	}
}

func sameBytes(t *testing.T, deflate bool, on func(*Config)) {
	e := startEngine(t, on, unlimited, func(c *Config) { c.Memory = &roomlog.Budget{MemoryBytes: 128 << 10, Total: 1 << 30} })
	as := func(o *Opening) { o.Deflate = deflate }
	slow, fast := narrow(t, e, as), tcp(t, e, as)
	slow.joins("slow")
	fast.joins("fast")
	slow.next()
	const last = "the last of it"
	random := rand.New(rand.NewPCG(1, 2))
	mine := &recorded{Conn: slow.conn, most: func() int { return 1 + random.IntN(5000) }}
	theirs := &recorded{Conn: fast.conn, most: func() int { return 64 << 10 }}
	slow.conn, fast.conn = mine, theirs
	toTheEnd := func(p *peer) {
		for !strings.Contains(p.next(), last) {
		}
	}
	var both sync.WaitGroup
	both.Go(func() { toTheEnd(fast) })
	for i := range 300 {
		text := make([]byte, 1+random.IntN(3900))
		for j := range text {
			text[j] = 'a' + byte(random.IntN(26))
		}
		say(t, e, 1, fmt.Sprint(i, " ", string(text)))
	}
	say(t, e, 1, last)
	toTheEnd(slow)
	both.Wait()
	n := min(mine.all.Len(), theirs.all.Len())
	if !bytes.Equal(mine.all.Bytes()[:n], theirs.all.Bytes()[:n]) || n < 300 {
		t.Errorf("%d bytes, and %d to one who read at once", mine.all.Len(), theirs.all.Len())
	}
}

// recorded is a connection that is read in parts of some size, and remembered.
type recorded struct {
	net.Conn
	most func() int
	all  bytes.Buffer
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p[:min(len(p), r.most())])
	r.all.Write(p[:n])
	return n, err
}

// Everybody in a room sees its events in the same order, whichever loop and dialect
// they are on, and whether theirs are compressed.
func TestARoomOnSeveralLoopsHasOneOrder(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		const members, each = 16, 40
		e := startEngine(t, on, unlimited)
		seed := maphash.MakeSeed()
		sums := make([]uint64, members)
		var all sync.WaitGroup
		peers := make([]*peer, members)
		for i := range members {
			v1 := i%2 == 0
			p := tcp(t, e, func(o *Opening) {
				if o.Deflate = i%3 == 0; v1 {
					o.Dialect = protocol.V1
				}
			})
			if v1 {
				p.next()
				p.send(`{"type":"join","id":"j","room":"lobby"}`)
			} else {
				p.send(`{"type":"join","username":"m","room":"lobby"}`)
			}
			p.next()
			peers[i] = p
		}
		for i, p := range peers {
			all.Go(func() {
				for n := range each {
					if i%2 == 0 {
						p.send(fmt.Sprintf(`{"type":"send","id":"%d","room":"lobby","text":"said %d.%d!"}`, n, i, n))
					} else {
						p.send(fmt.Sprintf(`{"type":"chat","text":"said %d.%d!"}`, i, n))
					}
				}
			})
			all.Go(func() {
				var hash maphash.Hash
				hash.SetSeed(seed)
				for heard := 0; heard < members*each; {
					if _, text, ok := strings.Cut(p.next(), `"text":"said `); ok {
						said, _, _ := strings.Cut(text, "!")
						hash.WriteString(said)
						hash.WriteByte(' ')
						heard++
					}
				}
				sums[i] = hash.Sum64()
			})
		}
		all.Wait()
		for i, sum := range sums {
			if sum != sums[0] {
				t.Errorf("member %d saw another order", i)
			}
		}
		for _, p := range peers {
			p.conn.Close()
		}
		wantNothingLeft(t, e)
	})
}

// A session that is in as many rooms as it may be hears each of them, as others do.
func TestASessionHearsAllOfItsRooms(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited)
		ada, grace := dial(t, e, guest("ada")), dial(t, e, guest("grace"))
		for _, p := range []*v1Peer{ada, grace} {
			for i := range protocol.MaxRooms - 1 {
				p.ask("join", fmt.Sprintf(`"room":"%d","last":200`, i))
			}
		}
		const rounds = 5
		for range rounds {
			for i := range protocol.MaxRooms - 1 {
				if _, refused := e.Do(t.Context(), guest("linus"), "send", fmt.Appendf(nil, `{"room":"%d","text":"hello"}`, i)); refused != nil {
					t.Fatal(refused)
				}
			}
			if _, refused := e.Do(t.Context(), guest("linus"), "send", []byte(`{"room":"0","text":"hello"}`)); refused != nil {
				t.Fatal(refused)
			}
		}
		for _, p := range []*v1Peer{ada, grace} {
			heard := map[any]float64{}
			for left := protocol.MaxRooms - 1; left > 0; {
				f := p.frame()
				if f["type"] != "event" {
					continue
				}
				if at, ok := heard[f["room"]]; ok && f["seq"] != at+1 {
					t.Fatalf("room %v: event %v behind %v", f["room"], f["seq"], at)
				}
				heard[f["room"]] = f["seq"].(float64)
				if last := float64(rounds); f["room"] == "0" && f["seq"] == 2*last || f["room"] != "0" && f["seq"] == last {
					left--
				}
			}
			p.conn.Close()
		}
		wantNothingLeft(t, e)
	})
}

// Members come and go, by any way, while others write without a pause: whoever stays
// to the end has heard the last word of it, and a newcomer hears what is said then.
func TestNoWakeUpIsLost(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited, func(c *Config) { c.Gather = 2e6 })
		var done atomic.Bool
		var writers, all sync.WaitGroup
		for range 3 {
			writers.Go(func() {
				for i := range 400 {
					_, _ = e.Do(t.Context(), guest("linus"), "send", fmt.Appendf(nil, `{"room":"%d","text":"said"}`, i%2))
				}
			})
		}
		for i := range 8 { // who come and go
			random := rand.New(rand.NewPCG(uint64(i), 7))
			all.Go(func() {
				for !done.Load() {
					p := tcp(t, e, in)
					p.send(`{"type":"join","id":"a","room":"0"}`)
					p.send(`{"type":"join","id":"b","room":"1"}`)
					for range random.IntN(20) {
						p.next()
					}
					switch random.IntN(3) {
					case 0:
						_ = p.conn.(*net.TCPConn).SetLinger(0)
					case 1:
						p.send(`{"type":"leave","id":"c","room":"0"}`)
					}
					p.conn.Close()
				}
			})
		}
		for range 6 { // who stay
			p := tcp(t, e, in)
			p.send(`{"type":"join","id":"a","room":"0"}`)
			p.send(`{"type":"join","id":"b","room":"1"}`)
			all.Go(func() {
				last := map[bool]bool{}
				for len(last) < 2 {
					if got := p.next(); strings.Contains(got, "THE END") {
						last[strings.Contains(got, `"room":"0"`)] = true
					}
				}
				p.conn.Close()
			})
		}
		writers.Wait()
		for i := range 2 {
			_, _ = e.Do(t.Context(), guest("linus"), "send", fmt.Appendf(nil, `{"room":"%d","text":"THE END"}`, i))
		}
		done.Store(true)
		all.Wait()
		wantNothingLeft(t, e)
	})
}
