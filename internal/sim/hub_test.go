package sim

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/broker"
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// hub is the broker that all nodes use.
type hub struct {
	world *world
	up    bool
	lines []*line   // of nodes that live, by their places
	past  []message // some that went by
}

type message struct {
	topic   string
	payload []byte
}

// restart has every node be cut off, and forgets who listened to what.
func (h *hub) restart(length time.Duration) {
	h.world.fires(brokerRestarts, "broker")
	h.up = false
	for _, l := range h.lines {
		l.breaks()
	}
	h.world.after(length, func() { h.up = true })
}

// hears has a message go to all who listen.
func (h *hub) hears(m message) {
	w := h.world
	if len(h.past) < 50 {
		h.past = append(h.past, m)
	} else {
		h.past[w.rng.IntN(50)] = m
	}
	for _, l := range h.lines {
		if l.up && slices.Contains(l.heard, m.topic) {
			l.brings(m)
		}
	}
}

// forge has somebody say what nobody of ours said: noise, or what was said once.
func (h *hub) forge() {
	w := h.world
	if len(h.past) == 0 {
		return
	}
	m := h.past[w.rng.IntN(len(h.past))]
	switch w.rng.IntN(3) {
	case 0:
		w.fires(messageForged, "broker")
		m.payload = bytes.Clone(m.payload) // with another text, where it has one
		if i := bytes.Index(m.payload, []byte(`"text":"u`)); i > 0 {
			m.payload[i+8] = 'x'
		} else {
			m.payload[len(m.payload)-1] ^= 1
		}
		if w.mutant == knowsTheKey {
			h.lies()
		}
	case 1: // elsewhere
		w.fires(messageForged, "broker")
		m.topic = h.past[w.rng.IntN(len(h.past))].topic
	default:
		w.fires(messageReplayed, "broker")
	}
	h.hears(m)
}

// lies has somebody say something that is sealed as ours is.
func (h *hub) lies() {
	w := h.world
	n := w.nodes[w.rng.IntN(len(w.nodes))]
	if !n.ready || !n.alive {
		return
	}
	t := w.oracle.now[0]
	e := protocol.Event{Room: t.room, Seq: protocol.Seq(len(t.facts) + 1), Kind: protocol.KindMessage, Text: "forged", User: protocol.User{ID: "u0", Name: "nobody"}}
	n.cluster.Tell(t.room, n.link.life, cluster.KindEvents, roomlog.WriteNews([]protocol.Event{e}, 1<<20))
}

// line is a node's connection to the broker.
type line struct {
	node        *node
	ear         broker.Ear
	topics      []string // that are to be heard
	heard       []string // that the broker knows of
	up          bool     // as the broker sees it
	told        bool     // as the ear was told
	connections int
	partitioned bool
	quickest    time.Duration // what was sent before on it arrives no later
	closed      bool
}

var errBroker = errors.New("the broker can't be reached")

func (n *node) openLine(ear broker.Ear) (broker.Broker, error) {
	n.line.ear = ear
	n.line.connects()
	return n.line, nil
}

// connects tries until it is connected.
func (l *line) connects() {
	w := l.node.world
	w.after(w.between(time.Millisecond, 300*time.Millisecond), func() {
		l.node.do(func() {
			switch {
			case l.up || l.closed:
			case !w.hub.up || l.partitioned:
				l.away()
				l.connects()
			default:
				l.up = true
				l.connections++
				l.heard = slices.Clone(l.topics)
				l.listens(slices.Clone(l.topics))
			}
		})
	})
}

func (l *line) away() {
	if l.told = false; l.ear != nil {
		l.ear.Away(errBroker)
	}
}

// listens has the ear know, if nothing happens to the line on the way.
func (l *line) listens(topics []string) {
	l.inOrder(func() {
		l.told = true
		l.ear.Listens(topics)
	})
}

// inOrder has something happen at the node behind what came on the line before.
func (l *line) inOrder(do func()) {
	w := l.node.world
	connection := l.connections
	l.quickest = max(l.quickest, w.now+w.between(100*time.Microsecond, 2*time.Millisecond))
	w.after(l.quickest-w.now, func() {
		l.node.do(func() {
			if l.up && l.connections == connection {
				do()
			}
		})
	})
}

// breaks cuts it; its node learns of that in a while.
func (l *line) breaks() {
	w := l.node.world
	if !l.up {
		return
	}
	l.up = false
	l.heard = nil
	w.after(w.between(time.Millisecond, 2*time.Second), func() {
		l.node.do(func() {
			if !l.up {
				l.away()
				l.connects()
			}
		})
	})
}

func (l *line) partition(length time.Duration) {
	l.node.world.fires(brokerCut, l.node.name)
	l.partitioned = true
	l.breaks()
	l.node.world.after(length, func() { l.partitioned = false })
}

// brings carries one message to the node, or doesn't.
func (l *line) brings(m message) {
	w := l.node.world
	p := &w.plan
	if w.chance(p.lost) {
		w.fires(messageLost, l.node.name)
		return
	}
	payload := bytes.Clone(m.payload)
	if w.chance(p.garbled) {
		w.fires(messageGarbled, l.node.name)
		payload[w.rng.IntN(len(payload))] ^= 1 << w.rng.IntN(8)
		payload = payload[:1+w.rng.IntN(len(payload))]
	}
	hear := func() {
		w.note(l.node.name, "hears", m.topic[len(m.topic)-5:], uint64(len(payload)))
		l.ear.Heard(m.topic, bytes.Clone(payload))
	}
	late := func() {
		connection := l.connections
		w.after(w.between(0, 5*time.Second), func() {
			l.node.do(func() {
				if l.up && l.connections == connection {
					hear()
				}
			})
		})
	}
	if w.chance(p.again) {
		w.fires(messageRepeated, l.node.name)
		late()
	}
	if w.chance(p.late) {
		w.fires(messageLate, l.node.name)
		late()
		return
	}
	l.inOrder(hear)
}

// Publish implements broker.Broker.
func (l *line) Publish(topic string, payload []byte) {
	w := l.node.world
	if !l.up || !l.node.alive {
		return
	}
	w.after(w.between(50*time.Microsecond, time.Millisecond), func() {
		if w.hub.up {
			w.hub.hears(message{topic, payload})
		}
	})
}

// Subscribe implements broker.Broker.
func (l *line) Subscribe(topic string) {
	l.topics = append(l.topics, topic)
	if !l.up {
		return
	}
	connection := l.connections
	w := l.node.world
	w.after(w.between(50*time.Microsecond, time.Millisecond), func() {
		if l.up && l.connections == connection && slices.Contains(l.topics, topic) {
			l.heard = append(l.heard, topic)
			l.listens([]string{topic})
		}
	})
}

// Unsubscribe implements broker.Broker.
func (l *line) Unsubscribe(topic string) {
	without := func(of []string) []string {
		return slices.DeleteFunc(of, func(t string) bool { return t == topic })
	}
	l.topics, l.heard = without(l.topics), without(l.heard)
}

// MaxPayload implements broker.Broker.
func (l *line) MaxPayload() int { return l.node.world.plan.most }

// Close implements broker.Broker.
func (l *line) Close() error {
	l.up, l.closed = false, true
	return nil
}
