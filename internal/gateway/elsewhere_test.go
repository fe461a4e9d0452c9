package gateway

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/broker"
	hub "github.com/parley-chat/parley/internal/broker/memory"
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// doors are those of nodes on one store and one broker.
func doors(t *testing.T, n int) (crowds []*crowd) {
	s, h := memory.NewRewindable(64<<20), hub.New()
	for range n {
		e, err := engine.New(engine.Config{
			Store: s, Metrics: metrics.New(), Log: slog.New(slog.DiscardHandler), Heartbeat: time.Hour,
			Memory: &roomlog.Budget{MemoryBytes: 1 << 20, Total: 1 << 20},
			Cluster: cluster.New(cluster.Config{Store: s, Log: slog.New(slog.DiscardHandler),
				Broker: func(ear broker.Ear) (broker.Broker, error) { return h.Open(ear), nil }}),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Drain(context.Background()); err != nil {
				t.Error(err)
			}
		})
		c := new(crowd)
		c.init(e)
		crowds = append(crowds, c)
	}
	synctest.Wait()
	return crowds
}

func TestAUsersSessionsAreCountedOverNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crowds := doors(t, 3)
		var places []*place
		seat := func(node int) *refusal {
			p, why := crowds[node].enter(here, time.Now())
			if why != nil {
				t.Fatal(why.text)
			}
			if why = p.seat("ada"); why != nil {
				p.leave()
				return why
			}
			places = append(places, p)
			return nil
		}
		for i := range protocol.MaxSessionsPerUser {
			if why := seat(i % 2); why != nil {
				t.Fatalf("session %d: %s", i+1, why.text)
			}
		}
		time.Sleep(cluster.GatherFor)
		synctest.Wait()
		for node := range crowds {
			if why := seat(node); why == nil || why.code != protocol.CodeTooManySessions {
				t.Errorf("one more on node %d: %+v", node, why)
			}
		}
		places[0].leave()
		time.Sleep(cluster.GatherFor)
		synctest.Wait()
		if why := seat(2); why != nil {
			t.Errorf("one has gone: %s", why.text)
		}
		for _, p := range places[1:] {
			p.leave()
		}
	})
}

func TestAPassIsGoodOnAllNodes(t *testing.T) {
	s := memory.NewRewindable(1 << 20)
	one, other := auth.NewPasses(s.Secret()), auth.NewPasses(s.Secret())
	ada := protocol.User{ID: "guest.1", Name: "ada"}
	who, err := other.Verify(one.Issue(ada, noon), noon.Add(time.Hour))
	if err != nil || who.User != ada.ID || who.Name != ada.Name {
		t.Errorf("%+v, %v", who, err)
	}
}
