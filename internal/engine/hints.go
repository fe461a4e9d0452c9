package engine

import (
	"sync"
	"time"
)

// hints are rooms that somebody spoke of whom we can't believe: a newer version of a
// node, or anybody who reaches the broker. They are looked at together, now and then,
// however often they are spoken of.
type hints struct {
	look func(*liveRoom) // fixed

	mu    sync.Mutex
	rooms map[*liveRoom]bool // nil: nobody waits for them
}

const hintWait = 100 * time.Millisecond

func (h *hints) add(r *liveRoom) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms == nil {
		h.rooms = map[*liveRoom]bool{}
		time.AfterFunc(hintWait, h.due)
	}
	h.rooms[r] = true
}

func (h *hints) due() {
	h.mu.Lock()
	rooms := h.rooms
	h.rooms = nil
	h.mu.Unlock()
	for r := range rooms {
		h.look(r)
	}
}
