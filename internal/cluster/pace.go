package cluster

import "time"

// Pace says when the next of many messages may go: what comes alone goes at once, and
// what comes thick is gathered. The zero value has sent nothing.
type Pace struct {
	since time.Time // of a second, in which …
	sent  int       // … so many went
}

// A matter of which more than paceFree messages went in a second gathers for
// GatherFor.
const (
	paceFree  = 20
	GatherFor = 100 * time.Millisecond
)

// Wait is how long a message has to wait; 0: it goes now, and counts.
func (p *Pace) Wait(now time.Time) time.Duration {
	if since := now.Sub(p.since); since >= time.Second || since < 0 {
		p.since, p.sent = now, 0
	}
	if p.sent >= paceFree {
		return GatherFor
	}
	p.sent++
	return 0
}
