//go:build e2e

package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/load"
)

// build builds a server into a folder that goes with the test.
func build(t *testing.T, s server) (bin string) {
	t.Helper()
	t.Chdir("..") // the commands are written for the module's folder
	bin = t.TempDir()
	err := s.build(bin)
	if s.name == "uws" && errors.Is(err, errLeftOut) {
		t.Skip(err) // its binary wants a certain libc, which nobody can install beside another
	}
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// startServer starts a server that was built, until the test ends.
func startServer(t *testing.T, s server, bin string, flags ...string) *process {
	t.Helper()
	p, err := start(append(s.command(bin), flags...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s", p.log.last)
		}
	})
	return p
}

// A line is what a client says, or what it must hear next. A trailing … stands for anything.
type line struct{ who, says, hears string }

func TestEveryServerHoldsTheSameConversation(t *testing.T) {
	const join = `{"type":"join","username":"ada","room":"lobby"}`
	script := []line{
		{who: "ada", says: `{"type":"chat","text":"hello?"}`},
		{who: "ada", hears: `{"type":"error","text":"Join a room first"}`},
		{who: "ada", says: `{`},
		{who: "ada", hears: `{"type":"error","text":"Invalid JSON"}`},
		{who: "ada", says: `{"type":"dance"}`},
		{who: "ada", hears: `{"type":"error","text":"Unknown message type"}`},
		{who: "ada", says: join},
		{who: "ada", hears: `{"type":"system","text":"ada joined #lobby","users":["ada"]}`},
		{who: "grace", says: `{"type":"join","room":"lobby"}`},
		{who: "ada", hears: `{"type":"system","text":"Anonymous joined #lobby","users":["ada","Anonymous"]}`},
		{who: "grace", hears: `{"type":"system","text":"Anonymous joined #lobby","users":["ada","Anonymous"]}`},
		{who: "grace", says: `{"type":"chat","text":"hello"}`},
		{who: "ada", hears: `{"type":"chat","username":"Anonymous","text":"hello","timestamp":1…`},
		{who: "grace", hears: `{"type":"chat","username":"Anonymous","text":"hello","timestamp":1…`},
		{who: "ada", says: `{"type":"join","username":"ada","room":"attic"}`},
		{who: "grace", hears: `{"type":"system","text":"ada left #lobby","users":["Anonymous"]}`},
		{who: "ada", hears: `{"type":"system","text":"ada joined #attic","users":["ada"]}`},
		{who: "ada", says: `{"type":"leave"}`},
		{who: "ada", says: join},
		{who: "ada", hears: `{"type":"system","text":"ada joined #lobby","users":["Anonymous","ada"]}`},
		{who: "grace", hears: `{"type":"system","text":"ada joined #lobby","users":["Anonymous","ada"]}`},
	}
	for _, s := range servers {
		if s.wire != (load.Tutorial{}) || strings.HasPrefix(s.name, "csend") {
			continue // their own protocols; and csend is no server, but a limit
		}
		t.Run(s.name, func(t *testing.T) { hold(t, startServer(t, s, build(t, s)).addr, script) })
	}
}

func hold(t *testing.T, addr string, script []line) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	clients := map[string]*websocket.Conn{}
	for _, who := range []string{"ada", "grace"} {
		c, _, err := websocket.Dial(ctx, "ws://"+addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow() //nolint:errcheck // the server goes with the test
		clients[who] = c
	}
	for i, l := range script {
		c := clients[l.who]
		if l.says != "" {
			if err := c.Write(ctx, websocket.MessageText, []byte(l.says)); err != nil {
				t.Fatalf("line %d: %v", i, err)
			}
			continue
		}
		_, got, err := c.Read(ctx)
		if err != nil {
			t.Fatalf("line %d: %s waits for %s: %v", i, l.who, l.hears, err)
		}
		prefix, open := strings.CutSuffix(l.hears, "…")
		if open {
			got = got[:min(len(prefix), len(got))]
		}
		if string(got) != prefix {
			t.Fatalf("line %d: %s hears %s, want %s", i, l.who, got, l.hears)
		}
	}
}

// The generator fails a run in which a message is lost, repeated or out of order.
func TestEveryServerCarriesALoad(t *testing.T) {
	scenarios := map[string]load.Config{
		"one room": {Scenario: load.Fanout, Sessions: 20, Senders: 4},
		"rooms":    {Scenario: load.Rooms, Sessions: 20, Rooms: 4, Rate: 200},
		"storm":    {Scenario: load.Storm, Sessions: 20, Senders: 2, Cut: 10, Rate: 50},
	}
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			bin := build(t, s)
			for name, c := range scenarios {
				t.Run(name, func(t *testing.T) { carry(t, s, bin, c) })
			}
		})
	}
}

func carry(t *testing.T, s server, bin string, c load.Config) {
	var flags []string
	if s.quiet != "" && c.Scenario == load.Storm {
		flags = append(flags, s.quiet)
	}
	p := startServer(t, s, bin, flags...)
	c.Addr, c.PID, c.Server, c.Wire, c.Frame = p.addr, p.pid(), s.name, s.wire, 200
	c.Warmup, c.Window = 50*time.Millisecond, 200*time.Millisecond
	res, err := load.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if res.Messages == 0 || res.Deliveries == 0 || res.Frame != c.Frame {
		t.Errorf("%d messages, %d deliveries of %d bytes", res.Messages, res.Deliveries, res.Frame)
	}
}
