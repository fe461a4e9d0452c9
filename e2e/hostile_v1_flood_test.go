//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

// Floods of commands whose answers nobody reads: what they take of the server is
// bounded for each session, the next client is served meanwhile, and nothing is left.
func TestFloodsOfCommandsCostLittleAndLeaveNothing(t *testing.T) {
	s := startServer(t, "--store", "sqlite", "--rate", "off")
	talk(t, s, "pages", 6000, 3900) // which also fills the caches of the store
	for i := range 200 {
		talk(t, s, fmt.Sprint("one of many ", i), 1, 10)
	}
	ada := mustDialV1(t, s, "ada", "")
	said := ada.mustDo(t, "send", fields{"room": "pages", "text": "the last one"})
	eventually(t, "everything can be found", func() bool { return ada.mustDo(t, "search", fields{"text": "last"}).Indexed >= said.TS })
	ada.hangUp()
	serveNextV1(t, s)
	before := restingFootprint(t, s)
	for _, c := range []struct {
		name  string
		peers int
		grows int // bytes that the server may grow by at most, for each
		flood func(t *testing.T, s *server, i int)
	}{
		{"pings", 50, 512 << 10, untilStuckWith(`{"type":"ping","id":"a"}`)},
		{"pages of history", 50, 512 << 10, untilStuckWith(`{"type":"history","id":"a","room":"pages","limit":100}`)},
		{"searches", 50, 512 << 10, untilStuckWith(`{"type":"search","id":"a","text":"x","limit":100}`)},
		{"lists of rooms", 50, 512 << 10, untilStuckWith(`{"type":"rooms","id":"a"}`)},
		{"read marks", 50, 512 << 10, untilStuckWith(`{"type":"read","id":"a","room":"pages","seq":7}`)},
		{"typing", 50, 512 << 10, untilStuckWith(`{"type":"join","id":"j","room":"typing"}`, `{"type":"typing","id":"a","room":"typing"}`)},
		{"new names", 50, 512 << 10, untilStuckWith(`{"type":"join","id":"j","room":"names"}`, `{"type":"rename","id":"a","name":"eve"}`)},
		{"joins of one room", 50, 512 << 10, untilStuckWith(`{"type":"join","id":"a","room":"pages","last":200}`)},
		{"sends", 20, 1 << 20, untilStuckWith(`{"type":"send","id":"a","room":"sends","text":"` + strings.Repeat("x", 4000) + `"}`)},
		{"keys", 20, 512 << 10, manyKeys},
		{"rooms that nobody knows", 100, manyRooms * 8 << 10, joinMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			had := memory(t, s, "VmRSS")
			var all sync.WaitGroup
			for i := range c.peers {
				all.Go(func() { c.flood(t, s, i) })
			}
			all.Wait()
			serveNextV1(t, s) // while they are there
			grown := memory(t, s, "VmRSS") - had
			t.Logf("grown by %d kB, %d each", grown>>10, grown/c.peers>>10)
			if grown > c.peers*c.grows {
				t.Errorf("the server has grown by %d kB for each, want %d at most", grown/c.peers>>10, c.grows>>10)
			}
		})
		wantSettled(t, s, before)
	}
}

// untilStuckWith sends first frames once, and the last one until the server takes no
// more.
func untilStuckWith(frames ...string) func(t *testing.T, s *server, i int) {
	return func(t *testing.T, s *server, _ int) {
		p := flooder(t, s, "Sec-WebSocket-Protocol: parley.v1")
		last := len(frames) - 1
		for _, first := range frames[:last] {
			if _, err := p.conn.Write(clientFrame(fin|text, first)); err != nil {
				t.Error(err)
			}
		}
		p.untilStuck(t, clientFrame(fin|text, frames[last]))
	}
}

// manyKeys sends messages that all have a key of their own.
func manyKeys(t *testing.T, s *server, i int) {
	p := flooder(t, s, "Sec-WebSocket-Protocol: parley.v1")
	var frames []byte
	for n := range 1000 {
		frames = append(frames, clientFrame(fin|text, fmt.Sprintf(`{"type":"send","id":"%d","room":"keys","text":"x","key":"%d %d %s"}`, n, i, n, strings.Repeat("k", 40)))...)
	}
	p.untilStuck(t, frames)
}

// manyRooms is as many as one may join in ten seconds without being slowed down, and
// one less than a session may be in.
const manyRooms = 99

// joinMany joins rooms that nobody else knows.
func joinMany(t *testing.T, s *server, i int) {
	p := flooder(t, s, "Sec-WebSocket-Protocol: parley.v1")
	for n := range manyRooms {
		if _, err := p.conn.Write(clientFrame(fin|text, fmt.Sprintf(`{"type":"join","id":"a","room":"room %d of %d"}`, n, i))); err != nil {
			t.Error(err)
		}
	}
	p.send(v1StillThere())
	if seen := p.seenV1(); seen != strings.Repeat("ok; ", manyRooms)+"lives" {
		t.Errorf("%d joins: %q", manyRooms, seen)
	}
}

// One who joins without end is told that this is too much, then closed.
func TestJoinsOfRoomsWithoutEndAreRefusedThenClosed(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--rate", "off")
	p := upgradedV1(t, s)
	var frames []byte
	for n := range 100_000 {
		frames = append(frames, clientFrame(fin|text, fmt.Sprintf(`{"type":"join","id":"a","room":"room %d"}`, n))...)
	}
	p.send(frames)
	want := strings.Repeat("ok; ", 100) + strings.Repeat("too_many; ", 100) + "closed with 4429"
	if seen := p.seenV1(); seen != want {
		t.Errorf("eve saw %q, want a hundred rooms, a hundred refusals, and 4429", seen)
	}
	serveNextV1(t, s)
}

// Ten thousand commands at once, whose sender reads nothing until others were served,
// are each answered once.
func TestTenThousandCommandsAtOnceAreAnsweredOnceEach(t *testing.T) {
	const commands = 10_000
	s := startServer(t, "--store", "sqlite", "--rate", "off")
	p := upgradedV1(t, s)
	var frames []byte
	for n := range commands {
		command := [...]string{
			`{"type":"send","id":"%d","room":"lobby","text":"x"}`,
			`{"type":"react","id":"%d","room":"lobby","seq":1,"emoji":"👍"}`,
			`{"type":"history","id":"%d","room":"lobby","limit":3}`,
			`{"type":"ping","id":"%d"}`,
			`{"type":"join","id":"%d","room":"lobby","last":2}`,
			`{"type":"read","id":"%d","room":"lobby","seq":1}`,
		}
		kind := command[n%len(command)]
		if n%len(command) == 4 && n > 300 { // joins are slowed down
			kind = command[3]
		}
		frames = append(frames, clientFrame(fin|text, fmt.Sprintf(kind, n))...)
	}
	p.send(frames)
	for range 3 {
		serveNextV1(t, s)
	}
	answered := map[string]bool{}
	p.wait(2 * patience)
	for len(answered) < commands {
		m, err := p.next()
		if err != nil || m.Op == frame.Close {
			t.Fatalf("after %d answers: %v %q", len(answered), err, m.Payload)
		}
		var r reply
		if err := json.Unmarshal(m.Payload, &r); err != nil {
			t.Fatalf("%.100q: %v", m.Payload, err)
		}
		if r.ID == "" {
			continue
		}
		if answered[r.ID] || r.Type != "ok" {
			t.Fatalf("command %s is answered with %.200s", r.ID, m.Payload)
		}
		answered[r.ID] = true
	}
	serveNextV1(t, s)
}
