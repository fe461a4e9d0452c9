package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/load"
)

// A scene is what a report's plots share: which server has which look.
type scene struct {
	servers []string
	ids     map[string]bool
}

func (s scene) look(server string) int { return max(slices.Index(s.servers, server), 0) }

// A section is what there is to see of one scenario.
type section struct {
	Title, About string
	Table        table
	Verdicts     []string
	Plots        []plot // over load and size
	Setups       []part
}

// A part is what there is to see of one setup: servers side by side.
type part struct {
	Title string
	Bars  []plot // in a row of their own
	Plots []plot
}

// sections sorts a report into what a page shows, and Plots writes.
func sections(r load.Report) []section {
	names := namer(all(r))
	s := scene{ids: map[string]bool{}}
	for _, result := range all(r) {
		if name := names(result); !slices.Contains(s.servers, name) {
			s.servers = append(s.servers, name)
		}
	}
	measured, tried := by(rows(r.Runs), scenarioOf), by(rows(steps(r)), scenarioOf)
	var found []section
	for _, group := range by(rows(all(r)), scenarioOf) {
		scenario := scenarioOf(group[0])
		is := func(rows []row) bool { return scenarioOf(rows[0]) == scenario }
		sec := section{Title: titleOf(scenario), About: scenarios[scenario].about}
		prefix := slug(string(scenario))
		sec.Plots = s.worth(prefix, append(s.overLoad(group, r.Bound), s.overSize(group)...))
		if i := slices.IndexFunc(measured, is); i >= 0 {
			s.fill(&sec, prefix, measured[i])
		}
		if i := slices.IndexFunc(tried, is); i >= 0 {
			sec.Plots = append(sec.Plots, s.worth(prefix+"-search", s.best(r, tried[i]))...)
		}
		found = append(found, sec)
	}
	return found
}

func steps(r load.Report) []load.Result {
	return all(load.Report{Steps: r.Steps})
}

// fill adds the runs' table, and each setup's plots.
func (s scene) fill(sec *section, prefix string, all []row) {
	sec.Table = tabulate(all, columns)
	setups := by(all, func(g row) setup { return setupOf(g.first()) })
	for i, group := range setups {
		title, name := Setup(group[0].first()), prefix
		if len(setups) > 1 {
			name = fmt.Sprintf("%s-%d", prefix, i+1)
		}
		plots := append(s.percentiles(group), s.timeline(group)...)
		sec.Setups = append(sec.Setups, part{title, s.worth(name, bars(s, group)), s.worth(name, plots)})
	}
	sec.Verdicts = verdicts(all)
}

// best are the percentiles of the highest rate that each server kept.
func (s scene) best(r load.Report, tried []row) []plot {
	var chosen []row
	for _, mine := range by(tried, func(g row) string { return g.server }) {
		i := -1
		for j, g := range mine {
			if kept(r, g.first()) && (i < 0 || g.first().Offered > mine[i].first().Offered) {
				i = j
			}
		}
		if i >= 0 {
			chosen = append(chosen, mine[i])
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	p := s.percentiles(chosen)[0]
	p.title = "Percentiles at the highest rate kept"
	for i, g := range chosen {
		p.lines[i].name += ", " + count(g.first().Offered) + "/s"
	}
	return []plot{p}
}

func kept(r load.Report, one load.Result) bool {
	return slices.ContainsFunc(r.Steps, func(s load.Step) bool {
		return s.Kept && s.Result.Server == one.Server && s.Result.Wire == one.Wire && setupOf(s.Result) == setupOf(one)
	})
}

// bars compares servers in what one looks at first.
func bars(s scene, all []row) []plot {
	if len(all) < 2 {
		return nil
	}
	var plots []plot
	for _, b := range []struct {
		id, title, about string
		of               func(load.Result) float64
		show             func(float64) string
	}{
		{"bars-deliveries", "Deliveries a second", "More is better.", deliveriesPerSecond, count},
		{"bars-cpu", "CPU a delivery", "Processor time of the server for each delivery; less is better.", cpuPerDelivery, microseconds},
		{"bars-memory", "Memory a session", "What the server's memory grew by for each session; less is better.", bytesPerSession, size},
	} {
		p := plot{id: b.id, title: b.title, about: b.about, y: axis{name: b.title, value: b.show}}
		for _, g := range all {
			p.bars = append(p.bars, bar{g.server, s.look(g.server), g.median(b.of)})
		}
		plots = append(plots, p)
	}
	return plots
}

// worth keeps the plots that show something, under names that no other has.
func (s scene) worth(prefix string, plots []plot) []plot {
	var kept []plot
	for _, p := range plots {
		p = p.usable()
		if len(p.lines) == 0 && len(p.bars) == 0 {
			continue
		}
		id := prefix + "-" + p.id
		for n := 2; s.ids[id]; n++ {
			id = fmt.Sprintf("%s-%s-%d", prefix, p.id, n)
		}
		p.id, s.ids[id] = id, true
		kept = append(kept, p)
	}
	return kept
}

var noName = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes a name that files and ids may have.
func slug(s string) string {
	if s = strings.Trim(noName.ReplaceAllString(strings.ToLower(s), "-"), "-"); s == "" {
		return "plot"
	}
	return s[:min(len(s), 40)]
}
