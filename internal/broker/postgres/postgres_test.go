//go:build e2e

package postgres

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/broker"
	"github.com/parley-chat/parley/internal/broker/brokertest"
	"github.com/parley-chat/parley/internal/testserver"
)

var nobody = slog.New(slog.NewTextHandler(io.Discard, nil))

// opener opens a broker for one more node.
func opener(url string) func(*testing.T, broker.Ear) brokertest.Broker {
	return func(t *testing.T, ear broker.Ear) brokertest.Broker {
		t.Helper()
		b, err := Open(url, ear, nobody)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// through is the URL of a server's database by way of a link.
func through(link *testserver.Link) string {
	return "postgres://postgres@" + link.Addr + "/postgres?sslmode=disable&pool_max_conns=3"
}

func TestPostgreSQLKeepsTheBrokersPromises(t *testing.T) {
	server := testserver.StartPostgres(t)
	brokertest.Run(t, func(t *testing.T) brokertest.Backend {
		link := testserver.NewLink(t, server.Addr)
		return brokertest.Backend{Open: opener(through(link)), Conflates: true, Cut: link.Close, Mend: link.Mend}
	})
}

func TestOfSeveralServersTheOneThatTakesWritesCarries(t *testing.T) {
	server := testserver.StartPostgres(t)
	standby, _ := server.StartStandby(t)
	url := strings.Replace(server.URL("postgres"), server.Addr, standby.Addr+","+server.Addr, 1)
	brokertest.NewPair(t, opener(url), rooms(3)...).Say()
}

func BenchmarkPostgreSQL(b *testing.B) {
	server := testserver.StartPostgres(b)
	brokertest.Bench(b, func(t testing.TB, ear broker.Ear) brokertest.Broker {
		broker, err := Open(server.URL("postgres"), ear, nobody)
		if err != nil {
			t.Fatal(err)
		}
		return broker
	})
}
