package memory

import (
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/parley-chat/parley/internal/broker"
)

// Hub carries what its brokers publish to those that subscribed. Any goroutine may use
// it, unless it is stepped.
type Hub struct {
	stepped bool // fixed after New

	mu      sync.Mutex
	rand    *rand.Rand
	faults  Faults
	brokers []*Broker // in the order in which they were opened
}

// Faults are what goes wrong, each with a probability from 0 to 1.
type Faults struct {
	Lose    float64 // one that subscribed doesn't hear a message, and isn't told
	Repeat  float64 // it hears it twice
	Reorder float64 // it hears it before others that were published earlier
}

// New makes a hub whose brokers deliver by themselves, each in a goroutine of its own.
func New() *Hub { return &Hub{rand: seeded(1)} }

func seeded(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a test replays it
}

// NewStepped makes a hub that delivers nothing but in Step and Deliver.
func NewStepped(seed uint64) *Hub {
	return &Hub{stepped: true, rand: seeded(seed)}
}

// Set has faults come from now on.
func (h *Hub) Set(f Faults) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = f
}

// Open opens a broker for one node.
func (h *Hub) Open(ear broker.Ear) *Broker {
	b := &Broker{hub: h, ear: ear, topics: map[string]bool{}, ready: make(chan struct{}, 1), done: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.brokers = append(h.brokers, b)
	if h.stepped {
		close(b.done)
	} else {
		go b.run()
	}
	return b
}

// Step tells one ear one thing, chosen at random among those that wait, and reports
// whether there was one.
func (h *Hub) Step() bool {
	b, n := h.next()
	if b == nil {
		return false
	}
	n.tell(b.ear)
	return true
}

// Deliver steps until nothing waits.
func (h *Hub) Deliver() {
	for h.Step() {
		continue
	}
}

// Waiting is how many things wait to be told.
func (h *Hub) Waiting() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.brokers {
		n += len(b.inbox)
	}
	return n
}

func (h *Hub) next() (*Broker, news) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		var waiting []*Broker
		for _, b := range h.brokers {
			if len(b.inbox) > 0 {
				waiting = append(waiting, b)
			}
		}
		if len(waiting) == 0 {
			return nil, news{}
		}
		b := waiting[h.rand.IntN(len(waiting))]
		if n, ok := b.take(); ok {
			return b, n
		}
	}
}

// spread has those hear a message who subscribed to its topic and aren't cut off.
// Called with the lock held.
func (h *Hub) spread(topic string, payload []byte) {
	for _, b := range h.brokers {
		if !b.topics[topic] || b.cut {
			continue
		}
		times := 1
		if h.happens(h.faults.Lose) {
			times = 0
		} else if h.happens(h.faults.Repeat) {
			times = 2
		}
		for range times {
			b.put(news{topic: topic, payload: slices.Clone(payload)})
		}
	}
}

func (h *Hub) happens(probability float64) bool {
	return probability > 0 && h.rand.Float64() < probability
}
