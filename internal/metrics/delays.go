package metrics

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Delays is a histogram of durations, in buckets that double from 50 µs to 26 s.
// Prometheus's own costs as much as a tenth of the write that it would be used for.
type Delays struct {
	// Fixed after newDelays.
	desc *prometheus.Desc

	mu    sync.Mutex
	parts []*Part
}

// Part is a share of a histogram. Any goroutine may add to it; who adds often has
// one of its own.
type Part struct {
	counts [delayBuckets + 1]atomic.Uint64 // the last is for what is longer than all
	sum    atomic.Int64                    // ns
}

const (
	shortestDelay = 50 * time.Microsecond
	delayBuckets  = 20
)

func newDelays(name, help string) *Delays {
	return &Delays{desc: prometheus.NewDesc(name, help, nil, nil)}
}

// Part gives a share, for good.
func (d *Delays) Part() *Part {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := new(Part)
	d.parts = append(d.parts, p)
	return p
}

// Add counts one delay.
func (p *Part) Add(delay time.Duration) {
	delay = max(delay, 0)
	bucket := bits.Len64(uint64((delay - 1) / shortestDelay)) // a bucket holds its upper bound
	p.counts[min(bucket, delayBuckets)].Add(1)
	p.sum.Add(int64(delay))
}

// Describe implements prometheus.Collector.
func (d *Delays) Describe(to chan<- *prometheus.Desc) { to <- d.desc }

// Collect implements prometheus.Collector.
func (d *Delays) Collect(to chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	below := map[float64]uint64{}
	var count uint64
	var sum time.Duration
	for i := range delayBuckets + 1 {
		for _, p := range d.parts {
			count += p.counts[i].Load()
		}
		if i < delayBuckets {
			below[(shortestDelay << i).Seconds()] = count
		}
	}
	for _, p := range d.parts {
		sum += time.Duration(p.sum.Load())
	}
	to <- prometheus.MustNewConstHistogram(d.desc, count, sum.Seconds(), below)
}
