package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/parley-chat/parley/internal/load"
)

// live is a line that says how far a load test is, for a person at a terminal;
// for nobody else. A goroutine draws it, and not the generator, which a terminal
// that stands still must not hold up.
type live struct {
	// Fixed after newLive.
	out   *os.File // nil for nobody
	runs  int
	stop  chan struct{}
	drawn sync.WaitGroup
	// Any goroutine.
	now atomic.Pointer[moment]
	// Owned by whoever runs the load.
	samples []load.Sample // of this run
}

// moment is what the line says.
type moment struct {
	run      int // from 0
	cfg      load.Config
	progress load.Progress
	search   string // what the last step of a search came to
}

func newLive(out io.Writer, runs int) *live {
	l := &live{runs: runs, stop: make(chan struct{})}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		l.out = f
		l.drawn.Go(l.draw)
	}
	return l
}

// begin, tell and step are called by whoever runs the load, one after another.
func (l *live) begin(run int, cfg load.Config) {
	l.samples = nil
	l.now.Store(&moment{run: run, cfg: cfg})
}

func (l *live) tell(p load.Progress) {
	if p.Phase == load.Measuring && p.Sample.At > 0 {
		l.samples = append(l.samples, p.Sample)
	}
	m := *l.now.Load()
	m.progress = p
	l.now.Store(&m)
}

func (l *live) step(s load.Step) {
	m := *l.now.Load()
	verdict := "too much"
	if s.Kept {
		verdict = "kept"
	}
	m.search = fmt.Sprintf("%.0f messages/s: %s, p99 %s", s.Offered, verdict, brief(s.Result.Latency.P99))
	l.now.Store(&m)
}

// measured is what a run that was stopped saw until then: its whole seconds, of
// which the latencies are known second by second alone. It is none where the
// window had not begun.
func (l *live) measured(res load.Result) []load.Result {
	if res.Window == 0 {
		for _, s := range l.samples {
			res.Window = s.At
			res.Messages += s.Messages
			res.Deliveries += s.Deliveries
			res.ServerCPU += s.ServerCPU
		}
		res.Series = l.samples
	}
	if res.Window == 0 {
		return nil
	}
	return []load.Result{res}
}

const redraw = 200 * time.Millisecond

func (l *live) draw() {
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if m := l.now.Load(); m != nil {
				fmt.Fprint(l.out, "\r\x1b[K"+l.line(*m, terminalWidth(l.out)))
			}
		case <-l.stop:
			fmt.Fprint(l.out, "\r\x1b[K")
			return
		}
	}
}

func terminalWidth(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 {
		return 80
	}
	return width
}

// line is at most so wide, for a longer one would not be wiped.
func (l *live) line(m moment, width int) string {
	phase := string(m.progress.Phase)
	if phase == "" {
		phase = string(load.Connecting)
	}
	var parts []string
	if l.runs > 1 {
		parts = append(parts, fmt.Sprintf("run %d of %d", m.run+1, l.runs))
	}
	if m.search != "" {
		parts = append(parts, m.search)
	}
	parts = append(parts, progressed(m)...)
	rest := []rune(strings.Join(parts, " · "))
	if most := width - len(phase) - 3; len(rest) > most {
		rest = append(rest[:max(most-1, 0)], '…')
	}
	if os.Getenv("NO_COLOR") == "" {
		phase = "\x1b[1m" + phase + "\x1b[0m"
	}
	return phase + "  " + string(rest)
}

// progressed is how far the phase is, and what it sees.
func progressed(m moment) []string {
	p := m.progress
	if p.Total > 0 {
		return []string{fmt.Sprintf("%d of %d", p.Done, p.Total)}
	}
	if p.Sample.At == 0 {
		return nil
	}
	parts := []string{
		fmt.Sprintf("%.0f of %.0f s", p.Sample.At.Seconds(), m.cfg.Window.Seconds()),
		fmt.Sprintf("%d sessions", p.Sample.Sessions),
	}
	if p.Sample.Messages > 0 || p.Sample.Deliveries > 0 {
		parts = append(parts, fmt.Sprintf("%d messages/s", p.Sample.Messages), "p99 "+brief(p.Sample.P99),
			fmt.Sprintf("%d deliveries/s", p.Sample.Deliveries))
	}
	return parts
}

// brief is a time to three digits.
func brief(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// end wipes the line.
func (l *live) end() {
	close(l.stop)
	l.drawn.Wait()
}
