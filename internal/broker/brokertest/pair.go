package brokertest

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/broker"
)

// Pair is two nodes on one broker, of which one listens to topics.
type Pair struct {
	t             *testing.T
	topics        []string
	Ear           *Ear
	Hears, Speaks Broker
}

// NewPair opens a broker for two nodes, and waits until one hears the other.
func NewPair(t *testing.T, open func(*testing.T, broker.Ear) Broker, topics ...string) *Pair {
	t.Helper()
	p := &Pair{t: t, topics: topics, Ear: NewEar(t)}
	p.Hears, p.Speaks = open(t, p.Ear), open(t, NewEar(t))
	t.Cleanup(func() {
		for _, b := range []Broker{p.Hears, p.Speaks} {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	for _, topic := range topics {
		p.Hears.Subscribe(topic)
	}
	p.Ear.AwaitListens(1, topics...)
	p.Say()
	return p
}

// Say has the one publish on each topic, and the other hear it.
func (p *Pair) Say() {
	p.t.Helper()
	for _, topic := range p.topics {
		before := len(p.Ear.Said(topic))
		p.Speaks.Publish(topic, []byte("hello"))
		p.Ear.AwaitHeard(before+1, topic)
	}
}

// Breaks has something go wrong for as long as it takes to be noticed, which is at most
// within, and be mended again. Then all is heard as before.
func (p *Pair) Breaks(within time.Duration, wrong, mend func()) {
	p.t.Helper()
	began := time.Now()
	wrong()
	p.Ear.AwaitAway(1)
	took := time.Since(began)
	if took > within {
		p.t.Errorf("it was noticed after %v, want at most %v", took, within)
	}
	began = time.Now()
	mend()
	p.Ear.AwaitListens(2, p.topics...)
	p.t.Logf("noticed after %v, heard again %v after it was mended", took.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	p.Say()
}
