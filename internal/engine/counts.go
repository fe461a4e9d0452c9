package engine

import (
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
)

// counts is what a loop has done since it last told the node's counters, which are
// shared by all.
type counts struct {
	metrics *metrics.Metrics
	frames  int
	writes  int
}

func (n *counts) wrote(b *roomlog.Batch) {
	n.frames += b.Frames
	n.writes++
	if b.Frames > 0 {
		n.metrics.Delivery.Observe((roomlog.Since() - b.Oldest).Seconds())
	}
}

func (n *counts) publish() {
	if n.writes > 0 {
		n.metrics.Deliveries.Add(float64(n.frames))
		n.metrics.Writes.Add(float64(n.writes))
		n.frames, n.writes = 0, 0
	}
}
