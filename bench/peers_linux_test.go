//go:build e2e

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

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
	for _, name := range []string{"parley", "ws", "ws-string", "ws-frame", "gws"} {
		t.Run(name, func(t *testing.T) {
			p := startServer(t, name)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			clients := map[string]*websocket.Conn{}
			for _, who := range []string{"ada", "grace"} {
				c, _, err := websocket.Dial(ctx, "ws://"+p.addr, nil)
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
		})
	}
}
