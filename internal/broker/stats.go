package broker

import "sync/atomic"

// Reason is why something was dropped that was to be published or heard.
type Reason string

// The reasons, which are labels of a metric, too.
const (
	TooLarge  Reason = "too_large" // longer than MaxPayload
	Full      Reason = "full"      // too much was waiting, and this had waited longest
	Conflated Reason = "conflated" // too much of its topic was
	Refused   Reason = "refused"   // the server takes no such message from us
	Closed    Reason = "closed"    // it came after Close, or still waited then
	Slow      Reason = "slow"      // its ear was too far behind
)

// Reasons are all of them.
var Reasons = []Reason{TooLarge, Full, Conflated, Refused, Closed, Slow}

// Stats is what a broker says about itself.
type Stats struct {
	Published, PublishedBytes uint64
	Heard, HeardBytes         uint64
	Dropped                   map[Reason]uint64
	Reconnects                uint64 // how often the way to it was cut, and was there again
	Topics                    int    // subscribed to
	Waiting                   int    // bytes that have yet to be published
	Away                      bool   // something can't be heard, or not be published
}

// Counters counts for Stats. Any goroutine may call its methods.
type Counters struct {
	published, publishedBytes, heard, heardBytes, reconnects atomic.Uint64
	dropped                                                  [6]atomic.Uint64
}

// Drop counts n messages as dropped.
func (c *Counters) Drop(why Reason, n int) {
	for i, r := range Reasons {
		if r == why {
			c.dropped[i].Add(uint64(n))
		}
	}
}

// Publish counts one that was published.
func (c *Counters) Publish(bytes int) {
	c.published.Add(1)
	c.publishedBytes.Add(uint64(bytes))
}

// Hear counts one that was heard.
func (c *Counters) Hear(bytes int) {
	c.heard.Add(1)
	c.heardBytes.Add(uint64(bytes))
}

// Reconnect counts that the way to the broker is there again.
func (c *Counters) Reconnect() { c.reconnects.Add(1) }

// Stats is what was counted.
func (c *Counters) Stats() Stats {
	s := Stats{
		Published: c.published.Load(), PublishedBytes: c.publishedBytes.Load(),
		Heard: c.heard.Load(), HeardBytes: c.heardBytes.Load(),
		Reconnects: c.reconnects.Load(), Dropped: make(map[Reason]uint64, len(Reasons)),
	}
	for i, r := range Reasons {
		s.Dropped[r] = c.dropped[i].Load()
	}
	return s
}
