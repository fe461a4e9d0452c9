package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Cluster is what there is to count of a node among others. The broker counts by itself.
type Cluster struct {
	Nodes  int  // that hold a lease, this one among them
	Broker bool // there is one
	Up     bool // other nodes are heard through it

	Published, PublishedBytes uint64
	Heard, HeardBytes         uint64
	Dropped                   map[string]uint64 // by reason
	Reconnects                uint64
	Forged                    uint64
	Topics                    int // listened to
	Waiting                   int // bytes to be published
}

// clusters shows what a node says of others at the moment when it is asked.
type clusters struct {
	look atomic.Pointer[func() Cluster] // nil: the node is alone

	nodes, up, topics, waiting                   *prometheus.Desc
	published, publishedBytes, heard, heardBytes *prometheus.Desc
	dropped, reconnects, forged                  *prometheus.Desc
}

func newClusters() *clusters {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("parley_"+name, help, labels, nil)
	}
	return &clusters{
		nodes:          desc("nodes", "Nodes that share the store, this one among them."),
		up:             desc("broker_up", "1 while other nodes are heard through the broker; 0 while the store is asked in its place. Nothing without a broker."),
		published:      desc("broker_published_total", "Messages published to other nodes."),
		publishedBytes: desc("broker_published_bytes_total", "Their bytes."),
		heard:          desc("broker_heard_total", "Messages heard from nodes, this one among them."),
		heardBytes:     desc("broker_heard_bytes_total", "Their bytes."),
		dropped:        desc("broker_dropped_total", "Messages dropped, by reason: the store has what they said.", "reason"),
		reconnects:     desc("broker_reconnects_total", "Times that the way to the broker was cut, and was there again."),
		forged:         desc("broker_forged_total", "Messages heard that no node of this store has made."),
		topics:         desc("broker_topics", "Topics listened to: rooms that somebody here is in, and a few more."),
		waiting:        desc("broker_waiting_bytes", "Bytes that wait to be published."),
	}
}

// Among has the counters tell of other nodes what look says.
func (m *Metrics) Among(look func() Cluster) { m.clusters.look.Store(&look) }

// Describe implements prometheus.Collector.
func (c *clusters) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.nodes, c.up, c.topics, c.waiting, c.published, c.publishedBytes, c.heard, c.heardBytes, c.dropped, c.reconnects, c.forged,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *clusters) Collect(ch chan<- prometheus.Metric) {
	now := Cluster{Nodes: 1}
	if look := c.look.Load(); look != nil {
		now = (*look)()
	}
	gauge := func(d *prometheus.Desc, n int) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n))
	}
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge(c.nodes, now.Nodes)
	switch {
	case now.Broker && now.Up:
		gauge(c.up, 1)
	case now.Broker:
		gauge(c.up, 0)
	}
	gauge(c.topics, now.Topics)
	gauge(c.waiting, now.Waiting)
	count(c.published, now.Published)
	count(c.publishedBytes, now.PublishedBytes)
	count(c.heard, now.Heard)
	count(c.heardBytes, now.HeardBytes)
	count(c.reconnects, now.Reconnects)
	count(c.forged, now.Forged)
	for reason, n := range now.Dropped {
		count(c.dropped, n, reason)
	}
}
