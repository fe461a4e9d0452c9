package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/broker"
	"github.com/parley-chat/parley/internal/redisurl"
)

const (
	maxPayload = 64 << 10
	maxWaiting = 16 << 20 // bytes, over all lines

	// shards are how many lines there are in a cluster. All nodes of a deployment have
	// to agree: a topic is published where it is listened to.
	shards = 16

	timeout   = 3 * time.Second // of dialling, and of what Redis answers
	beatEvery = 1500 * time.Millisecond
	silence   = 3 * beatEvery
	maxEcho   = 15 * time.Second // how long a beat may take that comes behind much else
)

// Broker is a broker on Redis Pub/Sub.
type Broker struct {
	client redis.UniversalClient
	log    *slog.Logger
	name   string // tells our beats from other nodes'
	count  broker.Counters
	topics *broker.Topics
	lines  []*line
	stop   context.CancelFunc
	done   sync.WaitGroup
	closed func() error

	refused sync.Once // one line in the log is enough
}

// Open opens the Redis that text names, as package redisurl says. An error is one of
// text's: a Redis that isn't there now is waited for, and ear is told.
func Open(text string, ear broker.Ear, log *slog.Logger) (*Broker, error) {
	url, err := redisurl.Parse(text)
	if err != nil {
		return nil, err
	}
	if url.Unverified() {
		log.Warn("the broker's certificate is not verified: whoever is between can pass for it", "broker", url)
	}
	n := 1
	if url.Kind == redisurl.Cluster {
		n = shards
	}
	b := &Broker{client: newClient(url, n), log: log, name: rand.Text()}
	b.closed = sync.OnceValue(b.close)
	b.topics = broker.NewTopics(ear, &b.count, n, b.lineOf)
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	for i := range n {
		l := &line{broker: b, n: i, queue: broker.NewQueue(maxWaiting/n, 0, &b.count), beats: make(chan struct{}, 1)}
		if n > 1 {
			l.prefix = fmt.Sprintf("{parley-%d}", i) // its braces have Redis hash this alone
		}
		b.lines = append(b.lines, l)
	}
	for _, l := range b.lines {
		b.done.Go(func() { b.topics.Keep(ctx, l.n, l.connect) })
		b.done.Go(func() { l.queue.Run(ctx, l.beats, l.publish) })
	}
	return b, nil
}

// newClient makes a client for n lines. It tries nothing twice: lines and queues do.
func newClient(url *redisurl.URL, n int) redis.UniversalClient {
	o := url.Options()
	o.Protocol = 2 // Pub/Sub needs no more
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = timeout, timeout, timeout
	o.ContextTimeoutEnabled = true
	o.DialerRetries, o.MaxRetries = 1, -1
	o.PoolSize, o.PipelinePoolSize = n+1, n+1
	return redis.NewUniversalClient(o)
}

func (b *Broker) sharded() bool { return len(b.lines) > 1 }

func (b *Broker) lineOf(topic string) int {
	if !b.sharded() {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(topic))
	return int(h.Sum32() % uint32(len(b.lines)))
}

// Publish implements broker.Broker.
func (b *Broker) Publish(topic string, payload []byte) {
	if len(payload) > maxPayload {
		b.count.Drop(broker.TooLarge, 1)
		return
	}
	b.lines[b.lineOf(topic)].queue.Put(topic, payload)
}

// Subscribe implements broker.Broker.
func (b *Broker) Subscribe(topic string) { b.topics.Subscribe(topic) }

// Unsubscribe implements broker.Broker.
func (b *Broker) Unsubscribe(topic string) { b.topics.Unsubscribe(topic) }

// MaxPayload implements broker.Broker.
func (b *Broker) MaxPayload() int { return maxPayload }

// Stats is what the broker says about itself.
func (b *Broker) Stats() broker.Stats {
	s := b.topics.Stats()
	for _, l := range b.lines {
		s.Waiting += l.queue.Held()
	}
	return s
}

// Close implements broker.Broker. What waits is published if that is soon done.
func (b *Broker) Close() error { return b.closed() }

func (b *Broker) close() error {
	b.stop()
	b.done.Wait()
	b.topics.Close()
	if err := b.client.Close(); err != nil {
		return fmt.Errorf("close the broker: %w", err)
	}
	return nil
}
