package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/parley-chat/parley/internal/load"
)

// benchCommand's flags have no variables: a PARLEY_RATE that is set for a server
// is no rate of messages.
type benchCommand struct {
	Scenario string `arg:"" optional:"" help:"What the sessions do: fanout, rooms, idle, storm, slow or history. None of them: only show what --with brings."`
	URL      string `arg:"" optional:"" help:"Address of the server; ${default} unless given." default:"ws://localhost:8080/ws"`

	Nodes    []string `env:"-" name:"url" sep:"none" placeholder:"URL" help:"Instead of <url>: one of several nodes, which the sessions are spread over. May be repeated."`
	Wire     string   `env:"-" default:"parley.v1" placeholder:"WIRE" help:"What to speak: ${default}, or tutorial."`
	Sessions int      `env:"-" default:"1000" placeholder:"N" help:"How many connect; ${default} unless given."`
	Sizes    []int    `env:"-" placeholder:"N" help:"One run for each of so many sessions instead."`
	Rooms    int      `env:"-" placeholder:"N" help:"In rooms: how many; a tenth of the sessions unless given. In idle: 1."`
	Senders  int      `env:"-" placeholder:"N" help:"How many of them send; 16 unless given."`
	Rate     *float64 `env:"-" placeholder:"N" help:"Messages a second of all senders together; 0, each sends once its last message is back, unless given. In storm 100."`
	Frame    int      `env:"-" placeholder:"BYTES" help:"Size of a delivery on the wire; as small as it gets unless given."`
	Warmup   *span    `env:"-" placeholder:"TIME" help:"How long it runs before it measures; 2s unless given."`
	Window   *span    `env:"-" placeholder:"TIME" help:"How long it measures; 10s unless given."`
	Repeat   int      `env:"-" default:"1" placeholder:"N" help:"Run it so often, and show the medians."`
	Search   *span    `env:"-" placeholder:"TIME" help:"Look for the highest rate at which 99 of 100 deliveries come within TIME."`

	Busy    int  `env:"-" placeholder:"N" help:"In rooms: sessions of one more room, whose senders never rest."`
	Cut     int  `env:"-" placeholder:"N" help:"In storm: how many are cut off at once; four of five unless given."`
	Stopped int  `env:"-" placeholder:"N" help:"In slow: how many stop reading; a tenth unless given."`
	Fill    int  `env:"-" placeholder:"N" help:"In history: messages that the room gets first; 10000 unless given."`
	Page    int  `env:"-" placeholder:"N" help:"In history: events of a page; 50 unless given."`
	Exact   bool `env:"-" help:"Read each delivery at once, not gathered for 200 µs. It costs the generator more."`

	PID           *int     `env:"-" name:"pid" placeholder:"N" help:"The server's process, to measure its processor time and memory; found by itself on this machine. 0: neither."`
	Server        string   `env:"-" placeholder:"NAME" help:"What a report calls the server; its program's name unless given."`
	Token         string   `placeholder:"TOKEN" help:"Token for all sessions, or @FILE."`
	JSON          string   `env:"-" name:"json" placeholder:"FILE" help:"Write the report as JSON, too; - for standard output instead of the table."`
	HTML          string   `env:"-" name:"html" placeholder:"FILE" help:"Write it as a page with plots, too."`
	Plots         string   `env:"-" placeholder:"FOLDER" help:"Write each plot as an SVG file there, too."`
	With          []string `env:"-" sep:"none" placeholder:"FILE" help:"Show the runs of this JSON report beside these. May be repeated."`
	YesThisIsMine bool     `env:"-" help:"Needed for a server at a public address. Load on somebody else's is an attack."`

	line string // that repeats it
}

