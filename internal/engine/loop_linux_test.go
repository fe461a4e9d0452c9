package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// A peer that asks for more than it reads has some of what it sent held back. Once
// there is room again, all of it is answered, although nothing new comes.
func TestWhatWasHeldBackGoesOnWhenThereIsRoom(t *testing.T) {
	h := newHandLoop(t, startEngine(t))
	p, c := h.narrow()
	const pings = 4000
	payload := strings.Repeat("p", 125)
	var all []byte
	for range pings {
		all = frame.AppendMaskedFrame(all, frame.Ping, []byte(payload), [4]byte{1, 2, 3, 4})
	}
	sent := make(chan struct{})
	go func() { defer close(sent); _, _ = p.conn.Write(all) }()
	h.until("its socket is full, and something is held back", func() bool {
		return c.blocked && len(c.session.inbox) > 0 && len(h.steps) == 0
	})
	for answered := range pings {
		_ = p.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		op, got, err := p.read()
		for late := time.Now().Add(patience); err != nil && time.Now().Before(late); op, got, err = p.read() {
			h.round()
			_ = p.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		}
		if err != nil || op != frame.Pong || got != payload {
			t.Fatalf("ping %d is answered with %v %q, %v; %d bytes are held back", answered, op, got, err, len(c.session.inbox))
		}
	}
	<-sent
}
