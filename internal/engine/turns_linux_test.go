package engine

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/poll"
)

// The heartbeat of a session on a loop: who answers stays, who is silent is cut off.
func TestALoopHearsWhoIsSilent(t *testing.T) {
	e := startEngine(t, func(c *Config) { c.Heartbeat = 30 * time.Second })
	h := newHandLoop(t, e)
	h.now = time.Now().Add(time.Hour) // it was idle for long before they came
	answers, a := h.dial()
	silent, s := h.dial()
	for range 5 {
		h.now = h.now.Add(30*time.Second + wheelTick)
		h.rest()
		if answers.wantPing(); !s.gone {
			silent.wantPing()
		}
		answers.sendFrame(frame.Pong, "")
		h.until("the pong is heard", func() bool { return !a.session.silent })
	}
	silent.wantEnd()
	if a.gone || !s.gone || h.count != 1 || h.wheel.count != 1 {
		t.Errorf("gone: %v and %v; %d connections, %d timers", a.gone, s.gone, h.count, h.wheel.count)
	}
}

// greedy is a peer that sends as fast as it is read, and never ends.
func greedy(t *testing.T, p *peer) {
	t.Helper()
	var many []byte
	for range 1000 {
		many = frame.AppendMaskedFrame(many, frame.Ping, []byte("more"), [4]byte{1, 2, 3, 4})
	}
	go func() {
		for {
			if _, err := p.conn.Write(many); err != nil {
				return
			}
		}
	}()
	go io.Copy(io.Discard, p.conn) //nolint:errcheck // ends with the session
}

// In each round every session that has something to do takes one turn, up to maxSteps
// of them: whoever asks for little waits for no more than one turn of each other.
func TestWhoAsksWithoutEndKeepsNobodyWaiting(t *testing.T) {
	const many = 3 * maxSteps / 2
	e := startEngine(t)
	h := newHandLoop(t, e)
	for range many {
		p, _ := h.dial()
		greedy(t, p)
	}
	p, c := h.dial()
	for range 20 { // rounds in which they are at it
		h.round()
	}
	for i := range 20 {
		p.send(`nonsense`)
		h.until("its bytes are here", func() bool { return c.readable || c.queued || !c.session.answers.empty() })
		rounds := h.until("it is answered", func() bool { return !c.queued && !c.readable && c.session.answers.empty() })
		if most := many/maxSteps + 3; rounds > most {
			t.Fatalf("answer %d took %d rounds, want at most %d", i, rounds, most)
		}
		if got := p.next(); got != errorFrame("Invalid JSON") {
			t.Fatal(got)
		}
	}
}

// crowd is so many members of a room on a loop, none of whom can be written to now.
func (h *handLoop) crowd(room *liveRoom, n int) *audience {
	a := h.audienceOf(room)
	for range n {
		a.add(member{conn: &loopConn{loop: h.loop, blocked: true}, presence: &presence{room: room}})
	}
	return a
}

// A pass goes through a big room in parts, and others get theirs in between.
func TestABigRoomKeepsNoSmallOneWaiting(t *testing.T) {
	h := newHandLoop(t, startEngine(t))
	var all []*audience
	for range 10 {
		all = append(all, h.crowd(&liveRoom{}, 1000))
	}
	quiet := h.crowd(&liveRoom{}, 1)
	rounds := 0
	for passes := range 50 {
		for _, a := range all { // always more, in each of them
			a.Wake()
		}
		quiet.Wake()
		before := quiet.load
		for n := 0; ; n++ {
			for _, a := range all {
				a.Wake()
			}
			h.round()
			rounds++
			if quiet.state == resting && quiet.marks.Load() == 0 && quiet.load != before {
				break
			}
			if most := len(all) + 2; n > most {
				t.Fatalf("pass %d of the quiet room took %d rounds, want at most %d", passes, n, most)
			}
		}
	}
	for _, a := range all {
		if a.at == 0 && a.state == resting {
			t.Error("a big room was left out")
		}
	}
}

// What a round does is bounded, however much there is: sessions that take a step, and
// members that are served.
func TestARoundIsBounded(t *testing.T) {
	h := newHandLoop(t, startEngine(t))
	for range 10 * maxSteps {
		h.steps = append(h.steps, &loopConn{loop: h.loop, gone: true, queued: true})
	}
	a := h.crowd(&liveRoom{}, 10*maxServed)
	a.Wake()
	for left := 9; left >= 0; left-- {
		h.round()
		if len(h.steps) != left*maxSteps || left > 0 && len(a.members)-a.at != left*maxServed {
			t.Fatalf("%d sessions have yet to take a step, %d members to be served; want %d and %d",
				len(h.steps), len(a.members)-a.at, left*maxSteps, left*maxServed)
		}
	}
	h.steps = nil
}

