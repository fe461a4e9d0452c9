package brokertest

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/broker"
)

// Bench measures what a message of 300 bytes costs from one node to another: one that
// comes alone, and many at once, over a hundred topics.
func Bench(b *testing.B, open func(testing.TB, broker.Ear) Broker) {
	ear := &counter{listens: make(chan struct{}, 1000), heard: make(chan struct{}, 1)}
	hears, speaks := open(b, ear), open(b, &counter{listens: make(chan struct{}, 1000)})
	defer hears.Close()  //nolint:errcheck // it was measured
	defer speaks.Close() //nolint:errcheck // the same
	topics := make([]string, 100)
	for i := range topics {
		topics[i] = string(rune('a' + i))
		hears.Subscribe(topics[i])
	}
	for range topics {
		<-ear.listens
	}
	payload := make([]byte, 300)
	b.Run("alone", func(b *testing.B) {
		took := make([]time.Duration, 0, b.N)
		for i := range b.N {
			began := time.Now()
			ear.await.Store(ear.count.Load() + 1)
			speaks.Publish(topics[i%len(topics)], payload)
			<-ear.heard
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	})
	b.Run("together", func(b *testing.B) {
		ear.await.Store(ear.count.Load() + uint64(b.N))
		for i := range b.N {
			for speaks.Stats().Waiting > 1<<20 { // so that nothing is dropped
				time.Sleep(100 * time.Microsecond)
			}
			speaks.Publish(topics[i%len(topics)], payload)
		}
		<-ear.heard
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

// counter is an ear that counts, and tells when it has heard as many as are awaited.
type counter struct {
	count   atomic.Uint64
	await   atomic.Uint64
	listens chan struct{}
	heard   chan struct{}
}

func (c *counter) Heard(string, []byte) {
	if c.count.Add(1) == c.await.Load() {
		c.heard <- struct{}{}
	}
}

func (c *counter) Listens(topics []string) {
	for range topics {
		c.listens <- struct{}{}
	}
}

func (c *counter) Away(error) {}
