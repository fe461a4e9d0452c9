package durable

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
)

// serve runs a node on a data folder until the test ends, and gives its address.
func serve(t *testing.T, data string) string {
	t.Helper()
	cfg := config.Serve{Listen: "127.0.0.1:0", Store: "sqlite", Data: data, Heartbeat: time.Minute}
	n, err := node.Start(cfg, &bytes.Buffer{}, slog.New(slog.DiscardHandler), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), node.DrainTimeout)
		defer cancel()
		if err := n.Drain(ctx); err != nil {
			t.Error(err)
		}
	})
	return strings.TrimPrefix(n.URL(), "http://")
}

func TestSendsAreCountedBesideTheBareDriver(t *testing.T) {
	addr := serve(t, t.TempDir())
	if perSecond, err := Sends(addr, 4, 8, 100*time.Millisecond); err != nil || perSecond <= 0 {
		t.Errorf("%v a second, %v", perSecond, err)
	}
	b, err := OpenBare(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if perSecond, err := b.Rows(64, 20*time.Millisecond); err != nil || perSecond <= 0 || b.head%64 != 0 {
		t.Errorf("%v a second, %d rows, %v", perSecond, b.head, err)
	}
}

func TestEverySendIsTimedToItsLastReader(t *testing.T) {
	folder := t.TempDir()
	seen, err := Delayed(serve(t, folder), folder, Pace{Readers: 5, Senders: 2, PerSecond: 200, Window: 250 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.Ack) != 50 || len(seen.Last) != 50 || seen.Ack.Quantile(0) <= 0 || seen.Last.Quantile(0) <= 0 || seen.Fsync.Quantile(0.5) <= 0 {
		t.Errorf("%+v", seen)
	}
}

func TestAnArchiveIsPagedThroughAndSearched(t *testing.T) {
	const messages = 2000
	folder := filepath.Join(t.TempDir(), "data")
	if err := Fill(folder, messages); err != nil {
		t.Fatal(err)
	}
	addr := serve(t, folder)
	small, large, err := Pages(addr, messages, 10)
	if err != nil || len(small) != 10 || len(large) != 10 {
		t.Errorf("%d and %d pages, %v", len(small), len(large), err)
	}
	_, took, err := Searches(addr, 2)
	if err != nil || len(took) != len(newVocabulary().searches()) {
		t.Errorf("%v, %v", took, err)
	}
}
