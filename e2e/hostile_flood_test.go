//go:build e2e

package e2e

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

const mega = 1 << 20

// Floods by many peers at once against one server: what they take is bounded,
// and gone when they are.
func TestFloodsCostLittleAndLeaveNothing(t *testing.T) {
	s := startServer(t)
	serveNext(t, s)
	before := restingFootprint(t, s)
	for _, c := range []struct {
		name  string
		peers int
		grows int // bytes that the server may grow by at most
		flood func(t *testing.T, s *server)
	}{
		{"pings whose pongs nobody reads", 50, 16 * mega, pingUntilStuck},
		{"errors that nobody reads", 50, 16 * mega, errorsUntilStuck},
		{"deflate bombs", 200, 48 * mega, bomb},
		{"resets in the middle of a frame", 200, 24 * mega, resetInAFrame},
		{"resets in the middle of a handshake", 200, 24 * mega, resetInAHandshake},
		{"half closes", 200, 24 * mega, closeHalf},
		{"messages of 64 KiB without their last byte", 200, 80 * mega, almostWhole},
	} {
		t.Run(c.name, func(t *testing.T) {
			had := memory(t, s, "VmRSS")
			var all sync.WaitGroup
			for range c.peers {
				all.Go(func() { c.flood(t, s) })
			}
			all.Wait()
			serveNext(t, s) // while those who keep their connection are there
			grown := memory(t, s, "VmRSS") - had
			t.Logf("grown by %d kB", grown>>10)
			if grown > c.grows {
				t.Errorf("the server has grown by %d MiB, want %d at most", grown/mega, c.grows/mega)
			}
		})
		wantSettled(t, s, before)
	}
}

// flooder is upgraded for goroutines, which can't end a test.
func flooder(t *testing.T, s *server, extra ...string) *peer {
	p := connect(t, s)
	if _, err := p.conn.Write(handshake(extra...)); err != nil {
		t.Error(err)
	}
	if got := p.status(); got != "101" {
		t.Errorf("a good handshake: %s, want 101", got)
	}
	return p
}

// untilStuck writes without reading until the server takes no more: it stops
// reading, or hangs up.
func (p *peer) untilStuck(t *testing.T, b []byte) {
	chunk := bytes.Repeat(b, 1+64<<10/len(b))
	for sent := 0; ; {
		_ = p.conn.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		n, err := p.conn.Write(chunk)
		sent += n
		switch {
		case err != nil:
			return
		case sent > 64*mega: // more than all the kernel's buffers
			t.Errorf("the server took %d bytes although nobody reads its answers", sent)
			return
		}
	}
}

func pingUntilStuck(t *testing.T, s *server) {
	flooder(t, s).untilStuck(t, clientFrame(fin|ping, strings.Repeat("p", 125)))
}

func errorsUntilStuck(t *testing.T, s *server) {
	flooder(t, s).untilStuck(t, clientFrame(fin|text, "no JSON"))
}

func bomb(t *testing.T, s *server) {
	p := flooder(t, s, "Sec-WebSocket-Extensions: permessage-deflate")
	p.send(clientFrame(fin|rsv1|text, deflate(t, strings.Repeat(" ", mega))))
	if seen := p.seen(); seen != "closed with 1009" {
		t.Errorf("a bomb: %q", seen)
	}
	p.conn.Close()
}

func resetInAFrame(t *testing.T, s *server) {
	p := flooder(t, s)
	if _, err := p.conn.Write(clientFrame(fin|text, strings.Repeat(" ", 1000))[:500]); err != nil {
		t.Error(err)
	}
	p.reset(t)
}

func resetInAHandshake(t *testing.T, s *server) {
	p := connect(t, s)
	if _, err := p.conn.Write(handshake()[:60]); err != nil {
		t.Error(err)
	}
	p.reset(t)
}

// reset ends the connection by RST.
func (p *peer) reset(t *testing.T) {
	if err := p.conn.SetLinger(0); err != nil {
		t.Error(err)
	}
	p.conn.Close()
}

func closeHalf(t *testing.T, s *server) {
	p := flooder(t, s)
	if err := p.conn.CloseWrite(); err != nil {
		t.Error(err)
	}
	if seen := p.seen(); seen != "ended" {
		t.Errorf("after a half close: %q, want that the other half ends", seen)
	}
	p.conn.Close()
}

func almostWhole(t *testing.T, s *server) {
	p := flooder(t, s)
	whole := clientFrame(fin|text, strings.Repeat(" ", 64<<10))
	if _, err := p.conn.Write(whole[:len(whole)-1]); err != nil {
		t.Error(err)
	}
}

func TestChatFloodIsRefusedThenClosed(t *testing.T) {
	s := startServer(t)
	p := upgraded(t, s)
	p.send(append(clientFrame(fin|text, `{"type":"join","username":"eve"}`),
		bytes.Repeat(clientFrame(fin|text, `{"type":"chat","text":"buy"}`), 1000)...))
	want := "eve joined #general; " + strings.Repeat("eve: buy; ", 10) + strings.Repeat("Slow down! Max 10 msgs/10s; ", 100) + "closed with 4429"
	if seen := p.seen(); seen != want {
		t.Errorf("eve saw %q, want ten messages, a hundred refusals, and 4429", seen)
	}
	serveNext(t, s)
}
