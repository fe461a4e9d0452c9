package roomlog

import (
	"sync"
	"time"
)

// Pace is what a Writer has done, and has to do. Counts are since its start.
type Pace struct {
	Waiting      int // proposals
	WaitingBytes int
	Batches      int
	Proposals    int           // in them
	Took         time.Duration // in the store, all batches together
	Longest      time.Duration // of one batch, since Pace was last asked
	Standing     time.Duration // how long the store has had the present batch; 0: it has none
}

// pace counts a Writer's batches.
type pace struct {
	mu        sync.Mutex
	began     time.Time // the store has had a batch since; zero: it has none
	batches   int
	proposals int
	took      time.Duration
	longest   time.Duration
}

func (p *pace) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began = time.Now()
}

func (p *pace) end(proposals int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := time.Since(p.began)
	p.began = time.Time{}
	p.batches++
	p.proposals += proposals
	p.took += took
	p.longest = max(p.longest, took)
}

// standing is how long the store has had the present batch; 0: it has none.
func (p *pace) standing() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began.IsZero() {
		return 0
	}
	return time.Since(p.began)
}

// Pace says how the Writer and its store are doing. Any goroutine may call it.
func (w *Writer) Pace() Pace {
	w.mu.Lock()
	now := Pace{Waiting: len(w.waiting), WaitingBytes: w.bytes}
	w.mu.Unlock()
	p := &w.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	now.Batches, now.Proposals, now.Took, now.Longest = p.batches, p.proposals, p.took, p.longest
	if p.longest = 0; !p.began.IsZero() {
		now.Standing = time.Since(p.began)
	}
	return now
}
