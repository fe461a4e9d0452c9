//go:build e2e

package redis

import (
	"io"
	"log/slog"
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

func TestOneRedisKeepsTheBrokersPromises(t *testing.T) {
	server := testserver.StartRedis(t)
	brokertest.Run(t, func(t *testing.T) brokertest.Backend {
		link := testserver.NewLink(t, server.Addr)
		return brokertest.Backend{Open: opener("redis://" + link.Addr), Cut: link.Close, Mend: link.Mend}
	})
}

func BenchmarkOneRedis(b *testing.B) {
	server := testserver.StartRedis(b)
	brokertest.Bench(b, func(t testing.TB, ear broker.Ear) brokertest.Broker {
		broker, err := Open(server.URL(), ear, nobody)
		if err != nil {
			t.Fatal(err)
		}
		return broker
	})
}
