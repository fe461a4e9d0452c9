package main

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// startServer builds and starts one of the servers until the test ends.
func startServer(t *testing.T, name string) *process {
	t.Helper()
	t.Chdir("..") // the commands are written for the module's folder
	chosen, err := choose(name)
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := chosen[0].build(bin); err != nil {
		t.Fatal(err)
	}
	p, err := start(chosen[0].command(bin))
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

func TestARoomIsMeasuredToItsLastDelivery(t *testing.T) {
	for name, rate := range map[string]float64{"saturation": 0, "a fixed rate": 500} {
		t.Run(name, func(t *testing.T) {
			p := startServer(t, "rawsend")
			began := time.Now()
			res, err := load.Run(load.Config{
				Addr: p.addr, PID: p.pid(), Sessions: 20, Senders: 4, Rate: rate, Frame: 124,
				Warmup: 50 * time.Millisecond, Window: 200 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			// Run itself fails unless every session has every message in the end. How many of them fall into the
			// window is the machine's affair.
			if res.Messages == 0 || res.Deliveries == 0 || res.Reads > res.Deliveries {
				t.Errorf("%d messages, %d deliveries in %d reads", res.Messages, res.Deliveries, res.Reads)
			}
			if due := rate * time.Since(began).Seconds(); rate > 0 && float64(res.Messages) > due {
				t.Errorf("%d messages, though only %.0f were due", res.Messages, due)
			}
			if res.P50 <= 0 || res.P99 < res.P50 || res.Max < res.P99 {
				t.Errorf("p50 %v, p99 %v, max %v", res.P50, res.P99, res.Max)
			}
		})
	}
}

func TestALoadThatCannotBeIsRefused(t *testing.T) {
	good := load.Config{Sessions: 20, Senders: 4, Frame: 124, Window: time.Second}
	for name, spoil := range map[string]func(*load.Config){
		"no sessions":                func(c *load.Config) { c.Sessions = 0 },
		"more senders than sessions": func(c *load.Config) { c.Senders = 21 },
		"a frame without a text":     func(c *load.Config) { c.Frame = 60 },
		"a size that no frame has":   func(c *load.Config) { c.Frame = 128 },
		"a negative rate":            func(c *load.Config) { c.Rate = -1 },
		"no window":                  func(c *load.Config) { c.Window = 0 },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := load.Run(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	run := func(deliveries uint64) load.Result {
		return load.Result{Window: time.Second, Deliveries: deliveries, ServerCPU: time.Second, Sessions: 1}
	}
	// The machine was twice as slow in the second round, for both.
	got := summarise([]series{
		{Server: "parley", Runs: []load.Result{run(800), run(400), run(900)}},
		{Server: "ws", Runs: []load.Result{run(100), run(50), run(100)}},
	})
	if got[0].times != 8 || got[1].times != 1 {
		t.Errorf("parley %v times ws, ws %v times itself; want 8 and 1", got[0].times, got[1].times)
	}
	if alone := summarise([]series{{Server: "parley", Runs: []load.Result{run(800)}}}); alone[0].times != 0 {
		t.Errorf("without ws parley is %v times ws, want no ratio", alone[0].times)
	}
}
