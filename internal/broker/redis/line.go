package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/broker"
)

// line is one way to Redis, of all topics or of a cluster's shard. It outlives its
// connections.
type line struct {
	// Fixed after Open.
	broker *Broker
	n      int
	prefix string // of its channels
	queue  *broker.Queue

	beat   atomic.Bool   // one is to be published
	beats  chan struct{} // holds one where the queue has to hear of that
	failed atomic.Value  // of failure: how publishing went last
}

type failure struct{ error }

// maxGathered is how many topics the ear is told of at once, while more are confirmed.
const maxGathered = 1024

// maxChannels is how many channels one command names.
const maxChannels = 1000

// conn is one connection of a line's that subscribes.
type conn struct {
	line   *line
	pubsub *redis.PubSub
	beat   string // the channel of its beats

	mu      sync.Mutex
	asked   map[string]uint64 // topics, and the subscriptions that were asked for
	open    map[string]int    // commands for a topic that have no answer yet
	unheard int               // the sum of open
	whole   bool              // all that was wanted at first was asked for

	// Owned by read.
	begun    bool      // all that was wanted at first is confirmed
	up       bool      // a beat came back since
	told     bool      // so the topics were told
	echoed   time.Time // when a beat came back last
	gathered []broker.Subscription
}

var (
	errSilent = fmt.Errorf("nothing came for %v", silence)
	errEcho   = fmt.Errorf("what is published did not come back for %v", maxEcho)
	errMoved  = errors.New("the cluster has moved a shard to another server")
)

// connect makes a connection, has it serve, and returns why it ended.
func (l *line) connect(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	c := &conn{
		line: l, pubsub: l.subscribe(ctx), beat: l.prefix + "parley/beat/" + l.broker.name,
		asked: map[string]uint64{}, open: map[string]int{"": 1}, unheard: 1, echoed: time.Now(),
	}
	defer context.AfterFunc(ctx, func() { _ = c.pubsub.Close() })()
	var sending sync.WaitGroup
	defer func() {
		end(nil)
		_ = c.pubsub.Close()
		sending.Wait()
	}()
	// The first command chooses the server, by its channel.
	if err := c.command(ctx, "subscribe", []string{c.beat}); err != nil {
		l.lookAgain(ctx)
		return fmt.Errorf("connect: %w", err)
	}
	sending.Go(func() { end(c.send(ctx)) })
	err := c.read(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause // the reader only learnt that the connection was closed
	}
	l.lookAgain(ctx)
	return l.why(err)
}

// subscribe makes a connection when it is first used.
func (l *line) subscribe(ctx context.Context) *redis.PubSub {
	if l.broker.sharded() {
		return l.broker.client.SSubscribe(ctx)
	}
	return l.broker.client.Subscribe(ctx)
}

// lookAgain asks a cluster who has which shard: it may be another than before.
func (l *line) lookAgain(ctx context.Context) {
	if c, ok := l.broker.client.(*redis.ClusterClient); ok {
		c.ReloadState(ctx)
	}
}

// why adds what is known of why nothing came back.
func (l *line) why(err error) error {
	if f, _ := l.failed.Load().(failure); f.error != nil && (isTimeout(err) || errors.Is(err, errEcho)) {
		return fmt.Errorf("%w; publishing: %w", err, f.error)
	}
	return err
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, errSilent) || errors.As(err, &t) && t.Timeout()
}

// command sends one command of channels.
func (c *conn) command(ctx context.Context, name string, channels []string) error {
	sharded := c.line.broker.sharded()
	switch {
	case name == "subscribe" && sharded:
		return c.pubsub.SSubscribe(ctx, channels...)
	case name == "subscribe":
		return c.pubsub.Subscribe(ctx, channels...)
	case sharded:
		return c.pubsub.SUnsubscribe(ctx, channels...)
	}
	return c.pubsub.Unsubscribe(ctx, channels...)
}

