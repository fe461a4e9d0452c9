package broker

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Message is something to publish.
type Message struct {
	Topic   string
	Payload []byte
	dropped bool
}

// size is what a message counts for in a queue's bound, with what holds it.
func (m *Message) size() int { return len(m.Topic) + len(m.Payload) + 64 }

// Queue holds what is to be published, while the last of it is on its way. It holds a
// bounded number of bytes: when more comes, what has waited longest is dropped. Any
// goroutine may call its methods, but one alone runs it.
type Queue struct {
	// Fixed after NewQueue.
	bytes   int // at most
	ofTopic int // messages of one topic, at most; 0 for any number
	count   *Counters
	ready   chan struct{} // holds one while something may be waiting

	mu      sync.Mutex
	closed  bool
	waiting []*Message            // oldest first
	topics  map[string][]*Message // the same by topic, if ofTopic bounds them
	dropped int                   // of waiting
	held    int                   // bytes, of what is on its way, too
}

// NewQueue makes a queue of at most so many bytes, and messages of one topic.
func NewQueue(bytes, ofTopic int, count *Counters) *Queue {
	return &Queue{bytes: bytes, ofTopic: ofTopic, count: count, ready: make(chan struct{}, 1), topics: map[string][]*Message{}}
}

// Put has a message wait.
func (q *Queue) Put(topic string, payload []byte) {
	m := &Message{Topic: topic, Payload: payload}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.count.Drop(Closed, 1)
		return
	}
	q.held += m.size()
	q.waiting = append(q.waiting, m)
	if q.ofTopic > 0 {
		q.conflate(m)
	}
	for q.held > q.bytes && len(q.waiting) > 0 {
		if oldest := q.pop(); oldest != nil {
			q.held -= oldest.size()
			q.count.Drop(Full, 1)
		}
	}
	q.wake()
}

// conflate counts m among its topic's, and drops the oldest of them when they are too
// many.
func (q *Queue) conflate(m *Message) {
	q.topics[m.Topic] = append(q.topics[m.Topic], m)
	if list := q.topics[m.Topic]; len(list) > q.ofTopic {
		list[0].dropped = true
		q.held -= list[0].size()
		q.topics[m.Topic] = list[1:]
		q.count.Drop(Conflated, 1)
		q.dropped++
	}
	if q.dropped > 1000 && q.dropped > len(q.waiting)/2 {
		q.waiting = slices.DeleteFunc(q.waiting, func(m *Message) bool { return m.dropped })
		q.dropped = 0
	}
}

// pop takes the oldest, nil where it was dropped before.
func (q *Queue) pop() *Message {
	m := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	if m.dropped {
		q.dropped--
		return nil
	}
	if q.ofTopic > 0 {
		if list := q.topics[m.Topic][1:]; len(list) > 0 {
			q.topics[m.Topic] = list
		} else {
			delete(q.topics, m.Topic)
		}
	}
	return m
}

func (q *Queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take gives the oldest messages, up to so many bytes, but at least one.
func (q *Queue) take(bytes int) (batch []*Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for bytes > 0 && len(q.waiting) > 0 && len(batch) < maxBatch {
		if m := q.pop(); m != nil {
			bytes -= m.size()
			batch = append(batch, m)
		}
	}
	if len(q.waiting) > 0 {
		q.wake()
	}
	return batch
}

// back has messages wait again that were taken last, before all others.
func (q *Queue) back(batch []*Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(slices.Clip(batch), q.waiting...)
	if q.ofTopic > 0 {
		for _, m := range slices.Backward(batch) {
			q.topics[m.Topic] = append([]*Message{m}, q.topics[m.Topic]...)
		}
	}
	q.wake()
}

func (q *Queue) done(batch []*Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range batch {
		q.held -= m.size()
	}
}

// Held is how many bytes wait or are on their way.
func (q *Queue) Held() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}

// close has the queue take no more.
func (q *Queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// drop gives up what still waits.
func (q *Queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count.Drop(Closed, len(q.waiting)-q.dropped)
	q.waiting, q.topics, q.dropped, q.held = nil, nil, 0, 0
}

// A batch is halved when it could not be published, since on a slow line a shorter one
// may pass in time.
const (
	maxBatch      = 1000
	maxBatchBytes = 1 << 20
	minBatchBytes = 16 << 10
	farewell      = time.Second // how long what waits at the end may take
)

// Run publishes until ctx ends, and then what still waits, if that is soon done. Publish
// gives those that have to be published again: after an error it may be all. It is also
// called with nothing at each beat.
func (q *Queue) Run(ctx context.Context, beats <-chan struct{}, publish func(context.Context, []*Message) (again []*Message, err error)) {
	defer q.drop()
	bytes := maxBatchBytes
	var wait Backoff
	for ctx.Err() == nil {
		select {
		case <-q.ready:
		case <-beats:
		case <-ctx.Done():
			continue
		}
		again, err := q.publish(ctx, bytes, publish)
		if err == nil {
			bytes, wait = min(2*bytes, maxBatchBytes), 0
			continue
		}
		if again {
			bytes = max(bytes/2, minBatchBytes)
		}
		wait.Wait(ctx)
	}
	q.close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	for ctx.Err() == nil && q.Held() > 0 {
		if _, err := q.publish(ctx, bytes, publish); err != nil {
			return
		}
	}
}

func (q *Queue) publish(ctx context.Context, bytes int, publish func(context.Context, []*Message) ([]*Message, error)) (again bool, err error) {
	batch := q.take(bytes)
	left, err := publish(ctx, batch)
	if len(left) > 0 {
		q.back(left)
	}
	// What is left is the same messages, in the same order.
	i := 0
	for _, m := range batch {
		if i < len(left) && left[i] == m {
			i++
			continue
		}
		q.done([]*Message{m})
	}
	return len(left) > 0, err
}

// Backoff is how long to wait before something is tried again: longer each time, and
// never as long as others wait.
type Backoff time.Duration

const (
	firstWait = 50 * time.Millisecond
	lastWait  = 2 * time.Second
)

// Wait waits, unless ctx ends.
func (b *Backoff) Wait(ctx context.Context) {
	*b = min(max(2**b, Backoff(firstWait)), Backoff(lastWait))
	timer := time.NewTimer(time.Duration(*b/2 + rand.N(*b/2+1))) //nolint:gosec // jitter, no secret
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
