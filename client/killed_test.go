package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/protocol"
)

// asWriter makes the test binary be a program that writes lines, for the server at
// that address.
const asWriter = "BE_WRITER_AT"

func TestMain(m *testing.M) {
	if url := os.Getenv(asWriter); url != "" {
		if err := writeLines(url, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const linesToWrite = 400

// writeLines posts lines, and notes in folder how many were taken. What was taken is
// never posted again: it is the outbox's to send.
func writeLines(url, folder string) error {
	c, err := client.New(url, client.Options{Name: "writer", Storage: client.FileStorage(filepath.Join(folder, "state.json"))})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan struct{})
	go func() { defer close(ended); _ = c.Run(ctx) }()
	progress := filepath.Join(folder, "progress")
	text, _ := os.ReadFile(progress)
	taken, _ := strconv.Atoi(string(text)) // 0 the first time
	for ; taken < linesToWrite; taken++ {
		// The key is of the line: a kill between the two does not make two of it.
		if _, err := c.Post(protocol.Send{Room: "lobby", Text: fmt.Sprint("line ", taken), Key: fmt.Sprint(taken)}); err != nil {
			return err
		}
		if err := os.WriteFile(progress+".new", strconv.AppendInt(nil, int64(taken+1), 10), 0o600); err != nil {
			return err
		}
		if err := os.Rename(progress+".new", progress); err != nil {
			return err
		}
	}
	for _, m := range c.Outbox() {
		if _, err := m.Wait(ctx); err != nil {
			return err
		}
	}
	cancel()
	<-ended
	return nil
}

func TestAProgramThatIsKilledHasItsLinesThereOnce(t *testing.T) {
	url, _ := startNode(t, config.Serve{Store: "sqlite", Data: t.TempDir()})
	folder := t.TempDir()
	kills := 0
	for {
		writer := exec.CommandContext(t.Context(), os.Args[0], folder)
		writer.Env = append(os.Environ(), asWriter+"="+url)
		writer.Stderr = t.Output()
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		// It gets ever longer, so that it comes to an end where a start takes long.
		longest := 100*time.Millisecond + time.Duration(kills)*10*time.Millisecond
		kill := time.AfterFunc(rand.N(longest), func() { _ = writer.Process.Kill() })
		err := writer.Wait()
		kill.Stop()
		if err == nil {
			break
		}
		kills++
		if writer.ProcessState.ExitCode() == 1 {
			t.Fatal("it gives up")
		}
	}
	reader, _ := start(t, url, client.Options{})
	must[protocol.Joined](t)(reader.Join(within(t), protocol.Join{Room: "lobby", Since: sinceTheBeginning(t, reader)}))
	var got, want []string
	until(t, reader, func(item client.Item) bool {
		if e, ok := item.(client.Event); ok {
			got = append(got, e.Text)
		}
		_, end := item.(client.CaughtUp)
		return end
	})
	for i := range linesToWrite {
		want = append(want, fmt.Sprint("line ", i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("after %d kills the room has %d lines: %.200q", kills, len(got), got)
	}
	t.Logf("%d kills", kills)
}

// sinceTheBeginning is the cursor before the first event.
func sinceTheBeginning(t *testing.T, c *client.Client) *protocol.Cursor {
	t.Helper()
	joined := must[protocol.Joined](t)(c.Join(within(t), protocol.Join{Room: "lobby", Last: new(0)}))
	until(t, c, func(item client.Item) bool { _, ok := item.(client.CaughtUp); return ok })
	return &protocol.Cursor{Epoch: joined.Room.Epoch}
}
