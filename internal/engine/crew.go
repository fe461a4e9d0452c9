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

// The sizes of crews: for what is quick, and for pages of history, each of which is
// as much memory as a slow reader may cost.
const (
	maxCrew  = 64
	maxPages = 8
)

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
