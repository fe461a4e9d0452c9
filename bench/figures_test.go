package main

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// ran is a run of a second in which so much was delivered, by one core.
func ran(server string, deliveries uint64) load.Result {
	return load.Result{
		Scenario: load.Fanout, Server: server, Window: time.Second, Deliveries: deliveries, Messages: deliveries,
		ServerCPU: time.Second, Sessions: 1, Rooms: 1, Senders: 1, Limit: load.LimitServer,
	}
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	// The machine was twice as slow in the second round, for both.
	ours := series{runs: []load.Result{ran("parley", 800), ran("parley", 400), ran("parley", 900)}}
	theirs := series{runs: []load.Result{ran("ws", 100), ran("ws", 50), ran("ws", 100)}}
	if got := ratio(ours, theirs, deliveries); got != 8 {
		t.Errorf("parley delivers %v times what ws does, want 8", got)
	}
	if got := ratio(theirs, theirs, deliveries); got != 1 {
		t.Errorf("ws delivers %v times what it does, want 1", got)
	}
}

func TestTheTableHasASetupEach(t *testing.T) {
	var got strings.Builder
	err := markdown(&got, []series{
		{"saturation", "parley", []load.Result{ran("parley", 800)}},
		{"saturation", "ws", []load.Result{ran("ws", 100)}},
		{"rates", "parley", []load.Result{ran("parley", 400)}},
		{"rates", "ws", nil}, // it could not
	}, "ws", []string{"ws, rates: the server is too far behind\nand what it said"})
	if err != nil {
		t.Fatal(err)
	}
	want := `**saturation**: 1 session in 1 room, 1 sender, each sends when its last message is back

| server | messages/s | deliveries/s | × ws | CPU/delivery | ws ÷ it | cores | limit |
|--|--:|--:|--:|--:|--:|--:|--:|
| parley | 800 | 800 | 8.00 | 1250.00 µs | 8.00 | 1 | server |
| ws | 100 | 100 | 1.00 | 10000.00 µs | 1.00 | 1 | server |

**rates**: 1 session in 1 room, 1 sender, each sends when its last message is back

| server | messages/s | deliveries/s | CPU/delivery | cores | limit |
|--|--:|--:|--:|--:|--:|
| parley | 400 | 400 | 2500.00 µs | 1 | server |

- ws, rates: the server is too far behind
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestServersAndMeasurementsAreChosenByName(t *testing.T) {
	chosen, err := choose("ws,parley")
	if err != nil || len(chosen) != 2 || chosen[0].name != "ws" || chosen[1].name != "parley" {
		t.Errorf("chose %v, %v", chosen, err)
	}
	if _, err := choose("parley,irc"); err == nil {
		t.Error("a server that is not there was chosen")
	}
	all := size{sessions: 1000, senders: 16, frame: 124, scale: 1}.measurements()
	picked, err := pick(all, "storm,idle")
	if err != nil || len(picked) != 2 || picked[0].name != "storm" || picked[1].name != "idle" {
		t.Errorf("picked %v, %v", picked, err)
	}
	if _, err := pick(all, "echo"); err == nil {
		t.Error("a measurement that is not there was picked")
	}
}
