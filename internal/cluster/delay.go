package cluster

import "time"

// delays tell how much later than usual a message came. The clocks of two nodes may be
// hours apart; so the message that took least of late is the measure of a node's others.
type delays struct {
	nodes map[string]*least
}

// least is the shortest time from a node's clock to ours, in this window and the one
// before it: a clock that is set anew is believed after two.
type least struct {
	now, before time.Duration
	since       time.Time // of this window
	heard       time.Time // first
}

const (
	delayWindow = time.Minute
	surelyIn    = 2 * time.Second // of hearing a node, one of its messages wasn't late
	maxDelays   = 4096            // nodes: far more than there are, since each start has a name of its own
)

// of is how much later a message came than the quickest of its node's, if took is what
// lies between the two clocks' times of it.
func (d *delays) of(node string, took time.Duration, now time.Time) time.Duration {
	if len(d.nodes) >= maxDelays || d.nodes == nil {
		d.nodes = map[string]*least{}
	}
	l := d.nodes[node]
	switch {
	case l == nil:
		l = &least{now: took, before: took, since: now, heard: now}
		d.nodes[node] = l
	case now.Sub(l.since) >= delayWindow:
		*l = least{now: took, before: l.now, since: now, heard: l.heard}
	}
	l.now = min(l.now, took)
	return took - min(l.now, l.before)
}

// unsure reports whether a node has been heard for too short a time to tell how late its
// messages are: all of them may have lain in one buffer.
func (d *delays) unsure(node string, now time.Time) bool {
	l := d.nodes[node]
	return l == nil || now.Sub(l.heard) < surelyIn
}