// One whose connection ends while its room's pass is at it takes nobody's turn.
func TestWhoEndsInAPassTakesNobodysTurn(t *testing.T) {
	const members = 40
	e := startEngine(t, unlimited)
	h := newHandLoop(t, e)
	var peers []*peer
	var conns []*loopConn
	for i := range members {
		p, c := h.dial()
		p.send(fmt.Sprintf(`{"type":"join","username":"m%d","room":"lobby"}`, i))
		h.until("it is in", func() bool {
			return h.audiences[e.rooms.byName["lobby"]] != nil && c.session.dialect.(*tutorialDialect).here != nil
		})
		peers, conns = append(peers, p), append(conns, c)
	}
	h.rest()
	a := h.audiences[e.rooms.byName["lobby"]]
	for i := 0; i < members; i += 3 { // the loop finds out when it writes to them
		conns[i].socket.CloseWrite() //nolint:errcheck // the next write says so
	}
	if _, refused := e.Do(t.Context(), guest("ada"), "send", []byte(`{"room":"lobby","text":"the last"}`)); refused != nil {
		t.Fatal(refused)
	}
	h.until("the pass is over", func() bool { return len(a.members) == members-(members+2)/3 && a.state == resting })
	h.rest()
	for i, p := range peers {
		if i%3 == 0 {
			continue
		}
		for !strings.Contains(p.next(), "the last") {
		}
	}
	for i, m := range a.members {
		if m.conn.gone || int(m.presence.member.Aside) != i {
			t.Errorf("at %d: gone %v, it believes to be at %d", i, m.conn.gone, m.presence.member.Aside)
		}
	}
}

// A socket's number is given to the next one. What was told of the old one isn't taken
// for the new one's.
func TestANumberThatIsGivenAgainIsAnothersConnection(t *testing.T) {
	h := newHandLoop(t, startEngine(t))
	seen := map[poll.Socket]bool{}
	again := 0
	for range 30 {
		p, c := h.dial()
		if seen[c.socket] {
			again++
		}
		seen[c.socket] = true
		if c.readable || c.ended || c.blocked {
			t.Fatal("it begins with what was another's")
		}
		p.send(`nonsense`)
		h.until("it is answered", func() bool { return c.session.strain != nil && c.session.answers.empty() })
		p.want(errorFrame("Invalid JSON"))
		p.send(`nonsense`)
		p.conn.Close()
		h.until("it is gone", func() bool { return c.gone })
		h.loop.round([]poll.Event{{Socket: c.socket, Readable: true, Ended: true, Writable: true}}, h.now) // told late
	}
	if again == 0 {
		t.Error("no number was given again")
	}
	if h.count != 0 || h.wheel.count != 0 {
		t.Errorf("%d connections and %d timers are left", h.count, h.wheel.count)
	}
}

// Signals for one who reads nothing take the place of those before them, or are passed
// over: they don't pile up.
func TestSignalsDoNotPileUpForOneWhoDoesNotRead(t *testing.T) {
	h := newHandLoop(t, startEngine(t))
	p, c := h.narrow(in)
	var many []byte
	for range 3000 {
		many = frame.AppendMaskedFrame(many, frame.Ping, []byte(strings.Repeat("p", 125)), [4]byte{1, 2, 3, 4})
	}
	go p.conn.Write(many) //nolint:errcheck // ends with the test
	h.until("its socket is full", func() bool { return c.blocked && len(h.steps) == 0 })
	before := c.session.answers.bytes
	for i := range 10_000 {
		c.Tell("lobby", fmt.Appendf(nil, `{"type":"read","room":"lobby","seq":%d,"unread":0,"mentions":0}`, i))
		h.round()
	}
	if got := c.session.answers.bytes - before; got > maxAnswerBytes {
		t.Errorf("%d bytes of signals wait for it", got)
	}
	last := make(chan string, 1)
	go func() {
		for op, payload, err := p.read(); ; op, payload, err = p.read() {
			if err != nil || op == frame.Text && strings.Contains(payload, `"seq":9999,`) {
				last <- payload
				return
			}
		}
	}()
	var got string
	h.until("it reads the newest", func() bool {
		select {
		case got = <-last:
		default:
		}
		return got != ""
	})
}

// A few bytes can inflate to much. In one turn a session takes little more of it than
// one message may be, and goes on in the next.
func TestATurnIsBoundedByWhatMessagesInflateTo(t *testing.T) {
	const dear = 30 << 10
	h := newHandLoop(t, startEngine(t))
	p, c := h.dial(func(o *Opening) { o.Deflate = true })
	one := frame.AppendDeflatedFrame(nil, frame.Text, []byte(strings.Repeat("x", dear)))
	c.session.silent = true
	p.sendBytes(bytes.Repeat(maskedAgain(one), 50))
	h.until("they are here", func() bool { return !c.session.silent })
	turns := h.until("all are answered", func() bool { return c.session.inbox == nil && !c.queued })
	if least := 50*dear/(maxTurn+dear) - 1; turns < least {
		t.Errorf("%d messages of %d bytes took %d turns, want at least %d", 50, dear, turns, least)
	}
	for range 50 {
		p.want(errorFrame("Invalid JSON"))
	}
}

// maskedAgain is a server's frame as a client would have sent it.
func maskedAgain(f []byte) []byte {
	header := 2
	if f[1] == 126 {
		header = 4
	}
	out := append(bytes.Clone(f[:header]), 1, 2, 3, 4)
	out[1] |= 0x80
	for i, b := range f[header:] {
		out = append(out, b^byte(i%4+1))
	}
	return out
}
