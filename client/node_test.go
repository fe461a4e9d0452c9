package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// patience is how long a test waits for what should happen soon.
const patience = 20 * time.Second

// startNode runs a real node until the test ends, or drain is called.
func startNode(t *testing.T, cfg config.Serve) (url string, drain func()) {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Store == "" {
		cfg.Store = "memory"
	}
	cfg.Heartbeat = 30 * time.Second
	logger, lines := logging.New(t.Output(), "text")
	n, err := node.Start(cfg, io.Discard, logger, metrics.New())
	if err != nil {
		t.Fatal(err)
	}
	drained := false
	drain = func() {
		if drained {
			return
		}
		drained = true
		ctx, cancel := context.WithTimeout(context.Background(), node.DrainTimeout)
		defer cancel()
		if err := n.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		lines.Close(patience)
	}
	t.Cleanup(drain)
	return n.URL(), drain
}

// start runs a client until the test ends, or stop is called.
func start(t *testing.T, url string, o client.Options) (c *client.Client, stop func()) {
	t.Helper()
	c, err := client.New(url, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return c, stop
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// must fails the test where a command was not done.
func must[A any](t *testing.T) func(A, error) A {
	return func(a A, err error) A {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// until reads items up to one that is wanted.
func until(t *testing.T, c *client.Client, wanted func(client.Item) bool) client.Item {
	t.Helper()
	for item, err := range c.Events(within(t)) {
		if err != nil {
			t.Fatal(err)
		}
		if wanted(item) {
			return item
		}
	}
	panic("Events ends with an error")
}

func message(text string) func(client.Item) bool {
	return func(item client.Item) bool {
		e, ok := item.(client.Event)
		return ok && e.Text == text
	}
}

func TestEveryCommandIsAnswered(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	ctx := within(t)
	ada, _ := start(t, url, client.Options{Name: "ada"})
	grace, _ := start(t, url, client.Options{Name: "grace"})
	joined := must[protocol.Joined](t)(grace.Join(ctx, protocol.Join{Room: "lobby"}))
	if joined.Room.Name != "lobby" || joined.From != 1 {
		t.Errorf("joined %+v", joined)
	}
	must[protocol.Joined](t)(ada.Join(ctx, protocol.Join{Room: "lobby"}))
	sent := must[protocol.Written](t)(ada.Send(ctx, protocol.Send{Room: "lobby", Text: "hello"}))
	e := until(t, grace, message("hello")).(client.Event)
	if e.Seq != sent.Seq || e.User.Name != "ada" || len(e.Key) != 36 {
		t.Errorf("grace hears %+v, of %+v", e, sent)
	}
	must[protocol.Written](t)(ada.Edit(ctx, "lobby", sent.Seq, "hello, all"))
	must[protocol.Written](t)(grace.React(ctx, "lobby", sent.Seq, "👍"))
	must[protocol.Written](t)(grace.Unreact(ctx, "lobby", sent.Seq, "👍"))
	must[protocol.Written](t)(grace.Topic(ctx, "lobby", "greetings"))
	must[protocol.Written](t)(grace.Send(ctx, protocol.Send{Room: "lobby", Text: "hi @ada", ReplyTo: sent.Seq}))
	must[protocol.Written](t)(ada.Delete(ctx, "lobby", sent.Seq))
	page := must[protocol.Page](t)(grace.History(ctx, protocol.History{Room: "lobby", Limit: new(3)}))
	if len(page.Events) != 3 || page.Head != 7 || page.Events[2].Kind != protocol.KindDelete {
		t.Errorf("the history is %+v", page)
	}
	rooms := must[[]protocol.RoomSummary](t)(ada.Rooms(ctx))
	if len(rooms) != 1 || rooms[0].Topic != "greetings" || rooms[0].Mentions != 1 {
		t.Errorf("the rooms are %+v", rooms)
	}
	if mark := must[protocol.Marked](t)(ada.Read(ctx, "lobby", page.Head)); mark.Seq != page.Head || mark.Unread != 0 {
		t.Errorf("the read mark is %+v", mark)
	}
	if err := ada.Typing(ctx, "lobby"); err != nil {
		t.Error(err)
	}
	until(t, grace, func(item client.Item) bool { s, ok := item.(client.Typing); return ok && len(s.Users) == 1 })
	if user := must[protocol.User](t)(ada.Rename(ctx, "Ada")); user.Name != "Ada" {
		t.Errorf("renamed %+v", user)
	}
	must[time.Duration](t)(ada.Ping(ctx))
	if err := ada.Leave(ctx, "lobby"); err != nil {
		t.Error(err)
	}
	if err := ada.Typing(ctx, "lobby"); !strings.Contains(err.Error(), "not_joined") {
		t.Errorf("typing outside: %v", err)
	}
	_, err := ada.Edit(ctx, "lobby", 99, "x")
	if refusal, ok := errors.AsType[*protocol.Error](err); !ok || refusal.Code != protocol.CodeNotFound {
		t.Errorf("editing what is not there: %v", err)
	}
}

func TestARestartOfTheServerLosesAndDoublesNothing(t *testing.T) {
	cfg := config.Serve{Store: "sqlite", Data: t.TempDir()}
	url, drain := startNode(t, cfg)
	ctx := within(t)
	ada, _ := start(t, url, client.Options{Name: "ada"})
	grace, _ := start(t, url, client.Options{Name: "grace"})
	must[protocol.Joined](t)(grace.Join(ctx, protocol.Join{Room: "lobby"}))
	before := until(t, grace, func(item client.Item) bool { _, ok := item.(client.Connected); return ok }).(client.Connected)
	const n = 300
	var out []*client.Outgoing
	post := func(from, to int) {
		for i := from; i < to; i++ {
			out = append(out, must[*client.Outgoing](t)(ada.Post(protocol.Send{Room: "lobby", Text: fmt.Sprint("line ", i)})))
		}
	}
	post(0, n/2)
	must[protocol.Written](t)(out[10].Wait(ctx))
	drain()
	post(n/2, n)
	cfg.Listen = strings.TrimPrefix(url, "http://")
	startNode(t, cfg)
	for _, m := range out {
		must[protocol.Written](t)(m.Wait(ctx))
	}
	seen := 0
	until(t, grace, func(item client.Item) bool {
		switch item := item.(type) {
		case client.Reset:
			t.Fatalf("told %+v", item)
		case client.Connected:
			if item.User != before.User {
				t.Errorf("%+v comes back as %+v", before.User, item.User)
			}
		case client.Event:
			if want := fmt.Sprint("line ", seen); item.Text != want || item.Seq != protocol.Seq(seen+1) {
				t.Fatalf("event %d is %q, want %q", item.Seq, item.Text, want)
			}
			seen++
		}
		return seen == n
	})
}

func TestAProgramThatComesBackIsTheSameGuestAndGoesOn(t *testing.T) {
	url, _ := startNode(t, config.Serve{Store: "sqlite", Data: t.TempDir()})
	file := client.FileStorage(filepath.Join(t.TempDir(), "ada.json"))
	ctx := within(t)
	ada, stop := start(t, url, client.Options{Name: "ada", Storage: file})
	must[protocol.Joined](t)(ada.Join(ctx, protocol.Join{Room: "lobby"}))
	must[protocol.Written](t)(ada.Send(ctx, protocol.Send{Room: "lobby", Text: "one"}))
	first := until(t, ada, message("one")).(client.Event)
	stop()
	offline := must[*client.Client](t)(client.New(url, client.Options{Storage: file})) // never runs
	must[*client.Outgoing](t)(offline.Post(protocol.Send{Room: "lobby", Text: "two"}))

	again, _ := start(t, url, client.Options{Storage: file})
	for _, m := range again.Outbox() {
		must[protocol.Written](t)(m.Wait(ctx))
	}
	must[protocol.Joined](t)(again.Join(ctx, protocol.Join{Room: "lobby"}))
	e := until(t, again, func(item client.Item) bool { _, ok := item.(client.Event); return ok }).(client.Event)
	if e.Text != "two" || e.Seq != 2 || e.User != first.User {
		t.Errorf("it goes on with %+v, behind %+v", e, first)
	}
	must[protocol.Written](t)(again.Edit(ctx, "lobby", first.Seq, "one, mended")) // whose message it is
}
