//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// Fifty peers that send the dearest bytes they can are no reason to be late: the
// drain ends in ten seconds.
func TestDrainKeepsItsTimeUnderSiege(t *testing.T) {
	const peers = 50
	s := startServer(t)
	dear := clientFrame(fin|rsv1|text, deflate(t, "{"+strings.Repeat(`"":[],`, 10000)+`"":0}`))
	for range peers {
		p := flooder(t, s, "Sec-WebSocket-Extensions: permessage-deflate")
		go func() { // until the server hangs up
			for chunk := bytes.Repeat(dear, 1000); ; {
				if _, err := p.conn.Write(chunk); err != nil {
					return
				}
			}
		}()
		go p.swallow()
	}
	code, took := s.Stop()
	if code != 0 || took > 10*time.Second {
		t.Errorf("exit code %d after %v, want 0 within 10 s", code, took)
	}
}

// swallow reads until the end, and returns what a close frame said.
func (p *peer) swallow() (closedWith string) {
	p.wait(2 * patience)
	for {
		m, err := p.next()
		switch {
		case err != nil:
			return ending(err)
		case m.Op == frame.Close:
			code, reason, _ := frame.ParseClose(m.Payload)
			return fmt.Sprint(code, " ", reason)
		}
	}
}

// Notices name everybody in a room of up to 200. A few who join and leave as
// fast as they may must not make so many of them that those who read are closed
// for being slow.
func TestJoinFloodClosesNobodyElse(t *testing.T) {
	const members, flooders = 196, 4
	s := startServer(t)
	nameOf := func(i int) string { return fmt.Sprintf("%s%03d", strings.Repeat("😀", 37), i) } // 40 code points
	joinAs := func(i int) []byte {
		return clientFrame(fin|text, fmt.Sprintf(`{"type":"join","username":"%s","room":"crowd"}`, nameOf(i)))
	}
	var readers sync.WaitGroup
	seen := make(chan string, members)
	for i := range members {
		p := flooder(t, s)
		p.send(joinAs(i))
		readers.Go(func() { seen <- p.swallow() })
	}
	var floods sync.WaitGroup
	for i := range flooders {
		p := flooder(t, s)
		floods.Go(func() {
			p.send(bytes.Repeat(joinAs(900+i), 100))
			p.wait(patience)
			for told := 0; told < 100; { // that it has joined, at once or with the room
				m, err := p.next()
				if err != nil {
					t.Errorf("flooder %d was told %d times: %v", i, told, err)
					return
				}
				if strings.HasPrefix(string(m.Payload), `{"type":"system","text":"`+nameOf(900+i)+" joined") {
					told++
				}
			}
		})
	}
	floods.Wait()
	if n := len(seen); n > 0 {
		t.Errorf("%d of %d who read were closed, one with %q", n, members, <-seen)
	}
	if code, _ := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	readers.Wait()
}