// send subscribes to all topics that are wanted, and then to what changes. It has beats
// published meanwhile.
func (c *conn) send(ctx context.Context) error {
	topics := c.line.broker.topics
	if err := c.change(ctx, topics.All(c.line.n)); err != nil {
		return err
	}
	c.mu.Lock()
	c.whole = true
	c.mu.Unlock()
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for c.line.sendBeat(); ; {
		select {
		case <-topics.Changed(c.line.n):
			if err := c.change(ctx, topics.Changes(c.line.n)); err != nil {
				return err
			}
		case <-tick.C:
			c.line.sendBeat()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *line) sendBeat() {
	l.beat.Store(true)
	select {
	case l.beats <- struct{}{}:
	default:
	}
}

// change asks for topics to be as they are wanted.
func (c *conn) change(ctx context.Context, changes []broker.Subscription) error {
	var subscribe, unsubscribe []string
	c.mu.Lock()
	for _, s := range changes {
		switch s.ID {
		case c.asked[s.Topic]: // it was wanted, or not, for a moment
			continue
		case 0:
			delete(c.asked, s.Topic)
			unsubscribe = append(unsubscribe, c.line.prefix+s.Topic)
		default: // though it were subscribed to before: its answer is a place in what comes
			c.asked[s.Topic] = s.ID
			subscribe = append(subscribe, c.line.prefix+s.Topic)
		}
		c.open["/"+s.Topic]++
		c.unheard++
	}
	c.mu.Unlock()
	if err := c.commands(ctx, "unsubscribe", unsubscribe); err != nil {
		return err
	}
	return c.commands(ctx, "subscribe", subscribe)
}

func (c *conn) commands(ctx context.Context, name string, channels []string) error {
	for len(channels) > 0 {
		n := min(len(channels), maxChannels)
		if err := c.command(ctx, name, channels[:n]); err != nil {
			return err
		}
		channels = channels[n:]
	}
	return nil
}

// read reads what comes until something is wrong.
func (c *conn) read(ctx context.Context) error {
	for {
		received, err := c.pubsub.ReceiveTimeout(ctx, silence)
		if isTimeout(err) {
			return errSilent
		}
		if err != nil {
			return err
		}
		switch m := received.(type) {
		case *redis.Message:
			c.message(m)
		case *redis.Subscription:
			if err := c.answer(m); err != nil {
				return err
			}
		}
		c.tell()
		if time.Since(c.echoed) > maxEcho {
			return errEcho
		}
	}
}

func (c *conn) message(m *redis.Message) {
	if m.Channel == c.beat {
		c.echoed = time.Now()
		c.up = c.up || c.begun
		return
	}
	c.line.broker.topics.Heard(strings.TrimPrefix(m.Channel, c.line.prefix), []byte(m.Payload))
}

// answer takes what a command was answered with, one answer for each channel.
func (c *conn) answer(s *redis.Subscription) error {
	topic := strings.TrimPrefix(s.Channel, c.line.prefix)
	key := "/" + topic
	if s.Channel == c.beat {
		key = ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[key] == 0 {
		return errMoved // nobody asked
	}
	c.unheard--
	if c.open[key]--; c.open[key] > 0 {
		return nil // it isn't the last word
	}
	delete(c.open, key)
	if id := c.asked[topic]; key != "" && id != 0 && strings.HasSuffix(s.Kind, "subscribe") && !strings.HasSuffix(s.Kind, "unsubscribe") {
		c.gathered = append(c.gathered, broker.Subscription{Topic: topic, ID: id})
	}
	return nil
}

// tell tells of what was confirmed, when it is all, or much.
func (c *conn) tell() {
	c.mu.Lock()
	quiet, whole := c.unheard == 0, c.whole
	c.mu.Unlock()
	if !c.begun && quiet && whole {
		c.begun = true
		c.line.sendBeat()
	}
	first := c.up && !c.told
	if c.up && (first || len(c.gathered) > 0 && (quiet || len(c.gathered) >= maxGathered)) {
		c.told = true
		c.line.broker.topics.Up(c.line.n, c.gathered)
		c.gathered = nil
	}
}
