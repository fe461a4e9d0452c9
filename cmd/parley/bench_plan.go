package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// span is a time as a person gives it: 500ms, 10s.
type span time.Duration

// UnmarshalText is called by kong.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("%q: want a time such as 500ms, 10s or 2m", text)
	}
	*s = span(d)
	return nil
}

// benchPlan is what a command line comes to: all runs, in their order.
type benchPlan struct {
	target  benchTarget
	configs []load.Config
	bound   time.Duration // of a search; 0 for none
	notes   []string      // to say before it starts
}

const (
	usualSenders = 16
	usualRate    = 100 // of storm, which has no closed loop
	maxSessions  = 60_000
)

var benchWires = map[string]load.Wire{"parley.v1": load.V1{}, "tutorial": load.Tutorial{}}

var benchScenarios = []load.Scenario{load.Fanout, load.Rooms, load.Idle, load.Storm, load.Slow, load.History}

// plan checks the flags, all of them, before anything is connected.
func (c *benchCommand) plan() (benchPlan, error) {
	if c.Scenario == "" && len(c.With) > 0 {
		return benchPlan{}, nil
	}
	targets, targetErr := c.targets()
	token, tokenErr := readToken(c.Token)
	wrong := errors.Join(c.checkWords(), c.checkNumbers(), c.checkPID(), targetErr, tokenErr)
	if wrong != nil {
		return benchPlan{}, wrong
	}
	target := targets[0]
	p := benchPlan{target: target}
	if c.Search != nil {
		p.bound = time.Duration(*c.Search)
	}
	pid, note := c.process(target)
	if note != "" {
		p.notes = append(p.notes, note)
	}
	var more []load.Node
	for _, t := range targets[1:] {
		pid, note := c.process(t)
		if note != "" {
			p.notes = append(p.notes, note)
		}
		more = append(more, load.Node{Addr: t.addr, PID: pid})
	}
	base := load.Config{
		Addr: target.addr, Path: target.path(c.Wire), PID: pid, More: more, Server: c.serverName(target, pid),
		Wire: benchWires[c.Wire], Scenario: load.Scenario(c.Scenario), Frame: c.Frame,
		Warmup: orSpan(c.Warmup, 2*time.Second), Window: orSpan(c.Window, 10*time.Second),
		Fill: c.Fill, Page: c.Page, Busy: c.Busy, Exact: c.Exact,
	}
	if token != "" {
		base.Header = http.Header{"Authorization": {"Bearer " + token}}
	}
	for range c.Repeat {
		for _, sessions := range c.sizes() {
			cfg, err := c.sized(base, sessions)
			if err != nil {
				return benchPlan{}, err
			}
			p.configs = append(p.configs, cfg)
		}
	}
	return p, nil
}

func orSpan(given *span, usual time.Duration) time.Duration {
	if given == nil {
		return usual
	}
	return time.Duration(*given)
}

// sizes begin with the least: a server keeps the memory that it once needed.
func (c *benchCommand) sizes() []int {
	if len(c.Sizes) > 0 {
		return slices.Sorted(slices.Values(c.Sizes))
	}
	return []int{c.Sessions}
}

func (c *benchCommand) checkWords() error {
	var wrong []error
	if !slices.Contains(benchScenarios, load.Scenario(c.Scenario)) {
		said := "no scenario is given"
		if c.Scenario != "" {
			said = fmt.Sprintf("the scenario is %q", c.Scenario)
		}
		wrong = append(wrong, fmt.Errorf("%s: want fanout, rooms, idle, storm, slow or history", said))
	}
	if benchWires[c.Wire] == nil {
		wrong = append(wrong, fmt.Errorf("--wire is %q: want parley.v1 or tutorial", c.Wire))
	} else if _, pages := benchWires[c.Wire].(load.Pager); !pages && c.Scenario == string(load.History) {
		wrong = append(wrong, fmt.Errorf("--wire is %q, which has no history: want parley.v1", c.Wire))
	}
	if c.Search != nil && (len(c.Sizes) > 0 || c.Repeat > 1) {
		wrong = append(wrong, errors.New("--search makes runs of its own: give no --sizes and no --repeat with it"))
	}
	if c.Search != nil && (c.Scenario == string(load.Idle) || c.Scenario == string(load.History)) {
		wrong = append(wrong, fmt.Errorf("--search looks for a rate of messages, and %s has none", c.Scenario))
	}
	return errors.Join(wrong...)
}

