package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/internal/broker"
)

const (
	// A payload of NOTIFY is text, of fewer than 8000 bytes: here a mark, and base64.
	maxPayload = 5900
	maxWaiting = 16 << 20 // bytes
	ofTopic    = 512      // messages of one topic that wait: what one node asks of another may be as many

	timeout   = 3 * time.Second // of dialling, and of what PostgreSQL answers
	beatEvery = 1500 * time.Millisecond
	silence   = 3 * beatEvery
	maxStuck  = 10 * time.Second // how long an ear may take
)

// Broker is a broker on PostgreSQL's NOTIFY.
type Broker struct {
	config *pgconn.Config
	log    *slog.Logger
	name   string // the topic of our beats
	count  broker.Counters
	topics *broker.Topics
	queue  *broker.Queue
	stop   context.CancelFunc
	done   sync.WaitGroup

	beat   atomic.Bool   // one is to be published
	beats  chan struct{} // holds one where the queue has to hear of that
	failed atomic.Value  // of failure: how publishing went last

	lastBeat time.Time // owned by listen

	// Owned by the queue's goroutine.
	speaks *pgconn.PgConn // nil while there is none
	mark   int
}

type failure struct{ error }

// Open opens the database that url names, as for the store. An error is one of url's: a
// PostgreSQL that isn't there now is waited for, and ear is told.
func Open(url string, ear broker.Ear, log *slog.Logger) (*Broker, error) {
	config, err := pgxpool.ParseConfig(url) // the store's has options of a pool, too
	if err != nil {                         // its text may show a part of a password
		return nil, errors.New("the URL of the store can't be read, or names a file that can't: --broker postgres has none of its own")
	}
	b := &Broker{config: &config.ConnConfig.Config, log: log, name: "parley/beat/" + rand.Text(), beats: make(chan struct{}, 1)}
	b.config.ConnectTimeout = timeout
	if len(b.config.Fallbacks) > 0 && b.config.ValidateConnect == nil {
		b.config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // a standby lets nobody listen
	}
	b.topics = broker.NewTopics(ear, &b.count, 1, func(string) int { return 0 })
	b.queue = broker.NewQueue(maxWaiting, ofTopic, &b.count)
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.done.Go(func() { b.topics.Keep(ctx, 0, b.listen) })
	b.done.Go(func() {
		b.queue.Run(ctx, b.beats, b.publish)
		b.hangUp()
	})
	return b, nil
}

// Publish implements broker.Broker.
func (b *Broker) Publish(topic string, payload []byte) {
	if len(payload) > maxPayload {
		b.count.Drop(broker.TooLarge, 1)
		return
	}
	b.queue.Put(topic, payload)
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
	s.Waiting = b.queue.Held()
	return s
}

// Close implements broker.Broker. What waits is published if that is soon done.
func (b *Broker) Close() error {
	b.stop()
	b.done.Wait()
	b.topics.Close()
	return nil
}

func (b *Broker) sendBeat() {
	b.beat.Store(true)
	select {
	case b.beats <- struct{}{}:
	default:
	}
}
