package engine

import (
	"time"

	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
)

// counts is what a loop has done since it last told the node's counters, which are
// shared by all.
type counts struct {
	// Fixed after newLoop.
	metrics *metrics.Metrics
	delays  *metrics.Part

	// Owned by the loop.
	now    time.Duration // about, as roomlog.Since counts: a look at the clock takes as long as all else here
	looked int           // writes since the clock was looked at
	frames int
	writes int
}

// lookEvery is how many writes go by without a look at the clock: some 50 µs.
const lookEvery = 8

func (n *counts) wrote(b *roomlog.Batch) {
	n.frames += b.Frames
	n.writes++
	if b.Frames == 0 {
		return
	}
	if n.looked++; n.looked == lookEvery || n.now < b.Oldest {
		n.looked, n.now = 0, roomlog.Since()
	}
	n.delays.Add(n.now - b.Oldest)
}

// begin is called before steps are taken, and before passes go on.
func (n *counts) begin() { n.now = roomlog.Since() }

func (n *counts) publish() {
	if n.writes > 0 {
		n.metrics.Deliveries.Add(float64(n.frames))
		n.metrics.Writes.Add(float64(n.writes))
		n.frames, n.writes = 0, 0
	}
}