func (c *benchCommand) checkNumbers() error {
	var wrong []error
	for _, n := range []struct {
		flag        string
		value       int
		least, most int
	}{
		{"sessions", c.Sessions, 1, maxSessions},
		{"rooms", c.Rooms, 0, maxSessions},
		{"senders", c.Senders, 0, maxSessions},
		{"frame", c.Frame, 0, 60_000},
		{"repeat", c.Repeat, 1, 100},
		{"busy", c.Busy, 0, maxSessions},
		{"cut", c.Cut, 0, maxSessions},
		{"stopped", c.Stopped, 0, maxSessions},
		{"fill", c.Fill, 0, 10_000_000},
		{"page", c.Page, 0, 100},
	} {
		if n.value < n.least || n.value > n.most {
			wrong = append(wrong, fmt.Errorf("--%s is %d: want %d to %d", n.flag, n.value, n.least, n.most))
		}
	}
	for _, size := range c.Sizes {
		if size < 1 || size > maxSessions {
			wrong = append(wrong, fmt.Errorf("--sizes has %d: want 1 to %d", size, maxSessions))
		}
	}
	if c.Rate != nil && (!(*c.Rate >= 0) || *c.Rate > 1e7) {
		wrong = append(wrong, fmt.Errorf("--rate is %g: want 0 (each sends once its last message is back) or so many messages a second", *c.Rate))
	}
	if c.Window != nil && *c.Window == 0 {
		wrong = append(wrong, errors.New("--window is 0s: want a time to measure, such as 10s"))
	}
	if c.Search != nil && *c.Search == 0 {
		wrong = append(wrong, errors.New("--search is 0s: want the p99 to keep, such as 40ms"))
	}
	return errors.Join(wrong...)
}

// sized fills in what depends on the scenario and on how many sessions there are.
func (c *benchCommand) sized(cfg load.Config, sessions int) (load.Config, error) {
	cfg.Sessions, cfg.Rooms = sessions, 1
	if c.Rate != nil {
		cfg.Rate = *c.Rate
	}
	talking := true
	switch cfg.Scenario {
	case load.Rooms:
		cfg.Rooms = cmp.Or(c.Rooms, max(sessions/10, 1))
		talking = c.Busy > 0
	case load.Idle:
		cfg.Rooms, talking = max(c.Rooms, 1), false
	case load.History:
		talking = false
	case load.Storm:
		cfg.Cut = cmp.Or(c.Cut, sessions*4/5)
		if c.Rate == nil {
			cfg.Rate = usualRate
		}
	case load.Slow:
		cfg.Stopped = cmp.Or(c.Stopped, max(sessions/10, 1))
	}
	if talking {
		cfg.Senders = cmp.Or(c.Senders, max(min(usualSenders, sessions-cfg.Cut-cfg.Stopped), 1))
	}
	return cfg, c.fits(cfg)
}

// fits names the flag that asks for more than there is, or that does nothing.
func (c *benchCommand) fits(cfg load.Config) error {
	free := cfg.Sessions - cfg.Cut - cfg.Stopped
	var wrong []error
	for flag, only := range map[string]struct {
		given bool
		in    []load.Scenario
	}{
		"rooms":   {c.Rooms > 0, []load.Scenario{load.Rooms, load.Idle}},
		"busy":    {c.Busy > 0, []load.Scenario{load.Rooms}},
		"cut":     {c.Cut > 0, []load.Scenario{load.Storm}},
		"stopped": {c.Stopped > 0, []load.Scenario{load.Slow}},
		"fill":    {c.Fill > 0, []load.Scenario{load.History}},
		"page":    {c.Page > 0, []load.Scenario{load.History}},
		"rate":    {c.Rate != nil, []load.Scenario{load.Fanout, load.Rooms, load.Storm, load.Slow}},
		"senders": {c.Senders > 0, []load.Scenario{load.Fanout, load.Rooms, load.Storm, load.Slow}},
	} {
		if only.given && !slices.Contains(only.in, cfg.Scenario) {
			wrong = append(wrong, fmt.Errorf("--%s is of no use in %s", flag, cfg.Scenario))
		}
	}
	slices.SortFunc(wrong, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	switch {
	case len(wrong) > 0:
	case cfg.Rooms > cfg.Sessions:
		wrong = append(wrong, fmt.Errorf("--rooms is %d: want at most one for each of %d sessions", cfg.Rooms, cfg.Sessions))
	case free < 1:
		wrong = append(wrong, fmt.Errorf("--cut and --stopped are %d: want fewer than the %d sessions", cfg.Cut+cfg.Stopped, cfg.Sessions))
	case c.Busy == 0 && cfg.Senders > free:
		wrong = append(wrong, fmt.Errorf("--senders is %d: want at most %d", cfg.Senders, free))
	case c.Busy > 0 && cfg.Senders > c.Busy:
		wrong = append(wrong, fmt.Errorf("--senders is %d: want at most the %d of --busy", cfg.Senders, c.Busy))
	case c.Busy > 0 && cfg.Rate == 0:
		wrong = append(wrong, errors.New("--busy wants a --rate for the other rooms"))
	case cfg.Scenario == load.Storm && cfg.Rate == 0:
		wrong = append(wrong, errors.New("--rate is 0: want more in storm, where nobody waits for who is away"))
	}
	return errors.Join(wrong...)
}

// serverName is what the report calls it: its program's name, if we know that.
func (c *benchCommand) serverName(t benchTarget, pid int) string {
	return cmp.Or(c.Server, programName(pid), strings.TrimSuffix(t.addr, ":80"))
}
