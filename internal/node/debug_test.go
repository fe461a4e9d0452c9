package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
)

// lines is what a node logs.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startWatched runs a node with a debug listener, and says where that is.
func startWatched(t *testing.T) (n *node.Node, debugURL string) {
	t.Helper()
	var logged lines
	cfg := config.Serve{Listen: "localhost:0", DebugListen: "localhost:0", Store: "memory", Broker: "memory", Heartbeat: 30 * time.Second}
	n, err := node.Start(cfg, io.Discard, slog.New(slog.NewTextHandler(&logged, nil)), metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	where := regexp.MustCompile(`what the node does is shown" url=(\S+)/\n`).FindStringSubmatch(logged.String())
	if where == nil {
		t.Fatalf("the log doesn't say where: %s", logged.String())
	}
	return n, where[1]
}

// get is the answer to a request, or why there is none.
func get(url string) (status int, body string, err error) {
	answer, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

func TestADrainCanBeWatchedToItsEnd(t *testing.T) {
	n, debugURL := startWatched(t)
	ada, _, err := websocket.Dial(t.Context(), strings.Replace(n.URL(), "http", "ws", 1)+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ada.CloseNow()                                       //nolint:errcheck // it is gone by then
	if _, _, err := get(debugURL + "/view.json"); err != nil { // the first look takes longer than others
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- n.Drain(ctx) }()
	for draining := false; !draining; {
		status, text, err := get(debugURL + "/view.json")
		var seen struct {
			Engine struct{ Draining bool }
		}
		if err != nil || status != 200 || json.Unmarshal([]byte(text), &seen) != nil {
			t.Fatalf("status %d, %v: %s", status, err, text)
		}
		draining = seen.Engine.Draining
	}
	_, _, _ = ada.Read(t.Context()) // hears that it is to go, and goes
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
	if _, _, err := get(debugURL + "/"); err == nil {
		t.Error("it still answers")
	}
}

func TestThePublicListenerShowsNoProfiles(t *testing.T) {
	n, debugURL := startWatched(t)
	t.Cleanup(func() {
		if err := n.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline", "/view.json"} {
		if status, text, err := get(n.URL() + path); err != nil || status != http.StatusNotFound {
			t.Errorf("%s: status %d, %v: %.100s", path, status, err, text)
		}
	}
	if status, text, err := get(debugURL + "/debug/pprof/goroutine?debug=1"); err != nil || status != 200 || !strings.Contains(text, "goroutine profile:") {
		t.Errorf("status %d, %v: %.100s", status, err, text)
	}
}

func TestATakenDebugPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := config.Serve{Listen: "localhost:0", DebugListen: l.Addr().String(), Store: "memory", Broker: "memory", Heartbeat: 30 * time.Second}
	_, err = node.Start(cfg, io.Discard, slog.New(slog.DiscardHandler), metrics.New())
	if err == nil || !strings.HasPrefix(err.Error(), "--debug-listen "+l.Addr().String()) || !strings.Contains(err.Error(), "choose another port") {
		t.Errorf("got %v", err)
	}
}
