package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/broker"
	hub "github.com/parley-chat/parley/internal/broker/memory"
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// nodes are engines that share a store and, unless h is nil, a broker.
func nodes(t *testing.T, n int, h *hub.Hub, change ...func(*Config)) (*memory.Store, []*Engine) {
	t.Helper()
	s := memory.NewRewindable(64 << 20)
	var all []*Engine
	for range n {
		all = append(all, startEngine(t, append(change, unlimited, among(s, h))...))
	}
	return s, all
}

func among(s *memory.Store, h *hub.Hub) func(*Config) {
	c := cluster.Config{Store: s, Log: slog.New(slog.DiscardHandler)}
	if h != nil {
		c.Broker = func(ear broker.Ear) (broker.Broker, error) { return h.Open(ear), nil }
	}
	return func(e *Config) { e.Store, e.Cluster = s, cluster.New(c) }
}

func TestAMessageIsReadOnEveryNode(t *testing.T) {
	for name, h := range map[string]*hub.Hub{"with a broker": hub.New(), "by asking the store": nil} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, on func(*Config)) {
				_, all := nodes(t, 2, h, on)
				ada, grace := tcp(t, all[0]), tcp(t, all[1])
				ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
				ada.ofText("joined")
				grace.send(`{"type":"join","username":"grace","room":"lobby"}`)
				grace.ofText("grace joined")
				linus := dial(t, all[1], guest("linus"))
				linus.mustDo("join", `"room":"lobby"`)
				linus.ofType("caught_up")
				rounds := 5
				if h == nil {
					rounds = 2 // of half a second
				}
				for i := range rounds {
					ada.send(fmt.Sprintf(`{"type":"chat","text":"from ada %d"}`, i))
					ada.ofText(fmt.Sprint("from ada ", i))
					grace.ofText(fmt.Sprint("from ada ", i))
					linus.wantEvents(fmt.Sprint(2*i+1, " message from ada ", i))
					grace.send(fmt.Sprintf(`{"type":"chat","text":"from grace %d"}`, i))
					grace.ofText(fmt.Sprint("from grace ", i))
					ada.ofText(fmt.Sprint("from grace ", i))
					linus.wantEvents(fmt.Sprint(2*i+2, " message from grace ", i))
				}
			})
		})
	}
}

// ofText reads up to a text that holds some words.
func (p *peer) ofText(words string) string {
	p.t.Helper()
	for {
		if got := p.next(); strings.Contains(got, words) {
			return got
		}
	}
}

// What the broker loses, repeats or turns around is missed by nobody.
func TestABrokerMayDoWhatItLikes(t *testing.T) {
	for name, faults := range map[string]hub.Faults{
		"it loses nothing":        {},
		"it loses everything":     {Lose: 1},
		"it loses half":           {Lose: 0.5},
		"it repeats and reorders": {Repeat: 0.5, Reorder: 0.5},
		"it does what it can":     {Lose: 0.3, Repeat: 0.3, Reorder: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hub.New()
				h.Set(faults)
				_, all := nodes(t, 3, h)
				var readers []*peer
				for i, e := range all {
					p := pipe(t, e)
					p.send(fmt.Sprintf(`{"type":"join","username":"reader%d","room":"lobby"}`, i))
					p.ofText(fmt.Sprintf("reader%d joined", i))
					readers = append(readers, p)
				}
				const each = 50
				for i, e := range all {
					go func() {
						for n := range each {
							writeAs(t, e, fmt.Sprintf("node %d says %d.", i, n))
						}
					}()
				}
				var first []string
				for i, p := range readers {
					var got []string
					for len(got) < each*len(all) {
						got = append(got, p.ofText(`"type":"chat"`))
					}
					if i == 0 {
						first = got
					}
					if strings.Join(got, "\n") != strings.Join(first, "\n") {
						t.Errorf("reader %d has the room as %.300q, and the first as %.300q", i, got, first)
					}
				}
				for i := range all {
					said := 0
					for _, text := range first {
						if strings.Contains(text, fmt.Sprintf("node %d says %d.", i, said)) {
							said++
						}
					}
					if said != each {
						t.Errorf("of what node %d said, in its order, %d of %d are there: %.300q", i, said, each, first)
					}
				}
			})
		})
	}
}

// writeAs writes a message by one who has no session.
func writeAs(t *testing.T, e *Engine, text string) {
	t.Helper()
	_, err := e.write(context.Background(), store.Draft{Room: "lobby", Kind: protocol.KindMessage, User: protocol.User{ID: "u1", Name: "linus"}, Text: text})
	if err != nil {
		t.Error(err)
	}
}

func TestAnotherLifeIsSaidByAnEpoch(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		s, all := nodes(t, 2, hub.New(), on)
		grace := tcp(t, all[1])
		grace.send(`{"type":"join","username":"grace","room":"lobby"}`)
		grace.ofText("grace joined")
		ada := dial(t, all[0], guest("ada"))
		epoch := ada.mustDo("join", `"room":"lobby"`)["room"].(map[string]any)["epoch"]
		ada.ofType("caught_up")
		for _, text := range []string{"one", "two", "three"} {
			writeAs(t, all[1], text)
			grace.ofText(text)
		}
		ada.wantEvents("1 message one", "2 message two", "3 message three")
		s.Rewind(2)
		writeAs(t, all[0], "another two")
		writeAs(t, all[1], "another three")
		grace.ofText("another two") // her page knows of no epochs
		grace.ofText("another three")
		for {
			op, payload, err := ada.read()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(payload, "another") {
				t.Fatalf("what is of another life comes under the epoch of before: %s", payload)
			}
			if op == 8 {
				break
			}
		}
		again := dial(t, all[1], guest("ada"))
		answer := again.mustDo("join", fmt.Sprintf(`"room":"lobby","since":{"epoch":%q,"seq":3}`, epoch))
		if answer["reset"] != "epoch" {
			t.Errorf("she comes back to %v", answer)
		}
		again.wantEvents("1 message one", "2 message another two", "3 message another three")
	})
}

func TestWhatNoNodeSaidChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub.New()
		_, all := nodes(t, 2, h)
		var heard [][]byte
		topics := map[string]bool{}
		ear := &wire{heard: func(topic string, payload []byte) { topics[topic] = true; heard = append(heard, payload) }}
		forger := h.Open(ear)
		defer forger.Close()
		topic := all[0].peers.cluster.Topic("lobby")
		forger.Subscribe(topic)
		ada := pipe(t, all[0])
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.ofText("ada joined")
		writeAs(t, all[1], "hello")
		ada.ofText("hello")
		synctest.Wait()
		if len(heard) == 0 {
			t.Fatalf("nothing is said under %q", topic)
		}
		for _, payload := range heard {
			forger.Publish(topic, payload)                               // again
			forger.Publish(all[0].peers.cluster.Topic("attic"), payload) // elsewhere
			forger.Publish(topic, payload[:len(payload)/2])              // in part
			other := append([]byte(nil), payload...)
			other[len(other)-3] ^= 1
			forger.Publish(topic, other) // not quite
		}
		forger.Publish(topic, nil)
		forger.Publish(topic, []byte(strings.Repeat("x", 1000)))
		time.Sleep(10 * time.Second)
		writeAs(t, all[1], "hello again")
		if got := ada.next(); !strings.Contains(got, "hello again") {
			t.Errorf("ada is told %s", got)
		}
		if all[0].peers.cluster.Forged() == 0 {
			t.Error("nothing forged was noticed")
		}
	})
}

// wire hears what nodes say.
type wire struct {
	heard func(topic string, payload []byte)
}

func (w *wire) Heard(topic string, payload []byte) { w.heard(topic, payload) }
func (*wire) Listens([]string)                     {}
func (*wire) Away(error)                           {}

// Who comes in waits for the store first, and is carried elsewhere then: not by two.
func TestACrowdOnTwoNodesIsOneRoom(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		_, all := nodes(t, 2, hub.New(), on)
		var crowd []*peer
		for i := range 2 * smallRoom {
			p := tcp(t, all[i%2])
			p.send(fmt.Sprintf(`{"type":"join","username":"ada%d","room":"lobby"}`, i))
			crowd = append(crowd, p)
		}
		for i, p := range crowd {
			p.ofText(fmt.Sprintf("ada%d joined", i))
		}
		for i := range 10 {
			writeAs(t, all[i%2], fmt.Sprintf("number %d.", i))
		}
		for _, p := range crowd {
			for i := range 10 {
				if got := p.ofText(`"type":"chat"`); !strings.Contains(got, fmt.Sprintf("number %d.", i)) {
					t.Fatalf("%s, want number %d", got, i)
				}
			}
		}
	})
}

// askedForHeads counts how often the store is asked for heads.
type askedForHeads struct {
	*memory.Store
	heads atomic.Int64
}

func (c *askedForHeads) Heads(ctx context.Context, rooms []string) ([]protocol.Seq, error) {
	c.heads.Add(1)
	return c.Store.Heads(ctx, rooms)
}

func TestAFloodOfForgedMessagesAsksLittleOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := hub.New(), &askedForHeads{Store: memory.New(1 << 20)}
		c := cluster.Config{Store: s, Log: slog.New(slog.DiscardHandler),
			Broker: func(ear broker.Ear) (broker.Broker, error) { return h.Open(ear), nil }}
		e := startEngine(t, func(ec *Config) { ec.Store, ec.Cluster = s, cluster.New(c) })
		ada := pipe(t, e)
		ada.send(`{"type":"join","username":"ada","room":"lobby"}`)
		ada.ofText("ada joined")
		forger := h.Open(&wire{heard: func(string, []byte) {}})
		defer forger.Close()
		before := s.heads.Load()
		for range 10 {
			for range 1000 {
				forger.Publish(e.peers.cluster.Topic("lobby"), []byte("the lobby is full of news"))
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := s.heads.Load() - before; n > 12 || n == 0 {
			t.Errorf("the store was asked %d times in a second", n)
		}
	})
}

// unwilling is a store that gives nobody a lease.
type unwilling struct{ *memory.Store }

func (unwilling) Beat(context.Context, string, time.Duration) ([]string, bool, error) {
	return nil, false, errors.New("no leases today")
}

func TestAnEngineThatCannotBeAmongOthersSaysWhy(t *testing.T) {
	refusing := func(broker.Ear) (broker.Broker, error) { return nil, errors.New("no broker today") }
	fine := memory.New(1 << 20)
	for name, c := range map[string]cluster.Config{
		"no broker":               {Store: fine, Broker: refusing},
		"no lease":                {Store: unwilling{fine}, Broker: refusing},
		"no lease, and no broker": {Store: unwilling{fine}},
	} {
		c.Log = slog.New(slog.DiscardHandler)
		_, err := New(Config{Store: c.Store, Cluster: cluster.New(c), Metrics: metrics.New(), Log: c.Log,
			Heartbeat: time.Minute, Memory: &roomlog.Budget{MemoryBytes: 1 << 20, Total: 1 << 20}})
		if err == nil || !strings.Contains(err.Error(), "today") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
