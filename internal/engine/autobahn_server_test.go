package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store/memory"
)

var transports = []engine.Transport{engine.TransportGoroutines, engine.TransportLoops}

// target is where clients go.
type target struct {
	addr    string
	proxied bool
}

// startEcho runs Parley's door with an echo behind it, for the length of a test.
// Its limits are what the suite's largest cases need.
func startEcho(t testing.TB, transport engine.Transport) target {
	t.Helper()
	kept := memory.New(memory.DefaultBudget)
	counts, log := metrics.New(), slog.New(slog.DiscardHandler)
	e, err := engine.New(engine.Config{
		Store: kept, Metrics: counts, Log: log, Heartbeat: time.Hour, Transport: transport,
		Memory: &roomlog.Budget{MemoryBytes: 1 << 20, Total: 1 << 20},
	})
	if errors.Is(err, engine.ErrNoLoops) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	engine.Echo(e, frame.Limits{MessageBytes: 16 << 20, Fragments: 1 << 17})
	door, err := gateway.New(gateway.Config{
		Sessions: e, Commands: e, Passes: auth.NewPasses([]byte("of no use here")), Metrics: counts, Log: log,
		Page: http.NotFoundHandler(), Listen: "localhost:8080",
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := gateway.Server(door)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(l) }()
	t.Cleanup(func() {
		closed := server.Close()
		<-served
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(closed, e.Drain(ctx), kept.Close()); err != nil {
			t.Error(err)
		}
	})
	return target{addr: l.Addr().String()}
}
