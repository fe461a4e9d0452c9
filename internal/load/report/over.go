package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// over is a line for each server: one figure of its rows over another.
func (s scene) over(all []row, x, y func(load.Result) float64) []line {
	var lines []line
	for _, rows := range by(all, func(g row) string { return g.server }) {
		l := line{name: rows[0].server, look: s.look(rows[0].server)}
		for _, g := range rows {
			l.points = append(l.points, point{g.median(x), g.median(y)})
		}
		slices.SortStableFunc(l.points, func(a, b point) int { return cmp.Compare(a.x, b.x) })
		lines = append(lines, l)
	}
	return lines
}

func sessions(r load.Result) float64 { return positive(r.Sessions) }
func offered(r load.Result) float64  { return positive(r.Offered) }

// varied are the rows of those servers that were seen at several values of it.
func varied(all []row, of func(load.Result) float64) []row {
	var found []row
	for _, rows := range by(all, func(g row) string { return g.server }) {
		rows = slices.DeleteFunc(rows, func(g row) bool { return !known(g.median(of)) })
		if slices.ContainsFunc(rows, func(g row) bool { return g.median(of) != rows[0].median(of) }) {
			found = append(found, rows...)
		}
	}
	return found
}

// fewLines is up to how many servers have a line for their p50 beside that for
// their p99: with more, nobody sees one from the other.
const fewLines = 3

// overLoad shows how a server carries more and more: runs of several rates, and
// the steps of a search.
func (s scene) overLoad(all []row, bound time.Duration) []plot {
	all = varied(all, offered)
	if len(all) == 0 {
		return nil
	}
	x := axis{"messages a second, offered", logarithmic, tickAmount, count}
	latencies := s.over(all, offered, latency(p99))
	for i := range latencies {
		latencies[i].name += " p99"
	}
	if len(latencies) <= fewLines {
		for _, l := range s.over(all, offered, latency(p50)) {
			l.name, l.dashed = l.name+" p50", true
			latencies = append(latencies, l)
		}
	}
	var limit ruler
	if bound > 0 {
		limit = ruler{"asked for: within " + tickDuration(float64(bound)), float64(bound)}
	}
	return []plot{
		{
			id: "throughput", title: "Throughput over load", about: "Deliveries a second at each rate that was offered: where a server can't follow, its line bends.",
			x: x, y: axis{"deliveries a second", logarithmic, tickAmount, count}, lines: s.over(all, offered, deliveriesPerSecond),
		},
		{
			id: "latency", title: "Latency over load", about: "How long deliveries took at each rate that was offered.", limit: limit,
			x: x, y: axis{"from due to delivered", logOnly, tickDuration, duration}, lines: latencies,
		},
	}
}

// overSize shows what each session more, and each member of a room more, costs.
func (s scene) overSize(all []row) []plot {
	var plots []plot
	if grown := varied(all, sessions); len(grown) > 0 {
		lines := s.over(grown, sessions, func(r load.Result) float64 { return positive(r.Ready.RSS) })
		for i := range lines {
			lines[i].points = slices.Insert(lines[i].points, 0, point{0, grownFrom(grown, lines[i].name)})
		}
		plots = append(plots, plot{
			id: "memory-connections", title: "Memory over connections",
			about: "Resident memory of the server with so many sessions in their rooms; the point with none is before the first of them came.",
			x:     axis{"sessions", linear, tickAmount, count}, y: axis{"resident memory", linear, tickSize, size}, lines: lines,
		})
	}
	if grown := varied(all, roomSize); len(grown) > 0 {
		plots = append(plots, plot{
			id: "cpu-room", title: "CPU a delivery over room size",
			about: "Processor time that the server used for each delivery, in rooms of so many sessions.",
			x:     axis{"sessions a room", logarithmic, tickAmount, count}, y: axis{"CPU a delivery", linear, tickDuration, microseconds},
			lines: s.over(grown, roomSize, cpuPerDelivery),
		})
	}
	return plots
}

// grownFrom is a server's memory without a session.
func grownFrom(all []row, server string) float64 {
	var runs []load.Result
	for _, g := range all {
		if g.server == server {
			runs = append(runs, g.runs...)
		}
	}
	return median(runs, func(r load.Result) float64 { return positive(r.Fresh.RSS) })
}