// Help is printed by kong.
func (benchCommand) Help() string {
	return `Drives a server with so many sessions and measures from outside: deliveries a second, how long they
took from when their message was due, what the server's process used meanwhile, and what kept the run
from being faster. A message that is lost, repeated or out of order fails it. Start the server with
--rate off, and best with --store memory first, to learn what its disk costs.

    fanout   one room: all hear what a few say
    rooms    many rooms: somebody speaks in each
    idle     sessions that only keep their connections alive
    storm    most are cut off at once and come back, while the others go on
    slow     fanout, while some stop reading for half of the window
    history  pages of a room's history, read by all

It exits with 0 once all was measured, with 1 if not (what was measured until then is shown), with 2
for a wrong command. docs/benchmarking.md tells how to read the table.

Examples:

    parley bench fanout
    parley bench fanout --sessions 1000 --senders 16 --search 40ms --html report.html
    parley bench rooms ws://localhost:8080/ws --sessions 5000 --rooms 500 --rate 2000
    parley bench idle --sizes 1000,5000,15000 --json idle.json
    parley bench fanout --url ws://localhost:8080/ws --url ws://localhost:8081/ws
    parley bench storm --sessions 5000 --cut 4000 --window 20s
    parley bench --with parley.json --with other.json --html both.html`
}

// AfterApply is called by kong with the words that were given.
func (c *benchCommand) AfterApply(ctx *kong.Context) error { //nolint:unparam // kong wants an error
	c.line = commandLine(ctx.Args)
	return nil
}

func (c *benchCommand) run(s streams) int {
	plan, err := c.plan()
	if err != nil {
		return usage(s, "bench", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	before, err := c.earlier()
	if err == nil {
		err = c.vacant()
	}
	if err != nil {
		fmt.Fprintf(s.err, "parley: %v\n", err)
		return exitFailed
	}
	if c.Scenario != "" {
		for _, note := range plan.notes {
			fmt.Fprintf(s.err, "parley: %s\n", note)
		}
	}
	r, failed := c.measure(ctx, plan, s)
	if len(r.Runs)+len(r.Steps)+len(before) > 0 {
		failed = errors.Join(failed, c.write(s, r, before))
	}
	switch {
	case failed == nil:
		return exitOK
	case errors.Is(failed, context.Canceled):
		fmt.Fprintln(s.err, "parley: stopped before all was measured")
	default:
		fmt.Fprintf(s.err, "parley: %v\n", hinted(failed, plan.target))
	}
	return exitFailed
}

// measure does all runs. What was measured before one failed is given with err.
func (c *benchCommand) measure(ctx context.Context, plan benchPlan, s streams) (load.Report, error) {
	r := load.Report{
		Version: "1", Tool: "parley " + versionName(), At: time.Now().Truncate(time.Second),
		Machine: machine(), Command: c.line, Bound: plan.bound,
	}
	live := newLive(s.err, len(plan.configs))
	defer live.end()
	for i, cfg := range plan.configs {
		live.begin(i, cfg)
		cfg.Progress = live.tell
		if plan.bound > 0 {
			steps, err := load.Search(ctx, cfg, plan.bound, live.step)
			r.Steps = append(r.Steps, steps...)
			if err != nil {
				return r, err
			}
			continue
		}
		res, err := load.Run(ctx, cfg)
		if err == nil {
			r.Runs = append(r.Runs, res)
			continue
		}
		if errors.Is(err, context.Canceled) {
			r.Runs = append(r.Runs, live.measured(res)...)
		}
		return r, err
	}
	return r, nil
}

// commandLine is what was typed, for a shell, without the token.
func commandLine(args []string) string {
	words := []string{"parley"}
	secret := false
	for _, arg := range args {
		flag, value := "", arg
		if rest, joined := strings.CutPrefix(arg, "--token="); joined {
			flag, value, secret = "--token=", rest, true
		}
		if secret && !strings.HasPrefix(value, "@") {
			value = "@TOKEN"
		}
		secret = arg == "--token"
		words = append(words, quoted(flag+value))
	}
	return strings.Join(words, " ")
}

func quoted(arg string) string {
	if arg != "" && !strings.ContainsFunc(arg, func(r rune) bool {
		return !strings.ContainsRune("-_./:,=@+%~", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
