//go:build e2e

package postgres

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

var (
	ctx   = context.Background()
	ada   = protocol.User{ID: "u1", Name: "ada"}
	quiet = slog.New(slog.DiscardHandler)
)

// server is the test binary's own: most tests need one, and no more than a database of it.
var server *testserver.Postgres

var databases atomic.Int64

func TestMain(m *testing.M) {
	t := &whole{}
	server = testserver.StartPostgres(t, "max_connections=60")
	code := m.Run()
	for _, end := range slices.Backward(t.ends) {
		end()
	}
	os.Exit(code)
}

// whole is the test that all tests are part of.
type whole struct {
	testing.TB
	ends []func()
}

func (*whole) Helper()                        {}
func (t *whole) Cleanup(f func())             { t.ends = append(t.ends, f) }
func (*whole) Fatal(args ...any)              { log.Fatal(args...) }
func (*whole) Fatalf(format string, a ...any) { log.Fatalf(format, a...) }

// newDatabase makes an empty database, and gives its URL.
func newDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("d%d", databases.Add(1))
	run(t, server.URL("postgres"), "create database "+name+" template template0")
	return server.URL(name)
}

// run runs statements, outside of any store.
func run(t testing.TB, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// open opens a store, which is closed when the test ends.
func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(ctx, url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func backend(url func(t testing.TB) string) storetest.Backend {
	urlOf := func(s store.Store) string { return s.(*Store).pool.Config().ConnString() }
	return storetest.Backend{
		Open: func(t *testing.T) store.Store { return open(t, url(t)) },
		Reopen: func(t *testing.T, s store.Store) store.Store {
			_ = s.Close()
			return open(t, urlOf(s))
		},
		Another: func(t *testing.T, s store.Store) store.Store { return open(t, urlOf(s)) },
		Rewind: func(t *testing.T, s store.Store) {
			// What else a standby lacks that lags behind comes with its events: the rows that
			// stand for their effects are not tested here.
			run(t, urlOf(s),
				"delete from event e using room r where e.room = r.id and e.seq = r.head",
				"delete from doc d using room r where d.room = r.id and d.seq = r.head",
				"update room set head = head - 1",
				"update life set tag = 'of another server'")
		},
	}
}

func TestStoreKeepsItsPromises(t *testing.T) {
	storetest.Run(t, backend(newDatabase))
}

func TestNodesShareAStore(t *testing.T) {
	storetest.RunShared(t, backend(newDatabase))
}
