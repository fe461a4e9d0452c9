package cluster

import (
	"log/slog"
	"testing"

	"github.com/parley-chat/parley/internal/broker"
	hub "github.com/parley-chat/parley/internal/broker/memory"
	"github.com/parley-chat/parley/internal/store/memory"
)

// A node that was held up between the store's answer and telling others may have heard
// of another life by then: its news stay of the life that they are of.
func TestWhatWasWrittenInOneLifeIsToldOfThatLife(t *testing.T) {
	s, h := memory.NewRewindable(1<<20), hub.New()
	heard, listens := make(chan *Message, 1), make(chan bool, 1)
	start := func(ears Ears) *Cluster {
		c := New(Config{Store: s, Log: slog.New(slog.DiscardHandler), Broker: func(ear broker.Ear) (broker.Broker, error) { return h.Open(ear), nil }})
		if err := c.Start(ears); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	teller := start(Ears{})
	hearer := start(Ears{
		Message: map[Kind]func(*Message){KindEvents: func(m *Message) { heard <- m }},
		Listens: func([]string) { listens <- true },
	})
	hearer.Follow("lobby")
	<-listens
	before := s.Life()
	s.Rewind(0)
	teller.Tell("lobby", before, KindEvents, []byte("1"))
	if m := <-heard; m.Life != before || m.Room != "lobby" {
		t.Errorf("it is told as %+v, and the life was %s", m, before)
	}
}
