//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// A handshake or a message that was begun has ten seconds, however its bytes
// trickle in. The peers here stall side by side, and disturb nobody meanwhile.
func TestStallingPeersAreClosedInTenSeconds(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	serveNext(t, s)
	before := restingFootprint(t, s)
	part := clientFrame(fin|text, `{"type":"join"}`)
	for name, c := range map[string]struct {
		upgraded bool
		first    []byte // sent at once
		drip     []byte // sent one byte every half second
		want     string
	}{
		"nothing at all":              {want: "ended"},
		"half a request line":         {first: []byte("GET /w"), want: "400"},
		"all but the last line":       {first: handshake()[:len(handshake())-2], want: "ended"},
		"a header byte by byte":       {first: []byte("GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "), drip: []byte(strings.Repeat("a", 100)), want: "ended"},
		"a TLS hello":                 {first: []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), want: "400"},
		"half a frame's header":       {upgraded: true, first: part[:1], want: "closed with 1008"},
		"a header without payload":    {upgraded: true, first: part[:6], want: "closed with 1008"},
		"half a payload":              {upgraded: true, first: part[:12], want: "closed with 1008"},
		"a payload byte by byte":      {upgraded: true, first: clientFrame(fin|text, strings.Repeat(" ", 200))[:8], drip: clientFrame(fin|text, strings.Repeat(" ", 200))[8:], want: "closed with 1008"},
		"half a message":              {upgraded: true, first: clientFrame(text, "{"), want: "closed with 1008"},
		"half a message, and pongs":   {upgraded: true, first: clientFrame(text, "{"), drip: slices.Repeat(clientFrame(fin|pong, ""), 20), want: "closed with 1008"},
		"empty fragments, one by one": {upgraded: true, first: clientFrame(text, ""), drip: slices.Repeat(clientFrame(cont, ""), 20), want: "closed with 1008"},
		"half a close":                {upgraded: true, first: clientFrame(fin|closing, "\x03\xe8bye")[:7], want: "closed with 1008"},
	} {
		p := connect(t, s)
		if c.upgraded {
			p = upgraded(t, s)
		}
		began := time.Now()
		go p.stall(c.first, c.drip)
		seen := make(chan string, 1)
		go func() {
			if !c.upgraded {
				seen <- p.status()
				return
			}
			seen <- p.seen()
		}()
		defer func() { // by then all of them stall
			if got := <-seen; got != c.want {
				t.Errorf("%s: the peer saw %q, want %q", name, got, c.want)
			}
			if took := time.Since(began); took < 9*time.Second || took > 12*time.Second {
				t.Errorf("%s: it took %v, want 10 s", name, took)
			}
			p.conn.Close()
		}()
	}
	serveNext(t, s)
	t.Cleanup(func() { wantSettled(t, s, before) })
}

// stall sends first, and then drip in half seconds, until nobody listens.
func (p *peer) stall(first, drip []byte) {
	if _, err := p.conn.Write(first); err != nil {
		return
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for i := range drip {
		<-tick.C
		if _, err := p.conn.Write(drip[i : i+1]); err != nil {
			return
		}
	}
}

// One who joins and leaves without end is slowed down to 100 in ten seconds:
// nothing is refused, and nothing is lost.
func TestJoinFloodIsSlowedAndAnswered(t *testing.T) {
	t.Parallel()
	const joins = 120
	s := startServer(t)
	p := upgraded(t, s)
	began := time.Now()
	p.send(slices.Repeat(clientFrame(fin|text, `{"type":"join","username":"eve"}`), joins))
	p.wait(patience)
	for i := range joins {
		m, err := p.next()
		if err != nil {
			t.Fatalf("join %d: %v", i, err)
		}
		if got := said(m.Payload); m.Op != frame.Text || got != "eve joined #general" {
			t.Fatalf("join %d: %q", i, got)
		}
	}
	if took := time.Since(began); took < 9*time.Second {
		t.Errorf("%d joins took %v, want 10 s at least", joins, took)
	}
	serveNext(t, s)
}
