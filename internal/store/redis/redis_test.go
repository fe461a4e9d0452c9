//go:build e2e

package redis

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"

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

func TestStoreKeepsItsPromises(t *testing.T) {
	server := testserver.StartRedis(t)
	urls := map[store.Store]string{}
	storetest.Run(t, storetest.Backend{
		Open: func(t *testing.T) store.Store {
			url := server.URL() + "?prefix=" + prefix()
			s := open(t, url)
			urls[s] = url
			return s
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			url := urls[s]
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, url)
			urls[s] = url
			return s
		},
	})
}
