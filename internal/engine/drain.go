package engine

import (
	"context"
	"math/rand/v2"
	"time"
)

// drainStep is between two parts of the sessions that are told to go.
const drainStep = 50 * time.Millisecond

// share is the part of the sessions that are told to go now: each draws, so that who came
// together does not go together. 1 is all of them.
type share float64

func (s share) takes() bool { return s >= 1 || rand.Float64() < float64(s) } //nolint:gosec // chance, and no secret

// tellToGo tells every session to go, a part of them at a time: whoever takes them over
// is not to be run down, and each resumes in every room that it was in.
func (e *Engine) tellToGo(ctx context.Context) {
	for left := int(e.spread / drainStep); left > 0 && !e.isEmpty(); left-- {
		// Of those who are still here by chance as many as in each step that is left.
		e.drainSome(1 / share(left+1))
		select {
		case <-time.After(drainStep):
		case <-e.empty:
		case <-ctx.Done():
			left = 0
		}
	}
	e.mu.Lock()
	e.toldAll = true // before the last look: who moves meanwhile, and is passed over, sees it
	e.mu.Unlock()
	e.drainSome(1)
}

func (e *Engine) drainSome(s share) {
	for _, t := range e.transports() {
		t.drain(s)
	}
}

func (e *Engine) hasToldAll() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.toldAll
}
