package cluster

import (
	"context"
	"slices"
	"time"
)

// A node's lease is renewed often enough that it can fail twice. Who hears nothing of a
// node takes it for dead within leaseFor and BeatEvery.
const (
	BeatEvery   = 3 * time.Second
	leaseFor    = 10 * time.Second
	beatTimeout = 3 * time.Second
)

// Whose own lease had ended takes nobody for gone before so many beats: where the store
// was away, the others' have ended, too, and they are about to renew them.
const patientFor = 2

// leases holds this node's lease, and knows whose else hold. Owned by one goroutine.
type leases struct {
	cluster *Cluster
	nodes   []string // the others, in order
	begun   bool     // there was a beat
	patient int      // beats for which nobody is taken for gone
	failing bool
}

func (l *leases) run(ctx context.Context) {
	defer close(l.cluster.done)
	tick := time.NewTicker(BeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := l.beat(ctx); (err != nil) != l.failing && ctx.Err() == nil {
				l.failing = err != nil
				l.say(err)
			}
		case <-ctx.Done():
			_ = l.resign() // it ends by itself
			return
		}
	}
}

func (l *leases) say(err error) {
	if err != nil {
		l.cluster.log.Warn("this node's lease could not be renewed: other nodes will take it for gone", "err", err)
		return
	}
	l.cluster.log.Info("this node's lease is renewed again")
}

// beat renews the lease, and tells who has come and who has gone. While the store can't
// be asked, everybody is taken to be as they were.
func (l *leases) beat(ctx context.Context) error {
	c := l.cluster
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	all, lapsed, err := c.store.Beat(ctx, c.node, leaseFor)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(slices.Clone(all), func(node string) bool { return node == c.node })
	if lapsed && l.begun {
		l.patient = patientFor
	}
	if l.patient > 0 {
		l.patient--
		others = union(others, l.nodes)
	}
	for _, node := range l.nodes {
		if !slices.Contains(others, node) && c.ears.Gone != nil {
			c.ears.Gone(node)
		}
	}
	for _, node := range others {
		if !slices.Contains(l.nodes, node) && c.ears.Came != nil {
			c.ears.Came(node)
		}
	}
	if lapsed && l.begun && c.ears.Lapsed != nil {
		c.ears.Lapsed()
	}
	l.nodes, l.begun = others, true
	c.others.Store(int32(len(others)))
	return nil
}

// union is all that are in either of two, in order.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func (l *leases) resign() error {
	ctx, cancel := context.WithTimeout(context.Background(), beatTimeout)
	defer cancel()
	return l.cluster.store.Resign(ctx, l.cluster.node)
}
