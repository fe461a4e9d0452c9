package cluster

import (
	"hash/fnv"
	"sync/atomic"
	"time"
)

// Stamp is a moment of one node's: of what has happened here before, and of all that
// this node had heard of, each is earlier. Two nodes' are the same with about the
// chance that two things happen within a microsecond, and one of 4,096.
type Stamp uint64

// A stamp has microseconds since 1970, and what tells its node from most others.
const (
	tagBits = 12

	// What is later than this, in the year 2111, is nobody's clock. Who hears of less has
	// years of stamps left.
	lastStamp = ^Stamp(0) - 1<<52
	lastHeard = lastStamp - 1<<60
)

// Clock gives stamps. Any goroutine may use it.
type Clock struct {
	tag  Stamp         // fixed
	last atomic.Uint64 // the latest that was given or heard of
}

// NewClock makes a node's clock.
func NewClock(node string) *Clock {
	h := fnv.New32a()
	h.Write([]byte(node))
	return &Clock{tag: Stamp(h.Sum32()) & (1<<tagBits - 1)}
}

// Tick is the stamp of what happens at now, later than any before it.
func (c *Clock) Tick(now time.Time) Stamp {
	for {
		last := Stamp(c.last.Load())
		next := max(Stamp(max(now.UnixMicro(), 0)), last>>tagBits+1)<<tagBits | c.tag
		if c.last.CompareAndSwap(uint64(last), uint64(next)) {
			return next
		}
	}
}

// Saw has stamps from now on be later than another node's.
func (c *Clock) Saw(s Stamp) {
	for s <= lastHeard {
		last := c.last.Load()
		if uint64(s) <= last || c.last.CompareAndSwap(last, uint64(s)) {
			return
		}
	}
}
