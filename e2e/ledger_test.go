//go:build e2e

package e2e

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

// logOf reads a room's whole log from a data folder that no server holds.
func logOf(t *testing.T, s *sqlite.Store, room string) (events []protocol.Event) {
	t.Helper()
	for {
		page, err := s.Read(t.Context(), room, protocol.Seq(len(events)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return events
		}
		events = append(events, page...)
	}
}

// openFolder opens what a server left.
func openFolder(t *testing.T, data string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// verdict is what a crew and a log have to say of each other.
type verdict struct {
	acked, stored                                int
	lost, doubled, holes, disordered, views, odd int
}

// compare holds what is stored in a data folder against what the crew was told, and
// what each of it has seen. The crew has finished, and the server is gone.
func (c *crew) compare(data string) {
	c.t.Helper()
	s := openFolder(c.t, data)
	var v verdict
	places := make([][]uint64, len(c.hands)) // of each one's n-th message
	for i, h := range c.hands {
		places[i] = make([]uint64, len(h.acked))
	}
	for _, room := range c.rooms() {
		log := c.read(s, room, places, &v)
		for _, h := range c.hands {
			if h.room == room && !slices.Equal(h.view, log) {
				v.views++
			}
		}
	}
	for i, h := range c.hands {
		c.count(h, places[i], &v)
	}
	c.t.Logf("%d acknowledged, %d stored: %d lost, %d doubled, %d holes, %d out of their order, %d not as answered; %d views of %d are not the log",
		v.acked, v.stored, v.lost, v.doubled, v.holes, v.disordered, v.odd, v.views, len(c.hands))
	c.t.Logf("%d sessions; %d acknowledgements that were lost came again", c.comes.Load(), c.repeated.Load())
	if v.lost+v.doubled+v.holes+v.disordered+v.odd+v.views > 0 || v.acked == 0 || v.stored != v.acked {
		c.t.Error("the log and its clients do not agree")
	}
}

func (c *crew) rooms() (rooms []string) {
	for _, h := range c.hands {
		if !slices.Contains(rooms, h.room) {
			rooms = append(rooms, h.room)
		}
	}
	return rooms
}

// read is a room's log as its readers should have seen it. It notes where each
// message stands.
func (c *crew) read(s *sqlite.Store, room string, places [][]uint64, v *verdict) (log []sighting) {
	c.t.Helper()
	last := make([]int32, len(places)) // each one's newest message, from 1
	before := int64(0)
	for _, e := range logOf(c.t, s, room) {
		m, err := sightingOf(e.Text, e.Key, e.TS)
		if err != nil || int(m.from) >= len(places) || int(m.n) >= len(places[m.from]) || c.hands[m.from].room != room || e.User.ID != c.hands[m.from].user {
			c.t.Fatalf("%s: nobody sent %+v (%v)", room, e, err)
		}
		if log = append(log, m); e.Seq != protocol.Seq(len(log)) {
			v.holes++
		}
		if places[m.from][m.n] != 0 {
			v.doubled++
		}
		if m.n != last[m.from] || e.TS < before {
			v.disordered++
		}
		places[m.from][m.n] = uint64(e.Seq)
		last[m.from], before = m.n+1, e.TS
		v.stored++
	}
	return log
}

// count holds what a hand was told against where its messages stand.
func (c *crew) count(h *hand, places []uint64, v *verdict) {
	for n, seq := range h.acked {
		switch {
		case seq == 0:
			continue
		case places[n] == 0:
			v.lost++
		case places[n] != seq:
			v.odd++
		}
		v.acked++
	}
}
