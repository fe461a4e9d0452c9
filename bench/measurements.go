package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// A measurement is one question to all servers: one or several runs of each in
// every round.
type measurement struct {
	name  string
	about string
	runs  []load.Config
}

// size is what a run can be given by flags.
type size struct {
	sessions int     // in the one room of saturation, rates and fairness
	senders  int     // in a room in which a few speak
	frame    int     // bytes of a delivery
	scale    float64 // of all other numbers of sessions
	warmup   time.Duration
	window   time.Duration
}

// A room of more sessions than that is entered quietly, where a server can: with
// the tutorial's notices each join would tell everyone the names of all.
const crowd = 1000

func (s size) measurements() []measurement {
	scaled := func(n int) int { return max(int(float64(n)*s.scale), 1) }
	run := func(scenario load.Scenario, sessions, rooms int) load.Config {
		return load.Config{
			Scenario: scenario, Sessions: sessions, Rooms: rooms, Frame: s.frame, Warmup: s.warmup, Window: s.window,
		}
	}
	fanout := func(sessions int, rate float64) load.Config {
		c := run(load.Fanout, sessions, 1)
		c.Senders, c.Rate = min(s.senders, sessions), rate
		return c
	}

	rates := measurement{name: "rates", about: "one room at fixed rates"}
	for _, rate := range []float64{100, 1000, 1500} {
		rates.runs = append(rates.runs, fanout(s.sessions, rate))
	}

	rooms := run(load.Rooms, scaled(10_000), scaled(500))
	rooms.Rate = float64(rooms.Rooms) // one message a second in each

	idle := run(load.Idle, scaled(15_000), scaled(750))
	idle.Window = max(s.window, 30*time.Second) // each is pinged once

	// At 100,000 deliveries a second no server is full, so that a delivery costs
	// each what it costs.
	sizes := measurement{name: "sizes", about: "the same number of deliveries in rooms of all sizes"}
	for _, sessions := range []int{100, 300, 3000, 10_000, 15_000} {
		sizes.runs = append(sizes.runs, fanout(scaled(sessions), 100_000/float64(sessions)))
	}

	// So seldom that it is coming back that a server is busy with.
	storm := fanout(scaled(11_000), 2)
	storm.Scenario, storm.Cut, storm.Window = load.Storm, scaled(10_000), max(s.window, 10*time.Second)

	fairness := run(load.Rooms, scaled(1000), scaled(100))
	fairness.Rate, fairness.Busy, fairness.Senders = float64(fairness.Rooms), s.sessions, min(s.senders, s.sessions)

	return []measurement{
		{"saturation", "one room in which each sender waits for its own message", []load.Config{fanout(s.sessions, 0)}},
		rates,
		{"rooms", "many rooms, a message a second in each", []load.Config{rooms}},
		{"idle", "sessions that say nothing", []load.Config{idle}},
		sizes,
		{"storm", "most of a large room are cut off at once and come back", []load.Config{storm}},
		{"fairness", "a room at saturation, and others that hardly speak", []load.Config{fairness}},
	}
}

// pick chooses measurements by name; all without a list.
func pick(all []measurement, list string) ([]measurement, error) {
	if list == "" {
		return all, nil
	}
	var chosen []measurement
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(m measurement) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no measurement is called %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// quietly says whether a run's rooms are entered without notices to all.
func quietly(c load.Config) bool { return c.Sessions/max(c.Rooms, 1) > crowd }

// takes is about how long a run is, from the server's start to its end.
func takes(c load.Config) time.Duration {
	const (
		joins = 2000 // a second
		bytes = 5e8  // of notices, a second
		name  = 10   // bytes, with its quotes
	)
	one := func(rooms, inEach int) float64 {
		n := float64(inEach)
		seconds := n * float64(rooms) / joins
		if inEach <= crowd {
			seconds += float64(rooms) * name * n * n * n / 3 / bytes
		}
		return seconds
	}
	seconds := 1.5 + one(max(c.Rooms, 1), c.Sessions/max(c.Rooms, 1)) + one(1, c.Busy)
	return time.Duration(seconds*float64(time.Second)) + c.Warmup + c.Window
}
