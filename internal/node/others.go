package node

import (
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/metrics"
)

// showOthers has the counters tell of the node's place among others, once that is started.
func showOthers(m *metrics.Metrics, c *cluster.Cluster) {
	if c == nil {
		return
	}
	m.Among(func() metrics.Cluster {
		s, ok := c.Stats()
		now := metrics.Cluster{
			Nodes: c.Nodes(), Broker: ok, Up: !c.Away() && !s.Away,
			Published: s.Published, PublishedBytes: s.PublishedBytes, Heard: s.Heard, HeardBytes: s.HeardBytes,
			Dropped: map[string]uint64{}, Reconnects: s.Reconnects, Forged: c.Forged(), Topics: s.Topics, Waiting: s.Waiting,
		}
		for reason, n := range s.Dropped {
			now.Dropped[string(reason)] = n
		}
		return now
	})
}
