package memory

import (
	"errors"
	"maps"
	"slices"

	"github.com/parley-chat/parley/internal/broker"
)

// maxWaiting is how many bytes wait for one ear, or for the end of a cut.
const maxWaiting = 16 << 20

const maxPayload = 64 << 10

// ErrCut is why a broker that was cut off is away.
var ErrCut = errors.New("the way to the hub is cut")

// Broker is one node's.
type Broker struct {
	// Fixed after Open.
	hub   *Hub
	ear   broker.Ear
	ready chan struct{} // holds one while inbox may hold something
	done  chan struct{} // closed when nothing is told any more

	count broker.Counters

	// Guarded by hub.mu.
	topics map[string]bool
	inbox  []news // oldest first
	bytes  int    // in inbox
	unsent []news // published while it was cut
	held   int    // bytes in unsent
	cut    bool
	closed bool
}

// news is one thing to tell an ear: a message, or listens, or away.
type news struct {
	topic   string
	payload []byte
	listens []string
	away    error
}

func (n news) message() bool { return n.away == nil && n.listens == nil }
func (n news) size() int     { return len(n.topic) + len(n.payload) + 64 }

func (n news) tell(ear broker.Ear) {
	switch {
	case n.away != nil:
		ear.Away(n.away)
	case n.listens != nil:
		ear.Listens(n.listens)
	default:
		ear.Heard(n.topic, n.payload)
	}
}

// Publish implements broker.Broker.
func (b *Broker) Publish(topic string, payload []byte) {
	b.hub.mu.Lock()
	defer b.hub.mu.Unlock()
	switch {
	case b.closed:
		b.count.Drop(broker.Closed, 1)
	case len(payload) > maxPayload:
		b.count.Drop(broker.TooLarge, 1)
	case b.cut:
		b.hold(news{topic: topic, payload: payload})
	default:
		b.send(topic, payload)
	}
}

func (b *Broker) send(topic string, payload []byte) {
	b.count.Publish(len(payload))
	b.hub.spread(topic, payload)
}

// hold keeps a message until the way is mended.
func (b *Broker) hold(n news) {
	b.unsent = append(b.unsent, n)
	b.held += n.size()
	for b.held > maxWaiting {
		b.held -= b.unsent[0].size()
		b.unsent = b.unsent[1:]
		b.count.Drop(broker.Full, 1)
	}
}

// Subscribe implements broker.Broker.
func (b *Broker) Subscribe(topic string) {
	b.hub.mu.Lock()
	defer b.hub.mu.Unlock()
	if b.topics[topic] || b.closed {
		return
	}
	b.topics[topic] = true
	if b.cut {
		return
	}
	if last := len(b.inbox) - 1; last >= 0 && b.inbox[last].listens != nil {
		b.inbox[last].listens = append(b.inbox[last].listens, topic)
		return
	}
	b.put(news{listens: []string{topic}})
}

// Unsubscribe implements broker.Broker.
func (b *Broker) Unsubscribe(topic string) {
	b.hub.mu.Lock()
	defer b.hub.mu.Unlock()
	if !b.topics[topic] {
		return
	}
	delete(b.topics, topic)
	for i, n := range b.inbox { // nobody is told of it any more, though it were wanted again
		if n.listens != nil {
			b.inbox[i].listens = slices.DeleteFunc(n.listens, func(t string) bool { return t == topic })
		}
	}
}

// MaxPayload implements broker.Broker.
func (b *Broker) MaxPayload() int { return maxPayload }

// Cut cuts the way between hub and broker. What is on it is lost; what is published
// meanwhile waits.
func (b *Broker) Cut() {
	b.hub.mu.Lock()
	defer b.hub.mu.Unlock()
	if b.cut || b.closed {
		return
	}
	b.cut = true
	b.clear()
	b.put(news{away: ErrCut})
}

// Mend ends a cut.
func (b *Broker) Mend() {
	b.hub.mu.Lock()
	defer b.hub.mu.Unlock()
	if !b.cut || b.closed {
		return
	}
	b.cut = false
	b.count.Reconnect()
	b.listenAgain()
	unsent := b.unsent
	b.unsent, b.held = nil, 0
	for _, n := range unsent {
		b.send(n.topic, n.payload)
	}
}

// listenAgain says of all topics that something may have been missed.
func (b *Broker) listenAgain() {
	if len(b.topics) > 0 {
		b.put(news{listens: slices.Sorted(maps.Keys(b.topics))})
	}
}

// put has the ear be told something. Where it is too far behind, what waits is dropped,
// and it is told so.
func (b *Broker) put(n news) {
	if b.closed {
		return
	}
	if n.message() && b.bytes+n.size() > maxWaiting {
		dropped := 0
		for _, n := range b.inbox {
			if n.message() {
				dropped++
			}
		}
		b.count.Drop(broker.Slow, dropped)
		b.clear()
		b.listenAgain()
	}
	b.inbox = append(b.inbox, n)
	b.bytes += n.size()
	b.wake()
}

func (b *Broker) clear() { b.inbox, b.bytes = nil, 0 }

func (b *Broker) wake() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take takes what is told next; what nobody wants any more is left out.
func (b *Broker) take() (n news, ok bool) {
	for len(b.inbox) > 0 {
		i := 0
		if b.hub.happens(b.hub.faults.Reorder) {
			if j := b.hub.rand.IntN(len(b.inbox)); b.inbox[j].message() {
				i = j
			}
		}
		n := b.inbox[i]
		if i == 0 {
			b.inbox = b.inbox[1:]
		} else {
			b.inbox = slices.Delete(b.inbox, i, i+1)
		}
		b.bytes -= n.size()
		switch {
		case n.message() && !b.topics[n.topic]:
		case n.listens != nil && len(n.listens) == 0:
		default:
			if n.message() {
				b.count.Hear(len(n.payload))
			}
			return n, true
		}
	}
	return news{}, false
}

func (b *Broker) run() {
	defer close(b.done)
	for range b.ready {
		for {
			b.hub.mu.Lock()
			n, ok := b.take()
			closed := b.closed
			b.hub.mu.Unlock()
			if closed {
				return
			}
			if !ok {
				break
			}
			n.tell(b.ear)
		}
	}
}

// Close implements broker.Broker.
func (b *Broker) Close() error {
	b.hub.mu.Lock()
	b.closed = true
	b.count.Drop(broker.Closed, len(b.unsent))
	b.unsent, b.held = nil, 0
	b.clear()
	b.hub.brokers = slices.DeleteFunc(b.hub.brokers, func(other *Broker) bool { return other == b })
	b.wake()
	b.hub.mu.Unlock()
	<-b.done
	return nil
}

// Stats is what the broker says about itself.
func (b *Broker) Stats() broker.Stats {
	s := b.count.Stats()
	b.hub.mu.Lock()
	defer b.hub.mu.Unlock()
	s.Topics, s.Waiting, s.Away = len(b.topics), b.held, b.cut
	return s
}
