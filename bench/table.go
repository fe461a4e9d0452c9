package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/load"
	"github.com/parley-chat/parley/internal/load/report"
)

// A column of the table; it is left out where no server has a figure for it.
type column struct {
	name string
	of   func(load.Result) float64
	show func(float64) string
}

// Ratios stand behind the figure that they are of, in the direction in which more
// is better.
type ratioColumn struct {
	behind  string
	name    string // with the base's name
	of      func(load.Result) float64
	inverse bool
}

var columns = []column{
	{"messages/s", messages, whole},
	{"deliveries/s", deliveries, whole},
	{"p50", seconds(func(r load.Result) time.Duration { return r.Latency.P50 }), short},
	{"p99", seconds(func(r load.Result) time.Duration { return r.Latency.P99 }), short},
	{"p99 of the others", seconds(func(r load.Result) time.Duration { return r.Quiet.P99 }), short},
	{"half back", seconds(func(r load.Result) time.Duration { return stormOf(r).HalfBack }), short},
	{"all back", seconds(func(r load.Result) time.Duration { return stormOf(r).AllBack }), short},
	{"CPU/delivery", talkCPU, func(v float64) string { return fmt.Sprintf("%.2f µs", v*1e6) }},
	{"cores", serverCores, func(v float64) string { return fmt.Sprintf("%.3g", v) }},
	{"deliveries/read", func(r load.Result) float64 { return figure(float64(r.Deliveries), float64(r.Reads)) },
		func(v float64) string { return fmt.Sprintf("%.1f", v) }},
	{"bytes/session", perSession, whole},
}

var ratios = []ratioColumn{
	{"deliveries/s", "× %s", unbound, false},
	{"CPU/delivery", "%s ÷ it", talkCPU, true},
	{"cores", "%s's ÷ its", idleCores, true},
	{"bytes/session", "%s's ÷ its", perSession, true},
}

func stormOf(r load.Result) load.StormResult {
	if r.Storm == nil {
		return load.StormResult{}
	}
	return *r.Storm
}

func whole(v float64) string { return fmt.Sprintf("%.0f", v) }

func short(v float64) string {
	if v >= 1 {
		return fmt.Sprintf("%.3g s", v)
	}
	return fmt.Sprintf("%.3g ms", v*1e3)
}

// markdown writes a table for each setup: medians, and the medians of ratios to
// the base in the same round.
func markdown(w io.Writer, all []series, base string, absent []string) error {
	var b strings.Builder
	for rest := all; len(rest) > 0; {
		setup := rest[:setupEnd(rest)]
		rest = rest[len(setup):]
		setup = slices.DeleteFunc(slices.Clone(setup), func(s series) bool { return len(s.runs) == 0 })
		if len(setup) == 0 {
			continue
		}
		fmt.Fprintf(&b, "**%s**: %s\n\n", setup[0].measure, report.Setup(setup[0].runs[0]))
		for i, row := range rows(setup, base) {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
			if i == 0 {
				fmt.Fprintf(&b, "|--|%s\n", strings.Repeat("--:|", len(row)-1))
			}
		}
		b.WriteByte('\n')
	}
	for _, said := range absent {
		first, _, _ := strings.Cut(said, "\n")
		fmt.Fprintf(&b, "- %s\n", first)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// setupEnd is where the series of the first setup end: the next one begins with
// the first one's server again.
func setupEnd(all []series) int {
	for i, s := range all[1:] {
		if s.server == all[0].server {
			return i + 1
		}
	}
	return len(all)
}

// rows are a head, and one for each server.
func rows(setup []series, base string) [][]string {
	out := make([][]string, len(setup)+1)
	out[0] = []string{"server"}
	for i, s := range setup {
		out[i+1] = []string{s.server}
	}
	for _, c := range columns {
		add(out, setup, c.name, c.show, func(s series) float64 { return s.median(c.of) })
		b := slices.IndexFunc(setup, func(s series) bool { return s.server == base })
		for _, r := range ratios {
			if r.behind != c.name || b < 0 {
				continue
			}
			add(out, setup, fmt.Sprintf(r.name, base), func(v float64) string { return fmt.Sprintf("%.2f", v) }, func(s series) float64 {
				if r.inverse {
					return ratio(setup[b], s, r.of)
				}
				return ratio(s, setup[b], r.of)
			})
		}
	}
	out[0] = append(out[0], "limit")
	for i, s := range setup {
		out[i+1] = append(out[i+1], limits(s.runs))
	}
	return out
}

func add(out [][]string, setup []series, name string, show func(float64) string, of func(series) float64) {
	cells, has := []string{name}, false
	for _, s := range setup {
		if v := of(s); math.IsNaN(v) {
			cells = append(cells, "–")
		} else {
			cells, has = append(cells, show(v)), true
		}
	}
	for i := range out {
		if has {
			out[i] = append(out[i], cells[i])
		}
	}
}

// limits names what limited the runs, each once.
func limits(runs []load.Result) string {
	var names []string
	for _, r := range runs {
		if !slices.Contains(names, string(r.Limit)) {
			names = append(names, string(r.Limit))
		}
	}
	return strings.Join(names, ", ")
}
