package report

import (
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// A column is one figure of runs. It is left out where none of them has it.
type column struct {
	name  string
	about string // for who asks what the name means
	of    func(load.Result) float64
	show  func(float64) string
}

func latency(of func(load.Latency) float64) func(load.Result) float64 {
	return func(r load.Result) float64 { return of(r.Latency) }
}

func quiet(of func(load.Latency) float64) func(load.Result) float64 {
	return func(r load.Result) float64 { return of(r.Quiet) }
}

func storm(of func(load.StormResult) float64) func(load.Result) float64 {
	return func(r load.Result) float64 {
		if r.Storm == nil {
			return none
		}
		return of(*r.Storm)
	}
}

func history(of func(load.HistoryResult, time.Duration) float64) func(load.Result) float64 {
	return func(r load.Result) float64 {
		if r.History == nil {
			return none
		}
		return of(*r.History, r.Window)
	}
}

// columns are the figures that matter most, in the order in which they are read.
var columns = []column{
	{"messages/s", "sent, and delivered to all", messagesPerSecond, count},
	{"deliveries/s", "messages that reached a session", deliveriesPerSecond, count},
	{"p50", "half of the deliveries came within this time of when their message was due", latency(p50), duration},
	{"p99", "99 of 100 deliveries came within it", latency(p99), duration},
	{"p99.9", "999 of 1,000 deliveries came within it", latency(p999), duration},
	{"max", "the latest delivery", latency(most), duration},
	{"quiet p99", "99 of 100 deliveries to those beside the load came within it", quiet(p99), duration},
	{"usual p99", "the same, before the cut", storm(func(s load.StormResult) float64 { return p99(s.Usual) }), duration},
	{"cut off", "sessions that were cut off", storm(func(s load.StormResult) float64 { return float64(s.Cut) }), count},
	{"half back", "from the cut until half of them were in their rooms again",
		storm(func(s load.StormResult) float64 { return positive(s.HalfBack) }), duration},
	{"all back", "from the cut until all of them were in their rooms again",
		storm(func(s load.StormResult) float64 { return positive(s.AllBack) }), duration},
	{"refused", "handshakes that were to be tried again",
		storm(func(s load.StormResult) float64 { return float64(s.Refused) }), count},
	{"pages/s", "pages of history read", history(func(h load.HistoryResult, window time.Duration) float64 {
		return per(float64(h.Pages), window.Seconds())
	}), count},
	{"events/s", "events in them", history(func(h load.HistoryResult, window time.Duration) float64 {
		return per(float64(h.Events), window.Seconds())
	}), count},
	{"page p50", "half of the pages took no longer",
		history(func(h load.HistoryResult, _ time.Duration) float64 { return p50(h.Took) }), duration},
	{"page p99", "99 of 100 pages took no longer",
		history(func(h load.HistoryResult, _ time.Duration) float64 { return p99(h.Took) }), duration},
	{"CPU/delivery", "processor time that the server used for each", cpuPerDelivery, microseconds},
	{"server", "processor cores that the server used", serverCores, cores},
	{"generator", "processor cores that the load generator used; it has one", generatorCores, cores},
	{"memory/session", "what the server's resident memory grew by for each session", bytesPerSession, size},
}

// more are further figures, for which a page has room and a terminal has not.
var more = []column{
	{"last p99", "99 of 100 messages were at all their readers within it",
		func(r load.Result) float64 { return p99(r.Last) }, duration},
	{"sent late p99", "99 of 100 messages left the generator within it of when they were due",
		func(r load.Result) float64 { return p99(r.Late) }, duration},
	{"exact to", "how long the generator lets deliveries gather before it reads them",
		func(r load.Result) float64 { return positive(r.Gather) }, duration},
	{"memory", "the server's resident memory at the window's end",
		func(r load.Result) float64 { return positive(r.Loaded.RSS) }, size},
	{"other CPU", "processor cores that the rest of the machine used: better none", otherCores, cores},
	{"deliveries/read", "how many deliveries the server's writes joined, at least", deliveriesPerRead, three},
}

// wholly are all columns.
var wholly = slices.Concat(columns, more)

// heads are the columns that tell rows of one table apart.
var heads = []struct {
	name string
	of   func(row) string
}{
	{"sessions", func(g row) string { return count(float64(g.first().Sessions)) }},
	{"rooms", func(g row) string { return count(float64(g.first().Rooms)) }},
	{"senders", func(g row) string { return count(float64(g.first().Senders)) }},
	{"offered/s", func(g row) string {
		if g.first().Offered == 0 {
			return "closed"
		}
		return count(g.first().Offered)
	}},
}

// A table is the rows of one scenario.
type table struct {
	names  []string
	abouts []string
	cells  [][]string
}

// tabulate gives those columns that hold something, and of the heads those by which
// the rows differ.
func tabulate(all []row, columns []column) table {
	t := table{cells: make([][]string, len(all))}
	t.add("server", "", func(i int) string { return all[i].server })
	for _, head := range heads {
		if differ(all, head.of) {
			t.add(head.name, "", func(i int) string { return head.of(all[i]) })
		}
	}
	if slices.ContainsFunc(all, func(g row) bool { return len(g.runs) > 1 }) {
		t.add("runs", "each figure is the median of so many", func(i int) string { return count(float64(len(all[i].runs))) })
	}
	for _, c := range columns {
		has := false
		for _, g := range all {
			has = has || known(g.median(c.of))
		}
		if has {
			t.add(c.name, c.about, func(i int) string { return c.show(all[i].median(c.of)) })
		}
	}
	t.add("limit", "what kept the run from being faster", func(i int) string { return limitNames(all[i]) })
	return t
}

func (t *table) add(name, about string, cell func(i int) string) {
	t.names, t.abouts = append(t.names, name), append(t.abouts, about)
	for i := range t.cells {
		t.cells[i] = append(t.cells[i], cell(i))
	}
}

func differ(all []row, of func(row) string) bool {
	return slices.ContainsFunc(all, func(g row) bool { return of(g) != of(all[0]) })
}

func limitNames(g row) string {
	var names []string
	for _, l := range g.limits() {
		names = append(names, string(l))
	}
	if len(names) == 0 {
		return dash
	}
	return strings.Join(names, ", ")
}
