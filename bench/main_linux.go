// Command bench measures Parley, and chat servers that speak the tutorial dialect, side by side:
//
//	go run ./bench compare                    Parley, the same chat on ws (npm) and on gws (Go), and the machine's limit
//	go run ./bench load -addr HOST:PORT -pid N    a server that already runs
//	go run ./bench durable                    Parley with parley.v1 and its log on disk, beside the disk's own figures
//
// compare builds what it measures, starts each server in turn on a free port of the loopback, takes several rounds
// (one run of each server a round, so that all meet the same moods of the machine), and prints medians and the
// median ratios to ws in the same round.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "compare":
			return compare(args[1:])
		case "load":
			return loadOne(args[1:])
		case "durable":
			return onDisk(args[1:])
		}
	}
	return errors.New("want a command: compare, load, or durable")
}

// loadFlags are the settings of a run, for both commands.
func loadFlags(f *flag.FlagSet) *load.Config {
	cfg := &load.Config{}
	f.IntVar(&cfg.Sessions, "sessions", 1000, "sessions in the room")
	f.IntVar(&cfg.Senders, "senders", 16, "sessions that also send")
	f.Float64Var(&cfg.Rate, "rate", 0, "messages a second of all senders; 0: each sends when its last came back")
	f.IntVar(&cfg.Frame, "frame", 124, "bytes of each delivery on the wire")
	f.DurationVar(&cfg.Warmup, "warmup", 2*time.Second, "before the window")
	f.DurationVar(&cfg.Window, "window", 5*time.Second, "what is measured")
	return cfg
}

func loadOne(args []string) error {
	f := flag.NewFlagSet("bench load", flag.ContinueOnError)
	cfg := loadFlags(f)
	f.StringVar(&cfg.Addr, "addr", "127.0.0.1:8080", "the server's host:port")
	f.IntVar(&cfg.PID, "pid", 0, "the server's process")
	if err := f.Parse(args); err != nil {
		return err
	}
	res, err := load.Run(*cfg)
	if err != nil {
		return err
	}
	return writeTable(os.Stdout, summarise([]series{{Server: cfg.Addr, Runs: []load.Result{res}}}))
}

func compare(args []string) error {
	f := flag.NewFlagSet("bench compare", flag.ContinueOnError)
	cfg := loadFlags(f)
	rounds := f.Int("rounds", 5, "runs of each server")
	only := f.String("only", "", "names of servers, with commas; empty: "+strings.Join(defaultNames(), ","))
	jsonFile := f.String("json", "", "file for the figures of every run")
	markdownFile := f.String("markdown", "", "file for the table")
	if err := f.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	all, err := measure(chosen, *cfg, *rounds)
	if err != nil {
		return err
	}
	summaries := summarise(all)
	fmt.Println()
	if err := writeTable(os.Stdout, summaries); err != nil {
		return err
	}
	if *jsonFile != "" {
		if err := writeJSON(*jsonFile, *cfg, all); err != nil {
			return err
		}
	}
	if *markdownFile != "" {
		return writeMarkdown(*markdownFile, summaries)
	}
	return nil
}

// measure takes one run of each server a round.
func measure(servers []server, cfg load.Config, rounds int) ([]series, error) {
	bin, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(bin) //nolint:errcheck // a temporary folder
	all := make([]series, len(servers))
	for i, s := range servers {
		all[i].Server = s.name
		if err := s.build(bin); err != nil {
			return nil, fmt.Errorf("build %s: %w", s.name, err)
		}
	}
	for round := range rounds {
		for i, s := range servers {
			res, err := measureCalmly(s, bin, cfg)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			all[i].Runs = append(all[i].Runs, res)
			fmt.Printf("round %d  %-16s %9.0f deliveries/s  p99 %8v  limit: %s\n",
				round+1, s.name, res.DeliveriesPerSecond(), res.P99.Round(time.Microsecond), res.Limit)
		}
	}
	return all, nil
}

// How often a run is taken again that the rest of the machine disturbed.
const tries = 3

func measureCalmly(s server, bin string, cfg load.Config) (load.Result, error) {
	calmest, err := measureOne(s, bin, cfg)
	for try := 1; try < tries && err == nil && calmest.Limit == load.LimitOthers; try++ {
		var res load.Result
		if res, err = measureOne(s, bin, cfg); res.OtherCPU < calmest.OtherCPU {
			calmest = res
		}
	}
	return calmest, err
}

func measureOne(s server, bin string, cfg load.Config) (load.Result, error) {
	p, err := start(s.command(bin))
	if err != nil {
		return load.Result{}, err
	}
	cfg.Addr, cfg.PID = p.addr, p.pid()
	res, err := load.Run(cfg)
	if stopped := p.stop(); err != nil || stopped != nil {
		return load.Result{}, fmt.Errorf("%w\n%s", errors.Join(err, stopped), p.log.last)
	}
	return res, nil
}
