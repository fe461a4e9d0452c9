package cluster

import "github.com/parley-chat/parley/internal/broker"

// Nodes is how many nodes hold a lease, this one among them, as far as this node knows.
func (c *Cluster) Nodes() int { return 1 + int(c.others.Load()) }

// Stats is what the broker says about itself; ok: there is one that does.
func (c *Cluster) Stats() (s broker.Stats, ok bool) {
	counts, ok := c.broker.(interface{ Stats() broker.Stats })
	if !ok {
		return s, false
	}
	return counts.Stats(), true
}
