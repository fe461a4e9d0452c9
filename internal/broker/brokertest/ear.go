package brokertest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take, faults and all.
const patience = 30 * time.Second

// Ear notes what it hears.
type Ear struct {
	t testing.TB

	mu      sync.Mutex
	heard   map[string][]string // payloads by topic
	listens map[string]int      // how often it was told so of a topic
	calls   int                 // of Listens
	away    int
	reasons []error // of Away
	busy    bool    // in a call
	stuck   chan struct{}
	changed chan struct{}
}

// NewEar makes an ear of t's.
func NewEar(t testing.TB) *Ear {
	return &Ear{t: t, heard: map[string][]string{}, listens: map[string]int{}, changed: make(chan struct{})}
}

// note notes something, unless another call has yet to return.
func (e *Ear) note(what func()) {
	e.mu.Lock()
	if e.busy {
		e.t.Error("an ear is told two things at once")
	}
	e.busy = true
	stuck := e.stuck
	what()
	close(e.changed)
	e.changed = make(chan struct{})
	e.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	e.mu.Lock()
	e.busy = false
	e.mu.Unlock()
}

// Heard implements broker.Ear.
func (e *Ear) Heard(topic string, payload []byte) {
	e.note(func() { e.heard[topic] = append(e.heard[topic], string(payload)) })
	clear(payload) // it is the ear's
}

// Listens implements broker.Ear.
func (e *Ear) Listens(topics []string) {
	e.note(func() {
		e.calls++
		for _, topic := range topics {
			e.listens[topic]++
		}
	})
}

// Away implements broker.Ear.
func (e *Ear) Away(err error) {
	if err == nil {
		e.t.Error("it is away, and doesn't say why")
	}
	e.note(func() {
		e.away++
		e.reasons = append(e.reasons, err)
	})
}

// Stick has the ear not return from what it is told next until release is called.
func (e *Ear) Stick() (release func()) {
	stuck := make(chan struct{})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stuck = stuck
	return sync.OnceFunc(func() {
		e.mu.Lock()
		e.stuck = nil
		e.mu.Unlock()
		close(stuck)
	})
}

// Await waits until something is so, of what the ear has noted.
func (e *Ear) Await(what string, so func() bool) {
	e.t.Helper()
	deadline := time.After(patience)
	for {
		e.mu.Lock()
		done, changed := so(), e.changed
		e.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			e.t.Fatalf("%s: not within %v; %s", what, patience, e)
		}
	}
}

// AwaitListens waits until the ear was told n times that it listens to topics.
func (e *Ear) AwaitListens(n int, topics ...string) {
	e.t.Helper()
	e.Await(fmt.Sprintf("listening to %d topics, time %d", len(topics), n), func() bool {
		for _, topic := range topics {
			if e.listens[topic] < n {
				return false
			}
		}
		return true
	})
}

// AwaitHeard waits until the ear has heard n payloads of a topic.
func (e *Ear) AwaitHeard(n int, topic string) {
	e.t.Helper()
	e.Await(fmt.Sprintf("%d of %.40q", n, topic), func() bool { return len(e.heard[topic]) >= n })
}

// Has reports whether a payload was heard of a topic. Called within Await.
func (e *Ear) Has(topic, payload string) bool { return slices.Contains(e.heard[topic], payload) }

// Said are the payloads heard of a topic.
func (e *Ear) Said(topic string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.heard[topic])
}

// Counts are how often it was told that it listens to a topic, how often Listens was
// called, and how often Away.
func (e *Ear) Counts(topic string) (listens, calls, away int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.listens[topic], e.calls, e.away
}

func (e *Ear) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for list := range maps.Values(e.heard) {
		n += len(list)
	}
	return fmt.Sprintf("heard %d payloads of %d topics, listens to %d topics, was told so in %d calls, away %d times %v",
		n, len(e.heard), len(e.listens), e.calls, e.away, e.reasons)
}

// AwaitAway waits until the ear was told n times that it is away.
func (e *Ear) AwaitAway(n int) {
	e.t.Helper()
	e.Await("away", func() bool { return e.away >= n })
}
