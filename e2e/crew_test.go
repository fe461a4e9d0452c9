//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crew is clients that send as fast as they are acknowledged, and come again when
// their connection is gone: with the pass, the cursor and the keys that they have.
type crew struct {
	t        *testing.T
	hands    []*hand
	url      atomic.Pointer[string] // of the server; nil before the first
	acked    atomic.Int64
	comes    atomic.Int64 // sessions that were begun
	repeated atomic.Int64 // acknowledgements that the server had given before, but that never came
	enough   atomic.Bool  // nothing new is sent
	wait     sync.WaitGroup
}

// hand is one client of a crew. Its goroutine owns it until the crew has stopped.
type hand struct {
	*crew
	number int
	room   string
	user   string // its id, once it knows it
	pass   string
	epoch  string
	acked  []uint64   // the seq of its n-th message; 0 until it is acknowledged
	outbox []int      // those that wait for it, in order
	view   []sighting // what it has read of its room, from seq 1 on
}

// sighting is an event as somebody saw it: whose n-th message it is.
type sighting struct {
	from, n int32
	ts      int64
}

// window is how many messages a hand has sent without an answer.
const window = 4

// hangsUp is after how many acknowledgements a hand leaves its connection, about.
const hangsUp = 3000

// sail has n clients send in so many rooms, from when the crew has a url.
func sail(t *testing.T, n, rooms int) *crew {
	c := &crew{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	for i := range n {
		h := &hand{crew: c, number: i, room: fmt.Sprintf("room-%d", i%rooms)}
		c.hands = append(c.hands, h)
		c.wait.Go(func() { h.work(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		c.wait.Wait()
	})
	return c
}

// finish has everybody hear of what they sent, then read their room to its end. The
// crew has a url of a server that stays.
func (c *crew) finish() {
	c.t.Helper()
	c.enough.Store(true)
	c.wait.Wait()
	for _, h := range c.hands {
		c.wait.Go(func() {
			if err := h.session(c.t.Context(), true); !errors.Is(err, errCaughtUp) {
				c.t.Errorf("hand %d can't catch up: %v", h.number, err)
			}
		})
	}
	c.wait.Wait()
}

// work comes again and again, until everything is acknowledged and that is enough.
func (h *hand) work(ctx context.Context) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !h.enough.Load() || len(h.outbox) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		if h.url.Load() == nil {
			continue
		}
		if err := h.session(ctx, false); errors.Is(err, errBroken) {
			h.t.Errorf("hand %d: %v", h.number, err)
			return
		}
	}
}

var (
	errBroken   = errors.New("a promise is broken")
	errCaughtUp = errors.New("caught up")
)

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errBroken, fmt.Sprintf(format, args...))
}

// session resumes, then sends until the connection ends, or, at last, reads what
// there is.
func (h *hand) session(ctx context.Context, last bool) error {
	c, err := dialV1At(ctx, *h.url.Load(), fmt.Sprint("hand ", h.number), h.pass)
	if err != nil {
		return err
	}
	defer c.hangUp()
	h.comes.Add(1)
	if h.user != "" && c.welcome.User.ID != h.user {
		return broken("with a pass of %s it is %s", h.user, c.welcome.User.ID)
	}
	h.user, h.pass = c.welcome.User.ID, c.welcome.Pass
	if err := h.resume(ctx, c); err != nil {
		return err
	}
	for _, n := range h.outbox {
		if err := h.send(ctx, c, n); err != nil {
			return err
		}
	}
	for {
		if err := h.sendMore(ctx, c); err != nil {
			return err
		}
		if !last && h.enough.Load() && len(h.outbox) == 0 {
			return nil
		}
		if err := h.hear(ctx, c, last); err != nil {
			return err
		}
	}
}

// resume joins where the view ends.
func (h *hand) resume(ctx context.Context, c *v1) error {
	if h.epoch == "" {
		joined, err := c.do(ctx, "join", fields{"room": h.room, "last": 0})
		if err != nil {
			return err
		}
		h.epoch = joined.Room.Epoch
	}
	seen := uint64(len(h.view))
	joined, err := c.do(ctx, "join", fields{"room": h.room, "since": fields{"epoch": h.epoch, "seq": seen}})
	switch {
	case err != nil:
		return err
	case joined.Type != "ok", joined.Reset != "", joined.From != seen+1:
		return broken("a join since %d of epoch %s: %+v", seen, h.epoch, joined)
	}
	c.held = nil // of the join before this one
	return nil
}

// sendMore fills the window.
func (h *hand) sendMore(ctx context.Context, c *v1) error {
	for len(h.outbox) < window && !h.enough.Load() {
		n := len(h.acked)
		h.acked = append(h.acked, 0)
		h.outbox = append(h.outbox, n)
		if err := h.send(ctx, c, n); err != nil {
			return err
		}
	}
	return nil
}

func (h *hand) send(ctx context.Context, c *v1, n int) error {
	return c.write(ctx, "send", fmt.Sprint(n), fields{"room": h.room, "text": textOf(h.number, n), "key": keyOf(h.number, n)})
}

func textOf(from, n int) string { return fmt.Sprint(from, " ", n) }
func keyOf(from, n int) string  { return fmt.Sprint("key ", from, " ", n) }

// hear takes the next frame.
func (h *hand) hear(ctx context.Context, c *v1, last bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := c.next(ctx)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return broken("silence, with %d messages on their way", len(h.outbox))
	case err != nil:
		return err
	case r.Type == "ok":
		return h.acknowledged(&r)
	case r.Type == "event":
		return h.see(&r)
	case r.Type == "caught_up" && last:
		return errCaughtUp
	case r.Type == "caught_up":
		return nil
	}
	return broken("it was told %+v", r)
}

func (h *hand) acknowledged(r *reply) error {
	var n int
	if _, err := fmt.Sscan(r.ID, &n); err != nil || len(h.outbox) == 0 || n != h.outbox[0] || r.Seq == 0 {
		return broken("%v wait in this order, and it is told %+v", h.outbox, r)
	}
	h.outbox = h.outbox[1:]
	h.acked[n] = r.Seq
	if r.Repeated {
		h.repeated.Add(1)
	}
	h.crew.acked.Add(1)
	if rand.IntN(hangsUp) == 0 {
		return errors.New("it hangs up")
	}
	return nil
}

func (h *hand) see(r *reply) error {
	s, err := sightingOf(r.Text, r.Key, r.TS)
	if want := uint64(len(h.view)) + 1; err != nil || r.Seq != want || r.Room.Name != h.room {
		return broken("want event %d of %s, got %+v (%v)", want, h.room, r, err)
	}
	h.view = append(h.view, s)
	return nil
}

// sightingOf says whose message it is.
func sightingOf(text, key string, ts int64) (sighting, error) {
	var from, n int
	_, err := fmt.Sscanf(text, "%d %d", &from, &n)
	if err == nil && key != keyOf(from, n) {
		err = errors.New("it has another's key")
	}
	return sighting{int32(from), int32(n), ts}, err
}
