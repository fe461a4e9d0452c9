package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/broker"
	"github.com/parley-chat/parley/internal/store"
)

// Config is what a node's place in a cluster is made of.
type Config struct {
	Store store.Shared
	Log   *slog.Logger

	// Broker opens what wakes other nodes, which tells ear. Nil: nothing does, and each
	// node asks the store what is new.
	Broker func(ear broker.Ear) (broker.Broker, error)

	// Node is the node's own name, another at each start, and Now its clock. A node has
	// them by itself; a simulation gives it both.
	Node string
	Now  func() time.Time
}

// Cluster is one node among others.
type Cluster struct {
	// Fixed after Start.
	node   string
	store  store.Shared
	log    *slog.Logger
	open   func(broker.Ear) (broker.Broker, error)
	topics topics
	seals  *seals
	broker broker.Broker // nil for none
	ears   Ears
	now    func() time.Time
	delays delays // owned by the broker's goroutine
	missed bool   // the log knows that the broker is away; the same
	leases leases // owned by whoever beats

	// Any goroutine.
	away   atomic.Bool // the broker can't be reached, or there is none
	forged atomic.Uint64
	others atomic.Int32 // that hold a lease
	stop   context.CancelFunc
	done   chan struct{} // closed when leasing has ended
}

// Ears hear what goes on among the nodes. A nil one hears nothing. They are called one
// at a time, but for those of leases, which are called one at a time among themselves;
// none may wait.
type Ears struct {
	Message  map[Kind]func(m *Message)
	Hint     func(room string)    // somebody whom we can't believe spoke of a room
	Listens  func(rooms []string) // now they are listened to; what was said before may have been missed
	Everyone func()               // the same, of what is said to all
	Away     func()               // nothing is heard of anybody

	Came   func(node string) // another node has a lease
	Gone   func(node string) // its lease has ended
	Lapsed func()            // our own lease had ended, so that others took us for gone
}

// New prepares a node. Nothing is told or heard before Start.
func New(c Config) *Cluster {
	secret := c.Store.Secret()
	if c.Node == "" {
		c.Node = strings.ToLower(rand.Text()[:16])
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	cl := &Cluster{
		node: c.Node, store: c.Store, log: c.Log, open: c.Broker, now: c.Now,
		topics: newTopics(secret), seals: newSeals(secret, c.Node), done: make(chan struct{}),
	}
	cl.leases.cluster = cl
	cl.away.Store(true)
	return cl
}

// Node is this node's own name, another at each start.
func (c *Cluster) Node() string { return c.node }

// Start takes a lease, and begins to tell and to hear. An error is the store's or the
// broker's settings'; a broker that can't be reached is none.
func (c *Cluster) Start(ears Ears) error {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	if err := c.Join(ctx, ears); err != nil {
		stop()
		return err
	}
	go c.leases.run(ctx)
	return nil
}

// Join is Start for one who keeps the lease by calling Beat, every BeatEvery.
func (c *Cluster) Join(ctx context.Context, ears Ears) error {
	c.ears = ears
	if err := c.Beat(ctx); err != nil || c.open == nil {
		return err
	}
	var err error
	if c.broker, err = c.open(ear{c}); err != nil {
		return errors.Join(err, c.leases.resign())
	}
	c.broker.Subscribe(c.topics.all)
	c.broker.Subscribe(c.topics.node(c.node))
	return nil
}

// Beat renews the lease.
func (c *Cluster) Beat(ctx context.Context) error { return c.leases.beat(ctx) }

// Close gives the lease back. What is published later goes nowhere.
func (c *Cluster) Close() error {
	c.stop()
	<-c.done
	if c.broker == nil {
		return nil
	}
	return c.broker.Close()
}

// Speaks reports whether there is a broker, by which nodes tell one another anything.
func (c *Cluster) Speaks() bool { return c.open != nil }

// Away reports whether nothing is heard of other nodes now.
func (c *Cluster) Away() bool { return c.away.Load() }

// Forged is how many messages came that no node of this store's made.
func (c *Cluster) Forged() uint64 { return c.forged.Load() }

// Follow has what is said of a room be heard, until Unfollow.
func (c *Cluster) Follow(room string) {
	if c.broker != nil {
		c.broker.Subscribe(c.topics.room(room))
	}
}

// Unfollow ends it.
func (c *Cluster) Unfollow(room string) {
	if c.broker != nil {
		c.broker.Unsubscribe(c.topics.room(room))
	}
}

// Tell says something to the nodes that follow a room, of one life of the store: what
// was written by then may be told when another has begun.
func (c *Cluster) Tell(room, life string, kind Kind, body []byte) {
	c.publish(c.topics.room(room), life, kind, body)
}

// TellAll says something to all nodes.
func (c *Cluster) TellAll(kind Kind, body []byte) {
	c.publish(c.topics.all, c.store.Life(), kind, body)
}

// TellNode says something to one.
func (c *Cluster) TellNode(node string, kind Kind, body []byte) {
	c.publish(c.topics.node(node), c.store.Life(), kind, body)
}

// MaxBody is how long a body may be; 0 where nothing can be said.
func (c *Cluster) MaxBody() int {
	if c.broker == nil {
		return 0
	}
	return c.broker.MaxPayload() - maxEnvelope
}

func (c *Cluster) publish(topic, life string, kind Kind, body []byte) {
	if c.broker != nil {
		c.broker.Publish(topic, c.seals.seal(topic, kind, life, body, c.now()))
	}
}

// ear hears what the broker brings.
type ear struct{ *Cluster }

// Heard implements broker.Ear.
func (c ear) Heard(topic string, payload []byte) {
	m, ok := c.seals.open(topic, payload, c.now())
	room, ofRoom := c.topics.isRoom(topic)
	switch {
	case !ok:
		c.forged.Add(1)
		if ofRoom && c.ears.Hint != nil {
			c.ears.Hint(room)
		}
	case m.From != c.node:
		m.Room = room
		m.Late = c.delays.of(m.From, m.Late, c.now())
		m.Unsure = c.delays.unsure(m.From, c.now())
		if hear := c.ears.Message[m.Kind]; hear != nil { // else a newer version says it
			hear(&m)
		}
	}
}

// Listens implements broker.Ear.
func (c ear) Listens(topics []string) {
	c.away.Store(false)
	if c.missed {
		c.missed = false
		c.log.Info("other nodes are heard again")
	}
	var rooms []string
	everyone := false
	for _, topic := range topics {
		if room, ok := c.topics.isRoom(topic); ok {
			rooms = append(rooms, room)
		} else {
			everyone = everyone || topic == c.topics.all
		}
	}
	if len(rooms) > 0 && c.ears.Listens != nil {
		c.ears.Listens(rooms)
	}
	if everyone && c.ears.Everyone != nil {
		c.ears.Everyone()
	}
}

// Away implements broker.Ear.
func (c ear) Away(err error) {
	c.away.Store(true)
	if !c.missed {
		c.missed = true
		c.log.Warn("other nodes can't be heard: the store is asked what is new until they can", "err", err)
	}
	if c.ears.Away != nil {
		c.ears.Away()
	}
}
