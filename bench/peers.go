package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// suite is one call of bench peers.
type suite struct {
	rounds   int
	tries    int    // of a run that the rest of the machine disturbs; the calmest counts
	base     string // the server that others are compared with
	servers  []server
	measures []measurement
	out      string // folder of the report
	bin      string // folder of what was built

	progress progress
	seen     []series
	absent   []string // servers and runs that there are no figures of, and why
	broken   bool     // some of them should have been there
}

func peers(ctx context.Context, args []string) (err error) {
	s, err := parse(args)
	if err != nil {
		return err
	}
	if s.bin, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.bin)) }()
	if err := s.build(); err != nil {
		return err
	}
	fmt.Printf("%s, %d rounds each: about %v on a calm machine\n", s.plan(), s.rounds, s.left().Round(10*time.Second))
	s.progress = progress{began: time.Now(), estimate: s.left()}
	for _, m := range s.measures {
		fmt.Printf("\n%s: %s\n", m.name, m.about)
		for _, c := range m.runs {
			if err := s.take(ctx, m, c); err != nil {
				return errors.Join(err, s.write(), s.end()) // what was seen until then is worth keeping
			}
		}
		if err := s.write(); err != nil {
			return err
		}
	}
	return s.end()
}

func parse(args []string) (*suite, error) {
	s, z := &suite{}, size{}
	f := flag.NewFlagSet("bench peers", flag.ContinueOnError)
	f.IntVar(&s.rounds, "rounds", 5, "runs of each server")
	f.IntVar(&s.tries, "tries", 3, "how often a run is taken that the rest of the machine disturbs")
	only := f.String("only", "", "names of servers, with commas; empty: "+strings.Join(defaultNames(), ","))
	measure := f.String("measure", "", "names of measurements, with commas; empty: saturation,rates,rooms,idle,sizes,storm,fairness")
	f.StringVar(&s.base, "base", "ws", "the server that others are compared with")
	f.StringVar(&s.out, "out", ".cache/bench-peers", "folder for the report: report.json, report.html, table.md, plots/")
	f.IntVar(&z.sessions, "sessions", 1000, "sessions in the room of saturation, rates and fairness")
	f.IntVar(&z.senders, "senders", 16, "sessions of a room that also send")
	f.IntVar(&z.frame, "frame", 124, "bytes of each delivery on the wire")
	f.Float64Var(&z.scale, "scale", 1, "of all other numbers of sessions: less for a quick look")
	f.DurationVar(&z.warmup, "warmup", 2*time.Second, "before the window")
	f.DurationVar(&z.window, "window", 5*time.Second, "what is measured; more for idle and storm")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if s.rounds < 1 || s.tries < 1 || z.scale <= 0 {
		return nil, errors.New("want at least one round and one try, and a scale of more than 0")
	}
	var err error
	if s.servers, err = choose(*only); err != nil {
		return nil, err
	}
	s.measures, err = pick(z.measurements(), *measure)
	return s, err
}

// build leaves out aloud what this machine can't run.
func (s *suite) build() error {
	var built []server
	for _, one := range s.servers {
		switch err := one.build(s.bin); {
		case errors.Is(err, errLeftOut):
			s.miss("%s is %v", one.name, err)
		case err != nil:
			return fmt.Errorf("build %s: %w", one.name, err)
		default:
			built = append(built, one)
		}
	}
	s.servers = built
	if len(built) == 0 {
		return errors.New("no server is left")
	}
	return nil
}

func (s *suite) miss(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	fmt.Println("  " + said)
	s.absent = append(s.absent, said)
}

func (s *suite) plan() string {
	var names []string
	for _, m := range s.measures {
		names = append(names, m.name)
	}
	return fmt.Sprintf("%s of %d servers", strings.Join(names, ", "), len(s.servers))
}

// left is how long all runs take.
func (s *suite) left() (d time.Duration) {
	for _, m := range s.measures {
		for _, c := range m.runs {
			d += takes(c) * time.Duration(s.rounds*len(s.servers))
		}
	}
	return d
}

// take has every server do the run once a round. One that fails it takes no
// further round of it.
func (s *suite) take(ctx context.Context, m measurement, c load.Config) error {
	all := make([]series, len(s.servers))
	failed := make([]bool, len(s.servers))
	for i, one := range s.servers {
		all[i] = series{measure: m.name, server: one.name}
	}
	fmt.Printf(" %s:\n", setup(c))
	for round := range s.rounds {
		for i, one := range s.servers {
			if failed[i] {
				s.progress.done(takes(c))
				continue
			}
			res, err := s.calmly(ctx, one, c)
			s.progress.done(takes(c))
			if ctx.Err() != nil {
				s.seen = append(s.seen, all...)
				return ctx.Err()
			}
			if err != nil {
				failed[i] = true
				s.broken = s.broken || !errors.Is(err, load.ErrBehind)
				s.miss("%s, %s of %s: %v", one.name, m.name, setup(c), err)
				continue
			}
			all[i].runs = append(all[i].runs, res)
			fmt.Printf("  round %d  %-18s %s  %s\n", round+1, one.name, brief(res), s.progress)
		}
	}
	s.seen = append(s.seen, all...)
	return nil
}

func setup(c load.Config) string {
	said := fmt.Sprintf("%d sessions", c.Sessions)
	if c.Rooms > 1 {
		said += fmt.Sprintf(" in %d rooms", c.Rooms)
	}
	if c.Rate > 0 {
		said += fmt.Sprintf(", %.4g messages/s", c.Rate)
	}
	return said
}

// calmly takes the calmest of several tries, where the first was disturbed.
func (s *suite) calmly(ctx context.Context, one server, c load.Config) (load.Result, error) {
	calmest, err := once(ctx, one, s.bin, c)
	for try := 1; try < s.tries && err == nil && calmest.Limit == load.LimitOthers; try++ {
		var res load.Result
		if res, err = once(ctx, one, s.bin, c); err == nil && res.OtherCPU < calmest.OtherCPU {
			calmest = res
		}
	}
	return calmest, err
}

// Longer than that takes no run of which figures are worth having.
const longest = 5 * time.Minute

func once(ctx context.Context, one server, bin string, c load.Config) (res load.Result, err error) {
	command := one.command(bin)
	if quietly(c) && one.quiet != "" {
		command = append(command, one.quiet)
	}
	p, err := start(command)
	if err != nil {
		return load.Result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(filepath.Join(bin, "data"))) }() // of the server with its log on disk
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	c.Addr, c.PID, c.Server, c.Wire = p.addr, p.pid(), one.name, one.wire
	res, err = load.Run(ctx, c)
	if stopped := p.stop(); err != nil || stopped != nil {
		return load.Result{}, errors.Join(err, stopped, p.log.said())
	}
	return res, nil
}

// end says what is missing, and where the rest is.
func (s *suite) end() error {
	fmt.Printf("\nreport: %s, table: %s\n", filepath.Join(s.out, "report.html"), filepath.Join(s.out, "table.md"))
	for _, said := range s.absent {
		fmt.Println("without: " + said)
	}
	if s.broken {
		return errors.New("some runs failed")
	}
	return nil
}
