package brokertest

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/parley-chat/parley/internal/broker"
)

// Broker is what is tested.
type Broker interface {
	broker.Broker
	Stats() broker.Stats
}

// Backend is a broker of a test's own, that several nodes use.
type Backend struct {
	// Open opens it for one more node.
	Open func(t *testing.T, ear broker.Ear) Broker

	// Conflates: of many messages of one topic that wait, it keeps the newest.
	Conflates bool

	// Cut cuts the way of all nodes to it, and Mend mends it.
	Cut, Mend func()
}

// subject is one test's.
type subject struct {
	*testing.T
	Backend
}

// node is one of a test's.
type node struct {
	Broker
	ear *Ear
}

// node opens one more, which is closed with the test.
func (s *subject) node() node {
	s.Helper()
	n := s.unclosed()
	s.Cleanup(func() {
		if err := n.Close(); err != nil {
			s.Errorf("close: %v", err)
		}
	})
	return n
}

func (s *subject) unclosed() node {
	s.Helper()
	ear := NewEar(s.T)
	return node{Broker: s.Open(s.T, ear), ear: ear}
}

// listen has a node listen to topics.
func (n node) listen(topics ...string) {
	n.ear.t.Helper()
	for _, topic := range topics {
		n.Subscribe(topic)
	}
	n.ear.AwaitListens(1, topics...)
}

// Run holds a backend to what a broker promises. open is called for each test.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	for name, promise := range promises {
		t.Run(name, func(t *testing.T) {
			backend := open(t)
			ignore := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, ignore) })
			promise(&subject{T: t, Backend: backend})
		})
	}
}

var promises = map[string]func(*subject){
	"who subscribed hears, and nobody else":                  audience,
	"a publisher's messages of a topic come in order":        order,
	"once it listens, what another node publishes is heard":  listens,
	"it says once of each subscription that it listens":      once,
	"a topic that was unsubscribed is not heard":             unsubscribed,
	"what was wanted last holds":                             quick,
	"thousands of topics are subscribed to together":         thousands,
	"what is too large is dropped and counted":               tooLarge,
	"a payload is any bytes, and a topic any text":           anything,
	"after a cut it listens to all again":                    cut,
	"while it is away a bounded part of what is said waits":  bounded,
	"after Close nothing is heard, and no goroutine is left": closed,
	"who hears slowly keeps nobody else waiting":             slow,
	"any goroutine may use it":                               concurrent,
}
