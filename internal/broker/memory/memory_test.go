package memory

import (
	"fmt"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/broker"
	"github.com/parley-chat/parley/internal/broker/brokertest"
)

func TestTheHubKeepsTheBrokersPromises(t *testing.T) {
	brokertest.Run(t, func(*testing.T) brokertest.Backend {
		hub := New()
		var opened []*Broker
		return brokertest.Backend{
			Open: func(_ *testing.T, ear broker.Ear) brokertest.Broker {
				opened = append(opened, hub.Open(ear))
				return opened[len(opened)-1]
			},
			Cut: func() {
				for _, b := range opened {
					b.Cut()
				}
			},
			Mend: func() {
				for _, b := range opened {
					b.Mend()
				}
			},
		}
	})
}

// history is what happens on a stepped hub with every fault, by its seed.
func history(t *testing.T, seed uint64) []string {
	hub := NewStepped(seed)
	var ears []*brokertest.Ear
	var brokers []*Broker
	for range 3 {
		ears = append(ears, brokertest.NewEar(t))
		brokers = append(brokers, hub.Open(ears[len(ears)-1]))
		brokers[len(brokers)-1].Subscribe("lobby")
	}
	hub.Deliver()
	hub.Set(Faults{Lose: .2, Repeat: .2, Reorder: .3})
	for i := range 100 {
		brokers[i%3].Publish("lobby", fmt.Append(nil, i))
		if i == 30 {
			brokers[1].Cut()
		}
		if i == 60 {
			brokers[1].Mend()
		}
		hub.Step()
	}
	hub.Deliver()
	var said []string
	for _, ear := range ears {
		said = append(append(said, ear.Said("lobby")...), "|")
	}
	return said
}

func TestASteppedHubReplaysWhatItsSeedMade(t *testing.T) {
	first := history(t, 7)
	if again := history(t, 7); !slices.Equal(first, again) {
		t.Errorf("one seed made\n%v and\n%v", first, again)
	}
	if other := history(t, 8); slices.Equal(first, other) {
		t.Error("two seeds made the same")
	}
}

func TestASteppedHubDoesNothingBetweenSteps(t *testing.T) {
	hub := NewStepped(1)
	ear := brokertest.NewEar(t)
	b := hub.Open(ear)
	b.Subscribe("lobby")
	b.Publish("lobby", []byte("one"))
	if listens, _, _ := ear.Counts("lobby"); listens != 0 || len(ear.Said("lobby")) != 0 {
		t.Fatal("the ear was told something before a step")
	}
	if hub.Waiting() != 2 || !hub.Step() || !hub.Step() || hub.Step() || hub.Waiting() != 0 {
		t.Error("want two steps: that it listens, and what was published")
	}
	if listens, _, _ := ear.Counts("lobby"); listens != 1 || !slices.Equal(ear.Said("lobby"), []string{"one"}) {
		t.Errorf("after two steps: %s", ear)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestFaultsHappenAsOftenAsTheyWereSet(t *testing.T) {
	for name, c := range map[string]struct {
		faults Faults
		want   []string
	}{
		"none":   {Faults{}, []string{"1", "2", "3"}},
		"lose":   {Faults{Lose: 1}, nil},
		"repeat": {Faults{Repeat: 1}, []string{"1", "1", "2", "2", "3", "3"}},
	} {
		hub := NewStepped(1)
		ear := brokertest.NewEar(t)
		b := hub.Open(ear)
		b.Subscribe("lobby")
		hub.Set(c.faults)
		for _, said := range []string{"1", "2", "3"} {
			b.Publish("lobby", []byte(said))
		}
		hub.Deliver()
		if got := ear.Said("lobby"); !slices.Equal(got, c.want) {
			t.Errorf("%s: heard %q, want %q", name, got, c.want)
		}
	}
}

func TestWhoIsTooFarBehindIsToldThatItMissedSomething(t *testing.T) {
	hub := NewStepped(1)
	ear := brokertest.NewEar(t)
	b := hub.Open(ear)
	b.Subscribe("lobby")
	hub.Deliver()
	for range 1000 {
		b.Publish("lobby", make([]byte, maxPayload))
	}
	b.Publish("lobby", []byte("last"))
	hub.Deliver()
	said := ear.Said("lobby")
	dropped := b.Stats().Dropped[broker.Slow]
	if listens, _, _ := ear.Counts("lobby"); listens < 2 || dropped+uint64(len(said)) != 1001 || said[len(said)-1] != "last" {
		t.Errorf("%d were dropped, %d heard; %s", dropped, len(said), ear)
	}
}
