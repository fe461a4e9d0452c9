//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goclient "github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

// talker is somebody who goes on talking in lobby, and hears everybody.
type talker struct {
	name  string
	acked atomic.Int64
	mu    sync.Mutex
	heard []string // in their order
	lines atomic.Int64
	again atomic.Int64 // how often the line was lost
}

// talk talks until stop is closed, and hears until ctx ends.
func (w *talker) talk(ctx context.Context, t *testing.T, f *front, stop <-chan struct{}, done *sync.WaitGroup) {
	t.Helper()
	c, err := goclient.New(f.URL, goclient.Options{Name: w.name, HTTPClient: f.Client})
	if err != nil {
		t.Fatal(err)
	}
	go c.Run(ctx) //nolint:errcheck // it ends with ctx
	if _, err := c.Join(ctx, protocol.Join{Room: "lobby"}); err != nil {
		t.Fatal(err)
	}
	go w.hear(ctx, t, c)
	done.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond): // people don't write faster
			}
			if _, err := c.Send(ctx, protocol.Send{Room: "lobby", Text: fmt.Sprintf("%s %d", w.name, n)}); err != nil {
				t.Errorf("%s: message %d: %v", w.name, n, err)
				return
			}
			w.acked.Add(1)
		}
	})
}

func (w *talker) hear(ctx context.Context, t *testing.T, c *goclient.Client) {
	last := protocol.Seq(0)
	for item, err := range c.Events(ctx) {
		if err != nil {
			return // ctx has ended
		}
		switch item := item.(type) {
		case goclient.Event:
			if last > 0 && item.Seq != last+1 {
				t.Errorf("%s hears %d after %d", w.name, item.Seq, last)
			}
			last = item.Seq
			w.mu.Lock()
			w.heard = append(w.heard, item.Text)
			w.mu.Unlock()
			w.lines.Add(1)
		case goclient.Reset:
			t.Errorf("%s is told to begin anew: %+v", w.name, item)
		case goclient.Disconnected:
			w.again.Add(1)
			var refused *goclient.HandshakeError
			if errors.As(item.Err, &refused) && refused.Status == http.StatusBadGateway {
				t.Errorf("%s is told by the proxy that there is no node, though two of three run", w.name)
			}
		}
	}
}

// A rolling restart, seen through each of the proxies: nodes end and begin one after
// another, and people notice a reconnect at most.
func TestClusterBehindAProxyRestartsNodeByNode(t *testing.T) {
	for name, start := range beforeThrees {
		t.Run(name, func(t *testing.T) {
			redis := testserver.StartRedis(t)
			args := []string{
				"--store", redis.URL(), "--broker", redis.URL(), "--rate", "off", "--drain", "1s",
				"--trusted-proxy", "127.0.0.1", "--public-url", "https://chat.example",
			}
			nodes, ports := startThree(t, args...)
			https := freePort(t)
			f := deployed(https, start(t, https, ports))
			crew := make([]*talker, 9)
			var talking sync.WaitGroup
			stop := make(chan struct{})
			for i := range crew {
				crew[i] = &talker{name: fmt.Sprintf("talker%d", i)}
				crew[i].talk(t.Context(), t, f, stop, &talking)
			}
			all := func(of func(*talker) int64) (sum int64) {
				for _, w := range crew {
					sum += of(w)
				}
				return sum
			}
			acked := func() int64 { return all(func(w *talker) int64 { return w.acked.Load() }) }
			for i := range nodes {
				before := acked()
				eventually(t, "they talk", func() bool { return acked() > before+100 })
				if code, _ := nodes[i].Stop(); code != 0 {
					t.Errorf("node %d ends with %d, want 0", i, code)
				}
				before = acked()
				eventually(t, "they talk without it", func() bool { return acked() > before+100 })
				nodes[i] = startServer(t, append(args, "--listen", "127.0.0.1:"+ports[i])...)
				direct := front{URL: nodes[i].URL, Client: http.DefaultClient}
				eventually(t, "it is ready", func() bool { return direct.status(t, "/readyz") == http.StatusOK })
			}
			close(stop)
			talking.Wait()
			said := acked()
			// Those who came first have heard all; the others came when some had been said.
			first := crew[0]
			eventually(t, "all that was said is heard", func() bool { return first.lines.Load() >= said })
			texts := slices.Clone(first.heard)
			slices.Sort(texts)
			if n := len(slices.Compact(slices.Clone(texts))); int64(n) != said || n != len(texts) {
				t.Errorf("%d messages were acknowledged, %d heard, %d of them different", said, len(texts), n)
			}
			for _, w := range crew[1:] {
				eventually(t, w.name+" has heard the last", func() bool {
					w.mu.Lock()
					defer w.mu.Unlock()
					first.mu.Lock()
					defer first.mu.Unlock()
					n := len(w.heard)
					return n > 0 && slices.Equal(w.heard, first.heard[len(first.heard)-n:])
				})
			}
			t.Logf("%d messages, the line was lost %d times by %d", said, all(func(w *talker) int64 { return w.again.Load() }), len(crew))
		})
	}
}
