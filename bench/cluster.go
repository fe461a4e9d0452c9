package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// cluster measures one node and three of them on the same stores and brokers, side by side.
func cluster(ctx context.Context, args []string) (err error) {
	f := flag.NewFlagSet("bench cluster", flag.ContinueOnError)
	c := &clusterBench{}
	f.IntVar(&c.rounds, "rounds", 3, "of each measurement; medians are printed")
	f.DurationVar(&c.window, "window", 5*time.Second, "of each run, at least 3s")
	f.DurationVar(&c.warmup, "warmup", 2*time.Second, "before it")
	f.Float64Var(&c.scale, "scale", 1, "of sessions and rates, for a quick look")
	only := f.String("only", "", "of "+strings.Join(names(deployments), ", ")+": the first is always there")
	measure := f.String("measure", "", "of "+strings.Join(measureNames(clusterMeasures(1)), ", ")+"; all unless given")
	parent := f.String("folder", "", "where the stores are: on the disk that is to be measured; empty: the system's folder for such")
	if err := f.Parse(args); err != nil {
		return err
	}
	if c.window < 3*time.Second {
		return errors.New("-window: want 3s or more, since what servers use is read once a second")
	}
	if c.chosen, err = chooseDeployments(deployments, *only); err != nil {
		return err
	}
	if c.measures, err = chooseMeasures(clusterMeasures(c.scale), *measure); err != nil {
		return err
	}
	if c.folder, err = os.MkdirTemp(*parent, "bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.folder)) }()
	if err := os.Chmod(c.folder, 0o755); err != nil { //nolint:gosec // PostgreSQL runs as another user
		return err
	}
	if err := goBuild(".", "./cmd/parley", "parley")(c.folder); err != nil {
		return err
	}
	return c.run(ctx)
}

// clusterBench is one benchmark of clusters.
type clusterBench struct {
	rounds         int
	window, warmup time.Duration
	scale          float64
	folder         string
	chosen         []deployment
	measures       []clusterMeasure
}

// deployment is nodes, and what they share.
type deployment struct {
	name          string
	nodes         int
	store, broker string // memory, postgres or redis
}

// The deployments, the first of which the others are compared with.
var deployments = []deployment{
	{"1-postgres", 1, "postgres", "memory"},
	{"1-postgres-redis", 1, "postgres", "redis"},
	{"3-postgres-redis", 3, "postgres", "redis"},
	{"3-postgres-notify", 3, "postgres", "postgres"},
	{"3-postgres-polling", 3, "postgres", "memory"},
	{"1-redis", 1, "redis", "memory"},
	{"3-redis", 3, "redis", "redis"},
	{"1-sqlite", 1, "sqlite", "memory"},
}

func names(all []deployment) []string {
	list := make([]string, len(all))
	for i, d := range all {
		list[i] = d.name
	}
	return list
}

// chooseDeployments gives those of a list of names; the first deployment, too.
func chooseDeployments(all []deployment, only string) ([]deployment, error) {
	if only == "" {
		return all, nil
	}
	chosen := all[:1:1]
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(d deployment) bool { return d.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only %q: want some of %s", name, strings.Join(names(all), ", "))
		}
		if i > 0 {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// clusterMeasure is what the sessions do.
type clusterMeasure struct {
	name   string
	config load.Config
}

func clusterMeasures(scale float64) []clusterMeasure {
	n := func(of float64) int { return max(int(of*scale), 6) }
	return []clusterMeasure{
		// One room: every node follows it, and each message travels to all.
		{"room", load.Config{Scenario: load.Fanout, Sessions: n(1000), Senders: min(16, n(1000)/2), Rate: 200 * scale}},
		{"busy-room", load.Config{Scenario: load.Fanout, Sessions: n(1000), Senders: min(16, n(1000)/2)}},
		// Many rooms, each with people on all nodes.
		{"rooms", load.Config{Scenario: load.Rooms, Sessions: n(3000), Rooms: n(300), Rate: 600 * scale}},
		// Rooms of two: what a message costs, where hardly anything is delivered.
		{"pairs", load.Config{Scenario: load.Rooms, Sessions: n(1000), Rooms: n(1000) / 2, Rate: 2000 * scale}},
	}
}

func measureNames(all []clusterMeasure) []string {
	list := make([]string, len(all))
	for i, m := range all {
		list[i] = m.name
	}
	return list
}

func chooseMeasures(all []clusterMeasure, only string) ([]clusterMeasure, error) {
	if only == "" {
		return all, nil
	}
	var chosen []clusterMeasure
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(m clusterMeasure) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-measure %q: want some of %s", name, strings.Join(measureNames(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// clusterRun is what one run saw.
type clusterRun struct {
	load.Result
	store, broker time.Duration // processor time for each message; 0 without one, or where the store is it
	published     float64       // messages of the broker for each message; NaN without one
	heard         float64
	retold        float64 // bytes of them
}

func (c *clusterBench) run(ctx context.Context) error {
	takes := time.Duration(c.rounds*len(c.chosen)*len(c.measures)) * (c.window + c.warmup + 6*time.Second)
	fmt.Printf("%d rounds of %d measurements of %d deployments: about %s\n", c.rounds, len(c.measures), len(c.chosen), takes.Round(time.Minute))
	failed := false
	for _, m := range c.measures {
		m.config.Warmup, m.config.Window, m.config.Wire = c.warmup, c.window, load.V1{}
		seen := map[string][]clusterRun{}
		fmt.Printf("\n%s: %s\n", m.name, setup(m.config))
		for round := range c.rounds {
			for _, d := range c.chosen {
				run, err := c.once(ctx, d, m.config)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					failed = failed || !errors.Is(err, load.ErrBehind)
					fmt.Printf("  round %d  %-20s %v\n", round+1, d.name, err)
					continue
				}
				seen[d.name] = append(seen[d.name], run)
				fmt.Printf("  round %d  %-20s %s\n", round+1, d.name, brief(run.Result))
			}
		}
		c.table(seen)
	}
	if failed {
		return errors.New("some runs failed")
	}
	return nil
}

// once runs a deployment, whose servers are made for it, through one run.
func (c *clusterBench) once(ctx context.Context, d deployment, cfg load.Config) (r clusterRun, err error) {
	s, err := startServers(c.folder, d)
	defer func() { err = errors.Join(err, s.stop()) }()
	if err != nil {
		return r, err
	}
	first := true
	for _, n := range s.nodes {
		if first {
			cfg.Addr, cfg.PID, first = n.addr, n.pid(), false
			continue
		}
		cfg.More = append(cfg.More, load.Node{Addr: n.addr, PID: n.pid()})
	}
	cfg.Server = d.name
	var meters []meter // one a second of the window
	cfg.Progress = func(p load.Progress) {
		if p.Phase == load.Measuring && p.Sample.At > 0 {
			meters = append(meters, s.read(p.Sample.Messages))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if r.Result, err = load.Run(ctx, cfg); err != nil {
		return r, errors.Join(err, s.said())
	}
	return r, r.divide(meters)
}

// divide gives what a message cost the servers, between the first second's end and the last's.
func (r *clusterRun) divide(meters []meter) error {
	if len(meters) < 2 {
		return errors.New("the window is too short to read what the servers used")
	}
	messages := uint64(0)
	for _, m := range meters[1:] {
		messages += m.messages
	}
	if messages == 0 {
		return errors.New("nothing was said in the window")
	}
	first, last := meters[0], meters[len(meters)-1]
	r.store = (last.store - first.store) / time.Duration(messages)
	r.broker = (last.broker - first.broker) / time.Duration(messages)
	r.published = (last.published - first.published) / float64(messages)
	r.heard = (last.heard - first.heard) / float64(messages)
	r.retold = (last.bytes - first.bytes) / float64(messages)
	return errors.Join(first.err, last.err)
}

// clusterColumn is one of the table; figures are per message, but where its name says otherwise.
type clusterColumn struct {
	name   string
	of     func(clusterRun) float64
	format string
}

const micro = 1e6

var clusterColumns = []clusterColumn{
	{"messages/s", func(r clusterRun) float64 { return messages(r.Result) }, "%.0f"},
	{"deliveries/s", func(r clusterRun) float64 { return deliveries(r.Result) }, "%.0f"},
	{"p50", func(r clusterRun) float64 { return r.Latency.P50.Seconds() * 1e3 }, "%.1f ms"},
	{"p99", func(r clusterRun) float64 { return r.Latency.P99.Seconds() * 1e3 }, "%.1f ms"},
	{"nodes' CPU/delivery", func(r clusterRun) float64 { return cpu(r.Result) * micro }, "%.2f µs"},
	{"nodes' CPU", func(r clusterRun) float64 { return r.ServerCPU.Seconds() / float64(r.Messages) * micro }, "%.1f µs"},
	{"store's CPU", func(r clusterRun) float64 { return r.store.Seconds() * micro }, "%.1f µs"},
	{"broker's CPU", func(r clusterRun) float64 { return r.broker.Seconds() * micro }, "%.1f µs"},
	{"published", func(r clusterRun) float64 { return r.published }, "%.2f"},
	{"heard", func(r clusterRun) float64 { return r.heard }, "%.2f"},
	{"bytes heard", func(r clusterRun) float64 { return r.retold }, "%.0f"},
}

// table prints medians, to be put into a page.
func (c *clusterBench) table(seen map[string][]clusterRun) {
	head, rule := "\n| |", "|---|"
	for _, column := range clusterColumns {
		head, rule = head+" "+column.name+" |", rule+"--:|"
	}
	fmt.Println(head + " limited by |\n" + rule + "---|")
	for _, d := range c.chosen {
		runs := seen[d.name]
		if len(runs) == 0 {
			fmt.Printf("| %s | no run ended well |\n", d.name)
			continue
		}
		row := "| " + d.name + " |"
		for _, column := range clusterColumns {
			all := make([]float64, len(runs))
			for i, r := range runs {
				all[i] = column.of(r)
			}
			if median := middle(all); math.IsNaN(median) {
				row += " – |"
			} else {
				row += fmt.Sprintf(" "+column.format+" |", median)
			}
		}
		fmt.Println(row + " " + string(runs[len(runs)-1].Limit) + " |")
	}
}
