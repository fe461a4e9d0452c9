package engine

import "sync"

// crew does what takes long, such as asking the store, for those who must not wait:
// at most maxCrew at once, the rest in the order in which they came. What waits is
// bounded by those who hand it in: two of each session.
type crew struct {
	mu      sync.Mutex
	working int
	waiting []func()
}

const maxCrew = 64

func (c *crew) do(work func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working == maxCrew {
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