// percentiles shows how latencies are spread, up to the worst of them.
func (s scene) percentiles(all []row) []plot {
	x := axis{"share of the deliveries that came within it", quantiles, tickQuantile, tickQuantile}
	y := axis{"from due to delivered", logOnly, tickDuration, duration}
	var curves, beside []line
	for _, g := range all {
		r, look := g.typical(), s.look(g.server)
		curves = append(curves, line{name: g.server, look: look, points: curve(r.Latency)})
		beside = append(beside, line{name: g.server, look: look, points: curve(r.Quiet)})
		if r.Storm != nil {
			beside = append(beside, line{name: g.server + ", before the cut", look: look, dashed: true, points: curve(r.Storm.Usual)})
		}
	}
	return []plot{
		{
			id: "percentiles", title: "Latency by percentile", about: "How many of the deliveries came within how long; each nine to the right leaves a tenth of them.",
			x: x, y: y, lines: curves,
		},
		{
			id: "quiet", title: "Latency beside the load", about: "The same of those who were beside the load: who stayed, who read on, or others' rooms.",
			x: x, y: y, lines: beside,
		},
		{
			id: "pages", title: "Time of a page by percentile", about: "How many of the pages of history took how long.",
			x: axis{"share of the pages that took no longer", quantiles, tickQuantile, tickQuantile}, y: axis{"from asked to read", logOnly, tickDuration, duration},
			lines: s.pages(all),
		},
	}
}

func (s scene) pages(all []row) []line {
	var lines []line
	for _, g := range all {
		if h := g.typical().History; h != nil {
			lines = append(lines, line{name: g.server, look: s.look(g.server), points: curve(h.Took)})
		}
	}
	return lines
}

// curve places quantiles by their nines. The last of so many deliveries stands
// where one of twice as many would.
func curve(l load.Latency) []point {
	if l.Count == 0 {
		return nil
	}
	all := l.Curve
	if len(all) == 0 {
		all = []load.Point{{Quantile: 0.5, Value: l.P50}, {Quantile: 0.9, Value: l.P90}, {Quantile: 0.99, Value: l.P99},
			{Quantile: 0.999, Value: l.P999}, {Quantile: 1, Value: l.Max}}
	}
	var points []point
	for _, p := range all {
		if p.Quantile < 0.01 && len(all) > 1 {
			continue // the very first is often far below all others, and would stretch the axis for itself
		}
		rest := max(1-p.Quantile, 0.5/float64(l.Count))
		points = append(points, point{max(-math.Log10(rest), 0), positive(p.Value)})
	}
	return points
}

// timeline shows a run second by second.
func (s scene) timeline(all []row) []plot {
	x := axis{"seconds from the start of the window", exact, short, three}
	var plots []plot
	for _, figure := range []struct {
		id, title, about string
		y                axis
		of               func(load.Sample, float64) float64 // and the sample's seconds
		worth            func(plot) bool
	}{
		{"deliveries", "Deliveries, second by second", "Deliveries in each second of the run.",
			axis{"deliveries a second", linear, tickAmount, count},
			func(a load.Sample, took float64) float64 { return float64(a.Deliveries) / took }, moves},
		{"p99", "p99, second by second", "What 99 of 100 of a second's deliveries came within.",
			axis{"from due to delivered", logarithmic, tickDuration, duration},
			func(a load.Sample, _ float64) float64 { return positive(a.P99) }, lasts},
		{"cpu", "Processor, second by second", "Cores that the server used in each second.",
			axis{"cores", linear, short, cores},
			func(a load.Sample, took float64) float64 { return a.ServerCPU.Seconds() / took }, moves},
		{"memory", "Memory, second by second", "The server's resident memory at the end of each second.",
			axis{"resident memory", linear, tickSize, size},
			func(a load.Sample, _ float64) float64 { return positive(a.RSS) }, lasts},
		{"sessions", "Sessions, second by second", "Sessions that were connected and in their rooms at the end of each second.",
			axis{"sessions", linear, tickAmount, count},
			func(a load.Sample, _ float64) float64 { return float64(a.Sessions) }, moves},
	} {
		p := plot{id: figure.id, title: figure.title, about: figure.about, x: x, y: figure.y}
		for _, g := range all {
			if r := g.typical(); figure.id != "cpu" || r.ServerCPU > 0 {
				p.lines = append(p.lines, line{name: g.server, look: s.look(g.server), points: samples(r, figure.of)})
			}
		}
		if figure.worth(p.usable()) {
			plots = append(plots, p)
		}
	}
	return plots
}

func samples(r load.Result, of func(load.Sample, float64) float64) []point {
	var points []point
	before := time.Duration(0)
	for _, a := range r.Series {
		if took := (a.At - before).Seconds(); took > 0 {
			points = append(points, point{a.At.Seconds(), of(a, took)})
		}
		before = a.At
	}
	return points
}

// lasts says whether there is a line to see, and not one second alone.
func lasts(p plot) bool {
	return slices.ContainsFunc(p.lines, func(l line) bool { return len(l.points) > 1 })
}

// moves says whether there is anything to see: a count that stands still is told
// by the table, and one that stays 0 was not measured.
func moves(p plot) bool {
	_, ys := p.values()
	return lasts(p) && slices.Min(ys) != slices.Max(ys)
}
