//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

// crew is clients that each send their next message once the last one came back,
// and come again when their server is gone. Every text is sent once.
type crew struct {
	t     *testing.T
	hands []*hand
	url   atomic.Pointer[string] // of the server; nil before the first
	acked atomic.Int64
	stop  func() // returns once nobody sends any more
}

// hand is one client of a crew. Its goroutine owns it until the crew has stopped.
type hand struct {
	*crew
	number int
	room   string
	acked  []bool         // of its n-th message
	seen   map[int][]bool // of every hand's n-th message
}

// sail has n clients send in so many rooms, from when the crew has a url.
func sail(t *testing.T, n, rooms int) *crew {
	c := &crew{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for i := range n {
		h := &hand{crew: c, number: i, room: fmt.Sprintf("room-%d", i%rooms), seen: map[int][]bool{}}
		c.hands = append(c.hands, h)
		wait.Go(func() { h.work(ctx) })
	}
	c.stop = func() {
		cancel()
		wait.Wait()
	}
	t.Cleanup(c.stop)
	return c
}

func (h *hand) name() string { return fmt.Sprintf("hand-%d", h.number) }

// work comes again and again.
func (h *hand) work(ctx context.Context) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		if url := h.url.Load(); url != nil {
			h.session(ctx, *url)
		}
	}
}

// session sends until the connection ends.
func (h *hand) session(ctx context.Context, url string) {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // mostly gone already
	conn.SetReadLimit(1 << 20)
	if h.write(ctx, conn, map[string]string{"type": "join", "username": h.name(), "room": h.room}) != nil {
		return
	}
	for h.until(ctx, conn, message{Type: "system", Text: h.name() + " joined #" + h.room}) {
		n := len(h.acked)
		for {
			text := fmt.Sprintf("%d %d", h.number, n)
			h.acked = append(h.acked, false)
			if h.write(ctx, conn, map[string]string{"type": "chat", "text": text}) != nil ||
				!h.until(ctx, conn, message{Type: "chat", Username: h.name(), Text: text}) {
				return
			}
			h.acked[n] = true
			h.crew.acked.Add(1)
			n++
		}
	}
}

func (h *hand) write(ctx context.Context, conn *websocket.Conn, v map[string]string) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, data)
}

// until reads up to a message, and notes what it sees on the way.
func (h *hand) until(ctx context.Context, conn *websocket.Conn, last message) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				h.t.Errorf("%s waits in vain for %+v", h.name(), last)
			}
			return false
		}
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			h.t.Errorf("%s got %q: %v", h.name(), data, err)
			return false
		}
		if m.Type == "chat" {
			from, n, err := origin(m.Username, m.Text)
			if err != nil {
				h.t.Errorf("%s got %q: %v", h.name(), data, err)
				return false
			}
			h.seen[from] = mark(h.seen[from], n)
		}
		if m.Type == last.Type && m.Username == last.Username && m.Text == last.Text {
			return true
		}
		if m.Type == "error" {
			h.t.Errorf("%s was told %q", h.name(), data)
			return false
		}
	}
}

// origin is whose and which message it is.
func origin(name, text string) (from, n int, err error) {
	var again int
	if _, err = fmt.Sscanf(name+" "+text, "hand-%d %d %d", &again, &from, &n); err == nil && again != from {
		err = errors.New("it has another's name")
	}
	return from, n, err
}

// mark sets list[n], whatever its length.
func mark(list []bool, n int) []bool {
	for len(list) <= n {
		list = append(list, false)
	}
	list[n] = true
	return list
}

// compare holds what is stored in a data folder against what the crew was told.
// The crew has stopped, and the server is gone.
func (c *crew) compare(data string) {
	c.t.Helper()
	s, err := sqlite.Open(data, slog.New(slog.DiscardHandler))
	if err != nil {
		c.t.Fatal(err)
	}
	defer s.Close()
	rooms, err := s.Rooms(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	stored := make([][]int, len(c.hands)) // how often
	for i, h := range c.hands {
		stored[i] = make([]int, len(h.acked))
	}
	events, holes := 0, 0
	for _, room := range rooms {
		var last protocol.Event
		for page := []protocol.Event{{}}; len(page) > 0; {
			if page, err = s.Read(c.t.Context(), room.Name, last.Seq, 1000); err != nil {
				c.t.Fatal(err)
			}
			for _, e := range page {
				if e.Seq != last.Seq+1 {
					holes++
				}
				if e.TS < last.TS {
					c.t.Errorf("%s: the time falls at seq %d", room.Name, e.Seq)
				}
				from, n, err := origin(e.User.Name, e.Text)
				if err != nil || from >= len(c.hands) || n >= len(stored[from]) || c.hands[from].room != room.Name {
					c.t.Fatalf("%s: nobody sent %+v (%v)", room.Name, e, err)
				}
				stored[from][n]++
				last = e
				events++
			}
		}
		if room.Head != last.Seq {
			c.t.Errorf("%s: the head is %d, its last event %d", room.Name, room.Head, last.Seq)
		}
	}
	acked, lost, doubled, unseen := 0, 0, 0, 0
	for i, h := range c.hands {
		for n, was := range h.acked {
			if was {
				acked++
			}
			if was && stored[i][n] == 0 {
				lost++
			}
			if stored[i][n] > 1 {
				doubled++
			}
		}
		for from, seen := range h.seen {
			for n, was := range seen {
				if was && stored[from][n] == 0 {
					unseen++
				}
			}
		}
	}
	c.t.Logf("%d acknowledged, %d stored: %d lost, %d doubled, %d holes, %d seen but not stored", acked, events, lost, doubled, holes, unseen)
	if lost+doubled+holes+unseen > 0 || acked == 0 {
		c.t.Error("the store and its clients do not agree")
	}
}
