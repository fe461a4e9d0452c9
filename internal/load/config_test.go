package load

import (
	"testing"
	"time"
)

func TestALoadThatCannotBeIsRefused(t *testing.T) {
	good := Config{Wire: Tutorial{}, Scenario: Fanout, Sessions: 20, Senders: 4, Frame: 124, Window: time.Second}
	if _, err := good.withDefaults(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"no wire":                         func(c *Config) { c.Wire = nil },
		"no sessions":                     func(c *Config) { c.Sessions = 0 },
		"no senders":                      func(c *Config) { c.Senders = 0 },
		"more senders than sessions":      func(c *Config) { c.Senders = 21 },
		"a frame that is too long":        func(c *Config) { c.Frame = maxFrame + 1 },
		"a negative rate":                 func(c *Config) { c.Rate = -1 },
		"no window":                       func(c *Config) { c.Window = 0 },
		"a scenario that is none":         func(c *Config) { c.Scenario = "dance" },
		"several rooms in fanout":         func(c *Config) { c.Rooms = 2 },
		"more rooms than sessions":        func(c *Config) { c.Scenario, c.Rooms = Rooms, 21 },
		"a busy room in fanout":           func(c *Config) { c.Busy, c.Rate = 5, 10 },
		"a busy room without a rate":      func(c *Config) { c.Scenario, c.Busy = Rooms, 5 },
		"a cut in fanout":                 func(c *Config) { c.Cut = 3 },
		"a storm without a cut":           func(c *Config) { c.Scenario, c.Rate = Storm, 10 },
		"a storm in closed loop":          func(c *Config) { c.Scenario, c.Cut = Storm, 3 },
		"a storm that cuts senders":       func(c *Config) { c.Scenario, c.Rate, c.Cut = Storm, 10, 17 },
		"nobody slow":                     func(c *Config) { c.Scenario = Slow },
		"history on a wire without pages": func(c *Config) { c.Scenario = History },
		"a negative number of events":     func(c *Config) { c.Scenario, c.Wire, c.Fill = History, V1{}, -1 },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := cfg.withDefaults(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
