package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/logging"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
	"github.com/parley-chat/parley/protocol"
)

func TestTheParrotRepeatsAndOnlyWhatItIsTold(t *testing.T) {
	logger, lines := logging.New(t.Output(), "text")
	defer lines.Close(time.Second)
	n, err := node.Start(config.Serve{Listen: "127.0.0.1:0", Store: "memory", Heartbeat: 30 * time.Second}, io.Discard, logger, metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.Drain(t.Context()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	birdCtx, catch := context.WithCancel(ctx)
	go func() { ended <- parrot(birdCtx, n.URL(), filepath.Join(t.TempDir(), "parrot.json")) }()
	defer func() {
		catch()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the parrot ends with %v", err)
		}
	}()

	ada, err := client.New(n.URL(), client.Options{Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = ada.Run(ctx) }()
	if _, err := ada.Join(ctx, protocol.Join{Room: "general"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"hello", "parrot hello", "bye"} {
		if _, err := ada.Send(ctx, protocol.Send{Room: "general", Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	for item, err := range ada.Events(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		e, ok := item.(client.Event)
		if !ok || e.User.Name != "parrot" {
			continue
		}
		if e.Text != "hello" || e.ReplyTo != 2 {
			t.Errorf("it says %q to %d", e.Text, e.ReplyTo)
		}
		break
	}
}

func TestThePageShowsThisProgram(t *testing.T) {
	page, err := os.ReadFile("../../docs/client.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(program), "\npackage main")
	if !strings.Contains(string(page), "```go\npackage main"+shown+"```\n") {
		t.Error("docs/client.md shows another program")
	}
}
