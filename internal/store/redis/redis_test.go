//go:build e2e

package redis

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/internal/testserver"
)

var ctx = context.Background()

var quiet = slog.New(slog.DiscardHandler)

// deployments has each test's keys begin otherwise.
var deployments atomic.Int64

func prefix() string { return fmt.Sprintf("t%d_%d:", os.Getpid(), deployments.Add(1)) }

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(ctx, url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// backend is stores on a server, each with keys of its own.
func backend(url string) storetest.Backend {
	urls := map[store.Store]string{}
	again := func(t *testing.T, s store.Store) store.Store {
		other := open(t, urls[s])
		urls[other] = urls[s]
		return other
	}
	return storetest.Backend{
		Open: func(t *testing.T) store.Store {
			own := url + "?prefix=" + prefix()
			s := open(t, own)
			urls[s] = own
			return s
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return again(t, s)
		},
		Another: again,
	}
}

func TestStoreKeepsItsPromises(t *testing.T) {
	storetest.Run(t, backend(testserver.StartRedis(t).URL()))
}

func TestNodesShareAStoreThatIsEmptied(t *testing.T) {
	server := testserver.StartRedis(t)
	b := backend(server.URL())
	b.Rewind = func(t *testing.T, _ store.Store) {
		if err := client(t, server.URL()).FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
	}
	storetest.RunShared(t, b)
}

func TestNodesShareAStoreThatLosesItsNewestEvents(t *testing.T) {
	server := testserver.StartRedis(t, "--appendonly", "yes", "--aof-load-truncated", "yes")
	b := backend(server.URL())
	b.Rewind = func(t *testing.T, _ store.Store) { loseNewest(t, server) }
	storetest.RunShared(t, b)
}

// loseNewest ends a server by force, and has it start with all but the last that it wrote
// down, as after a power cut.
func loseNewest(t *testing.T, server *testserver.Redis) {
	t.Helper()
	server.Kill()
	files, err := filepath.Glob(filepath.Join(server.Dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no append-only file: %v", err)
	}
	last := slices.MaxFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	text, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(text, []byte("\r\nXADD\r\n"))
	if at < 0 {
		t.Fatal("no event was written down")
	}
	// The newest of each log, with whatever came later.
	for range 8 {
		if before := bytes.LastIndex(text[:at], []byte("\r\nXADD\r\n")); before > 0 {
			at = before
		}
	}
	if err := os.Truncate(last, int64(at)); err != nil {
		t.Fatal(err)
	}
	server.Start()
}

func client(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// awaitInfo waits until a server says something of itself.
func awaitInfo(t *testing.T, c *redis.Client, what string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(c.Info(ctx, "replication").Val(), what); {
		if time.Now().After(deadline) {
			t.Fatalf("%s never came: %s", what, c.Info(ctx, "replication").Val())
		}
		time.Sleep(time.Millisecond)
	}
}
