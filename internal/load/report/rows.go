package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/parley-chat/parley/internal/load"
)

// A setup is what runs have to share to be compared, as text: a rate that is not
// a number equals itself so.
type setup string

func setupOf(r load.Result) setup {
	return setup(fmt.Sprint(r.Scenario, r.Sessions, r.Rooms, r.Senders, r.Offered))
}

// A row is all runs of one server in one setup.
type row struct {
	server string // as a legend calls it
	runs   []load.Result
}

// rows puts runs together, in the order in which the first of each came.
func rows(runs []load.Result) []row {
	names := namer(runs)
	var all []row
	for _, r := range sinceStart(runs) {
		name := names(r)
		i := slices.IndexFunc(all, func(g row) bool {
			return g.server == name && setupOf(g.runs[0]) == setupOf(r)
		})
		if i < 0 {
			i, all = len(all), append(all, row{server: name})
		}
		all[i].runs = append(all[i].runs, r)
	}
	return all
}

// sinceStart lets idle runs of one server count from the least memory that it had
// without a session: one that has met many keeps the memory for the next.
func sinceStart(runs []load.Result) []load.Result {
	least := map[string]int64{}
	for _, r := range runs {
		if at, known := least[r.Server]; r.Scenario == load.Idle && r.Fresh.RSS > 0 && (!known || r.Fresh.RSS < at) {
			least[r.Server] = r.Fresh.RSS
		}
	}
	runs = slices.Clone(runs)
	for i, r := range runs {
		if at, known := least[r.Server]; known && r.Scenario == load.Idle {
			runs[i].Fresh.RSS = at
		}
	}
	return runs
}

// namer names servers: with the wire, where one was spoken to in several.
func namer(runs []load.Result) func(load.Result) string {
	wires := map[string]map[string]bool{}
	for _, r := range runs {
		if wires[r.Server] == nil {
			wires[r.Server] = map[string]bool{}
		}
		wires[r.Server][r.Wire] = true
	}
	return func(r load.Result) string {
		name := cmp.Or(r.Server, "server")
		if len(wires[r.Server]) > 1 {
			name += " (" + r.Wire + ")"
		}
		return name
	}
}

func (g row) first() load.Result { return g.runs[0] }

func (g row) median(of func(load.Result) float64) float64 { return median(g.runs, of) }

// typical is the run in the middle, by the latency's p99: whose curve and seconds
// are drawn.
func (g row) typical() load.Result {
	sorted := slices.SortedStableFunc(slices.Values(g.runs), func(a, b load.Result) int {
		return cmp.Or(cmp.Compare(a.Latency.P99, b.Latency.P99), cmp.Compare(a.Deliveries, b.Deliveries))
	})
	return sorted[(len(sorted)-1)/2]
}

// limits are those of all its runs, each once.
func (g row) limits() []load.Limit {
	var all []load.Limit
	for _, r := range g.runs {
		if r.Limit != "" && !slices.Contains(all, r.Limit) {
			all = append(all, r.Limit)
		}
	}
	return all
}

// by sorts things into groups of one key, in the order in which keys first come.
func by[T any, K comparable](all []T, key func(T) K) [][]T {
	var groups [][]T
	place := map[K]int{}
	for _, one := range all {
		k := key(one)
		i, there := place[k]
		if !there {
			i = len(groups)
			place[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], one)
	}
	return groups
}
