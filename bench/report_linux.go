package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/parley-chat/parley/bench/load"
)

// A series is all runs of one server.
type series struct {
	Server string        `json:"server"`
	Runs   []load.Result `json:"runs"`
}

// A summary is a series' medians, each taken on its own.
type summary struct {
	server     string
	deliveries float64 // a second
	messages   float64 // a second
	p50, p99   time.Duration
	cpu        time.Duration // of the server, a delivery
	serverCPU  float64       // cores used
	generator  float64       // cores used by the generator
	perRead    float64       // deliveries a read of the generator: what the server's writes were joined to
	rss        int64         // under load
	session    int64         // bytes a connected session
	limits     string
	times      float64 // deliveries ÷ the baseline's; 0 without one
	cheaper    float64 // the baseline's cpu ÷ cpu
}

const baseline = "ws"

func summarise(all []series) []summary {
	out := make([]summary, len(all))
	for i, s := range all {
		out[i] = summary{
			server:     s.Server,
			deliveries: median(s.Runs, load.Result.DeliveriesPerSecond),
			messages:   median(s.Runs, load.Result.MessagesPerSecond),
			p50:        median(s.Runs, func(r load.Result) time.Duration { return r.P50 }),
			p99:        median(s.Runs, func(r load.Result) time.Duration { return r.P99 }),
			cpu:        median(s.Runs, load.Result.CPUPerDelivery),
			serverCPU:  median(s.Runs, func(r load.Result) float64 { return r.ServerCPU.Seconds() / r.Window.Seconds() }),
			generator:  median(s.Runs, func(r load.Result) float64 { return r.GeneratorCPU.Seconds() / r.Window.Seconds() }),
			perRead:    median(s.Runs, func(r load.Result) float64 { return float64(r.Deliveries) / float64(max(r.Reads, 1)) }),
			rss:        median(s.Runs, func(r load.Result) int64 { return r.LoadedRSS }),
			session:    median(s.Runs, load.Result.BytesPerSession),
			limits:     limits(s.Runs),
		}
	}
	base := slices.IndexFunc(all, func(s series) bool { return s.Server == baseline })
	if base < 0 {
		return out
	}
	for i, s := range all {
		out[i].times = middle(ratios(s.Runs, all[base].Runs, load.Result.DeliveriesPerSecond))
		out[i].cheaper = middle(ratios(all[base].Runs, s.Runs, cpuPerDelivery))
	}
	return out
}

func cpuPerDelivery(r load.Result) float64 { return float64(r.ServerCPU) / float64(r.Deliveries) }

// ratios are those of each round: its runs met the machine in the same mood.
func ratios(a, b []load.Result, of func(load.Result) float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = of(a[i]) / of(b[i])
	}
	return out
}

func median[T cmp.Ordered](runs []load.Result, of func(load.Result) T) T {
	values := make([]T, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	return middle(values)
}

// middle sorts. Of an even number of values it gives the lower of the two in the middle: one that was seen.
func middle[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[(len(values)-1)/2]
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

var columns = []string{
	"server", "deliveries/s", "× ws", "messages/s", "p50", "p99", "CPU/delivery", "ws ÷ it",
	"cores", "generator's", "deliveries/read", "RSS", "bytes/session", "limit",
}

func (s summary) cells() []string {
	times, cheaper := "–", "–"
	if s.times > 0 {
		times, cheaper = fmt.Sprintf("%.2f", s.times), fmt.Sprintf("%.2f", s.cheaper)
	}
	return []string{
		s.server,
		fmt.Sprintf("%.0f", s.deliveries),
		times,
		fmt.Sprintf("%.0f", s.messages),
		fmt.Sprintf("%.2f ms", float64(s.p50)/1e6),
		fmt.Sprintf("%.2f ms", float64(s.p99)/1e6),
		fmt.Sprintf("%.2f µs", float64(s.cpu)/1e3),
		cheaper,
		fmt.Sprintf("%.2f", s.serverCPU),
		fmt.Sprintf("%.2f", s.generator),
		fmt.Sprintf("%.1f", s.perRead),
		fmt.Sprintf("%.0f MB", float64(s.rss)/1e6),
		fmt.Sprint(s.session),
		s.limits,
	}
}

func writeTable(w io.Writer, all []summary) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Join(columns, "\t")+"\t")
	for _, s := range all {
		fmt.Fprintln(t, strings.Join(s.cells(), "\t")+"\t")
	}
	return t.Flush()
}

func writeMarkdown(file string, all []summary) error {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(columns)
	line(slices.Repeat([]string{"--:"}, len(columns)))
	for _, s := range all {
		line(s.cells())
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

func writeJSON(file string, cfg load.Config, all []series) error {
	b, err := json.MarshalIndent(struct {
		Config  load.Config `json:"config"`
		Servers []series    `json:"servers"`
	}{cfg, all}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
