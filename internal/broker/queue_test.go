package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Whatever comes, goes out and comes back: what a queue holds is within its bounds, in
// order, and what isn't published was counted as dropped.
func TestAQueueLosesNothingThatItDoesNotCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var count Counters
		bytes, ofTopic := rapid.IntRange(100, 3000).Draw(t, "bytes"), rapid.IntRange(0, 4).Draw(t, "of a topic")
		q := NewQueue(bytes, ofTopic, &count)
		put, published := 0, 0
		last := map[string]int{}
		fail := func(_ context.Context, batch []*Message) ([]*Message, error) {
			if cut := rapid.IntRange(0, len(batch)).Draw(t, "cut"); rapid.Bool().Draw(t, "fails") {
				for _, m := range batch[:cut] {
					published += check(t, m, last)
				}
				return batch[cut:], errors.New("cut")
			}
			for _, m := range batch {
				published += check(t, m, last)
			}
			return nil, nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				put++
				q.Put(rapid.SampledFrom([]string{"lobby", "attic"}).Draw(t, "topic"), fmt.Append(nil, put))
			},
			"publish": func(t *rapid.T) {
				_, _ = q.publish(context.Background(), rapid.IntRange(1, 1000).Draw(t, "batch"), fail)
			},
			"": func(t *rapid.T) {
				s := count.Stats()
				waiting := 0
				for _, m := range q.waiting {
					if !m.dropped {
						waiting++
					}
				}
				if lost := int(s.Dropped[Full] + s.Dropped[Conflated]); put != published+waiting+lost {
					t.Fatalf("%d came: %d were published, %d wait, %d were dropped", put, published, waiting, lost)
				}
				if q.Held() > bytes {
					t.Fatalf("it holds %d bytes of at most %d", q.Held(), bytes)
				}
			},
		})
	})
}

func check(t *rapid.T, m *Message, last map[string]int) int {
	var n int
	if _, err := fmt.Sscan(string(m.Payload), &n); err != nil || n <= last[m.Topic] {
		t.Fatalf("%s: %s came behind %d", m.Topic, m.Payload, last[m.Topic])
	}
	last[m.Topic] = n
	return 1
}

func TestWhatCannotBePublishedIsTriedAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count Counters
		q := NewQueue(1<<20, 0, &count)
		ctx, stop := context.WithCancel(t.Context())
		var tries []time.Duration
		var said []string
		began := time.Now()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			q.Run(ctx, nil, func(_ context.Context, batch []*Message) ([]*Message, error) {
				tries = append(tries, time.Since(began))
				if len(tries) < 10 {
					return batch, errors.New("away")
				}
				for _, m := range batch {
					said = append(said, string(m.Payload))
				}
				return nil, nil
			})
		}()
		for _, text := range []string{"one", "two", "three"} {
			q.Put("lobby", []byte(text))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Equal(said, []string{"one", "two", "three"}) || len(tries) != 10 {
			t.Errorf("after tries at %v, published is %q", tries, said)
		}
		if whole := tries[len(tries)-1]; whole > 9*lastWait {
			t.Errorf("nine tries took %v", whole)
		}
		stop()
		<-ended
		q.Put("lobby", []byte("too late"))
		if n := count.Stats().Dropped[Closed]; n != 1 || q.Held() != 0 {
			t.Errorf("%d counted as closed, want 1; it holds %d bytes", n, q.Held())
		}
	})
}
