package engine

import "sync"

// crew does what takes long, such as asking the store, for those who must not wait:
// at most so many at once, the rest in the order in which they came. What waits is
// bounded by those who hand it in: two of each session.
type crew struct {
	size int // fixed after New

	mu      sync.Mutex
	working int
	waiting []func()
}

// kind is what an errand is like, for which each has a crew of its own.
type kind uint8

const (
	quick kind = iota // to look up a room
	pages             // a page of history, which is as much memory as a slow reader may cost
	long              // what may take the store long
	waits             // for other nodes, a moment
)

// The sizes of crews; of those who ask for what takes long there are maxSlow.
const (
	maxCrew  = 64
	maxPages = 8
	maxWaits = 1024
)

// crewFor is the crew for an errand.
func (e *Engine) crewFor(k kind) *crew {
	switch k {
	case pages:
		return &e.pageCrew
	case waits:
		return &e.waitCrew
	case long:
		return &e.slowCrew // few: they must not be all of the others
	default:
		return &e.crew
	}
}

func (c *crew) do(work func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working == c.size {
		c.waiting = append(c.waiting, work)
		return
	}
	c.working++
	go c.run(work)
}

func (c *crew) run(work func()) {
	for work != nil {
		work()
		work = c.next()
	}
}

func (c *crew) next() (work func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		c.waiting = nil
		c.working--
		return nil
	}
	work, c.waiting[0] = c.waiting[0], nil
	c.waiting = c.waiting[1:]
	return work
}
