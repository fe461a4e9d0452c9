package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/parley-chat/parley/internal/load"
)

// beside the point of a search are these columns.
var beside = []string{"p99.9", "CPU/delivery", "memory/session"}

// stepsTable has a row for each rate that a search tried.
func stepsTable(r load.Report) table {
	name := namer(all(r))
	steps := slices.SortedStableFunc(slices.Values(r.Steps), func(a, b load.Step) int {
		return cmp.Or(cmp.Compare(name(a.Result), name(b.Result)), cmp.Compare(a.Offered, b.Offered))
	})
	t := table{cells: make([][]string, len(steps))}
	t.add("server", "", func(i int) string { return name(steps[i].Result) })
	t.add("offered/s", "messages a second", func(i int) string { return count(steps[i].Offered) })
	for _, c := range columns {
		if slices.Contains(beside, c.name) {
			continue
		}
		has := false
		for _, s := range steps {
			has = has || known(c.of(s.Result))
		}
		if has {
			t.add(c.name, c.about, func(i int) string { return c.show(c.of(steps[i].Result)) })
		}
	}
	t.add("limit", "what kept the run from being faster", func(i int) string {
		return limitNames(row{runs: []load.Result{steps[i].Result}})
	})
	t.add("kept", "all was delivered, within the bound", func(i int) string {
		if steps[i].Kept {
			return "yes"
		}
		return "no"
	})
	return t
}

// Found says in a sentence for each server what its search came to.
func Found(r load.Report) []string {
	name := namer(all(r))
	var said []string
	for _, steps := range by(r.Steps, func(s load.Step) string { return name(s.Result) }) {
		server := name(steps[0].Result)
		best := -1
		for i, s := range steps {
			if s.Kept && (best < 0 || s.Offered > steps[best].Offered) {
				best = i
			}
		}
		if best < 0 {
			said = append(said, fmt.Sprintf("%s kept none of the rates within %s: the lowest was %s messages/s",
				server, duration(positive(r.Bound)), count(lowest(steps))))
		} else {
			said = append(said, fmt.Sprintf("%s carries %s messages/s with p99 within %s: %s deliveries/s",
				server, count(steps[best].Offered), duration(positive(r.Bound)), count(deliveriesPerSecond(steps[best].Result))))
		}
		said = append(said, doubts(steps)...)
	}
	return said
}

// doubts are said where something else than the server failed a step.
func doubts(steps []load.Step) []string {
	failed := map[load.Limit]int{}
	for _, s := range steps {
		if !s.Kept {
			failed[s.Result.Limit]++
		}
	}
	var said []string
	if n := failed[load.LimitGenerator]; n > 0 {
		said = append(said, "the generator was the limit in "+plural(n, "step")+" that failed: the server may carry more")
	}
	if n := failed[load.LimitOthers]; n > 0 {
		said = append(said, "other programs were busy in "+plural(n, "step")+" that failed: search again on a calm machine")
	}
	return said
}

func lowest(steps []load.Step) float64 {
	least := steps[0].Offered
	for _, s := range steps {
		least = min(least, s.Offered)
	}
	return least
}

// all are the results of a report, those of a search's steps among them.
func all(r load.Report) []load.Result {
	results := append([]load.Result(nil), r.Runs...)
	for _, s := range r.Steps {
		results = append(results, s.Result)
	}
	return results
}
