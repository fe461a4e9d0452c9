package engine

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/store"
)

// onLoops runs an engine with at least two loops.
func onLoops(t *testing.T) *Engine {
	t.Helper()
	if before := runtime.GOMAXPROCS(0); before < 2 {
		runtime.GOMAXPROCS(2)
		t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	}
	return startEngine(t, func(c *Config) { c.Transport, c.Rate = TransportLoops, room.Window{} })
}

// carriers is how many of a room's members each loop carries.
func carriers(e *Engine, name string) []int {
	var counts []int
	for _, l := range e.loops.list {
		n := make(chan int)
		l.notes.task(func(time.Time) {
			members := 0
			for r, a := range l.audiences {
				if r.name == name {
					members += len(a.members)
				}
			}
			n <- members
		})
		counts = append(counts, <-n)
	}
	return counts
}

func TestASmallRoomIsCarriedByOneLoop(t *testing.T) {
	e := onLoops(t)
	for i := range 10 {
		p := tcp(t, e)
		p.send(fmt.Sprintf(`{"type":"join","username":"u%d","room":"attic"}`, i))
		if got := p.next(); !strings.Contains(got, fmt.Sprintf(`"u%d joined #attic"`, i)) {
			t.Fatalf("u%d got %s", i, got)
		}
	}
	for _, n := range carriers(e, "attic") {
		if n != 0 && n != 10 {
			t.Errorf("the loops carry %v of 10", carriers(e, "attic"))
		}
	}
	for i := range 100 {
		p := tcp(t, e)
		p.send(fmt.Sprintf(`{"type":"join","username":"u%d","room":"hall"}`, i))
		p.next()
	}
	for _, n := range carriers(e, "hall") {
		if n == 0 {
			t.Errorf("the loops carry %v of 100: a big room is for all of them", carriers(e, "hall"))
		}
	}
}

// Sessions that move between rooms of different loops, with all that they ask for on
// its way at once, hear what they would hear if they stayed where they are.
func TestWhoMovesBetweenLoopsMissesNothing(t *testing.T) {
	e := onLoops(t)
	var keepers []*peer // they hold the rooms, and so the rooms' loops, in place
	for i := range 4 {
		keeper := tcp(t, e)
		keeper.send(fmt.Sprintf(`{"type":"join","username":"keeper","room":"r%d"}`, i))
		keeper.next()
		keepers = append(keepers, keeper)
		go func() { _, _ = io.Copy(io.Discard, keeper.conn) }()
	}
	var everybody sync.WaitGroup
	for i := range 8 {
		p := tcp(t, e)
		everybody.Go(func() {
			const turns = 40
			var all strings.Builder
			for turn := range turns {
				fmt.Fprintf(&all, `{"type":"join","username":"u%d","room":"r%d"}`+"\n", i, (turn*(i+1)+i)%4)
				for say := range 3 {
					fmt.Fprintf(&all, `{"type":"chat","text":"u%d %d %d"}`+"\n", i, turn, say)
				}
			}
			go func() {
				for line := range strings.Lines(all.String()) {
					p.send(strings.TrimSpace(line))
				}
			}()
			for turn := range turns {
				for say := range 3 {
					mine := fmt.Sprintf(`"text":"u%d %d %d"`, i, turn, say)
					for got := p.next(); !strings.Contains(got, mine); got = p.next() {
						if strings.Contains(got, `"error"`) || strings.Contains(got, fmt.Sprintf(`"type":"chat","username":"u%d"`, i)) {
							t.Errorf("u%d got %s, want %s", i, got, mine)
							return
						}
					}
				}
			}
		})
	}
	everybody.Wait()
	for i := range keepers {
		sum := 0
		for _, n := range carriers(e, fmt.Sprint("r", i)) {
			sum += n
		}
		if sum == 0 {
			t.Errorf("nobody carries r%d", i)
		}
	}
}

// Who asks behind the handshake, without waiting, moves before it is in the room.
func TestWhoJoinsBehindTheHandshakeMovesToo(t *testing.T) {
	e := onLoops(t)
	for i := range 10 {
		early := fmt.Sprintf(`{"type":"join","username":"u%d","room":"attic"}`, i)
		p := tcp(t, e, func(o *Opening) {
			o.Early = frame.AppendMaskedFrame(nil, frame.Text, []byte(early), [4]byte{1, 2, 3, 4})
		})
		if got := p.next(); !strings.Contains(got, fmt.Sprintf(`"u%d joined #attic"`, i)) {
			t.Fatalf("u%d got %s", i, got)
		}
	}
	for _, n := range carriers(e, "attic") {
		if n != 0 && n != 10 {
			t.Errorf("the loops carry %v of 10", carriers(e, "attic"))
		}
	}
}

func TestADrainFindsWhoIsMoving(t *testing.T) {
	for range 20 {
		e := onLoops(t)
		var people []*peer
		for i := range 8 {
			p := tcp(t, e)
			p.send(fmt.Sprintf(`{"type":"join","username":"u%d","room":"attic"}`, i))
			people = append(people, p)
		}
		drained := make(chan error, 1)
		go func() { drained <- e.Drain(t.Context()) }()
		for _, p := range people {
			p.wantClose(1001)
		}
		if err := <-drained; err != nil {
			t.Fatal(err)
		}
		if n := len(e.rooms.all()); n != 0 {
			t.Fatalf("%d rooms are held open by nobody", n)
		}
	}
}

func TestARevocationFindsWhoIsMoving(t *testing.T) {
	for range 20 {
		e := onLoops(t)
		ada := holder("ada", time.Now())
		var people []*peer
		for i := range 8 {
			p := tcp(t, e, as(ada))
			p.send(fmt.Sprintf(`{"type":"join","username":"u%d","room":"attic"}`, i))
			people = append(people, p)
		}
		e.revoked.learn(store.Revocation{Token: ada.Terms.Token.String(), At: time.Now().UnixMilli()})
		for _, p := range people {
			p.wantClose(4401)
		}
	}
}

// All are looked through loop by loop, and one who is on the way from one to another is
// in neither.
func TestWhoIsRevokedBetweenLoopsIsClosedByTheNext(t *testing.T) {
	e := startEngine(t)
	from, to := newHandLoop(t, e), newHandLoop(t, e)
	ada := holder("ada", time.Now())
	p, c := from.dial(as(ada))
	c.moves = to.loop
	c.move()
	e.revoked.mu.Lock()
	e.revoked.byToken[ada.Terms.Token] = time.Now().UnixMilli()
	e.revoked.mu.Unlock()
	to.rest()
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	p.wantClose(4401)
}
