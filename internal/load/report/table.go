package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/load"
)

// Table writes what was seen for somebody at a terminal: for each scenario a row
// for each server and setup, then a sentence on what limited it.
func Table(w io.Writer, r load.Report) error {
	for i, scenario := range by(rows(r.Runs), scenarioOf) {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := scenarioTable(w, scenario); err != nil {
			return err
		}
	}
	if len(r.Steps) == 0 {
		return nil
	}
	if len(r.Runs) > 0 {
		fmt.Fprintln(w)
	}
	return searchTable(w, r)
}

func scenarioOf(g row) load.Scenario { return g.first().Scenario }

func scenarioTable(w io.Writer, all []row) error {
	fmt.Fprintf(w, "%s: %s\n\n", scenarioOf(all[0]), shared(all))
	t := tabulate(all)
	if err := print(w, t); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, g := range all {
		for _, said := range verdicts(g) {
			if len(all) > 1 {
				said = g.server + ", " + Setup(g.first()) + ": " + said
			}
			fmt.Fprintf(w, "%s.\n", capital(said))
		}
	}
	return nil
}

// shared says what all rows have in common.
func shared(all []row) string {
	if len(by(all, func(g row) setup { return setupOf(g.first()) })) == 1 {
		return Setup(all[0].first())
	}
	return strings.ToLower(titleOf(scenarioOf(all[0]))) + " in several setups"
}

// verdicts are those of a row's runs, one for each limit.
func verdicts(g row) []string {
	var all []string
	for _, limited := range by(g.runs, func(r load.Result) load.Limit { return r.Limit }) {
		if said := Verdict(limited[0]); said != "" {
			all = append(all, said)
		}
	}
	return all
}

func searchTable(w io.Writer, r load.Report) error {
	fmt.Fprintf(w, "search: p99 within %s\n\n", duration(positive(r.Bound)))
	if err := print(w, stepsTable(r)); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, said := range Found(r) {
		fmt.Fprintf(w, "%s.\n", capital(said))
	}
	return nil
}

// print sets words to the left and numbers to the right.
func print(w io.Writer, t table) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	words := 0
	for _, cells := range t.cells {
		words = max(words, utf8.RuneCountInString(cells[0]))
	}
	for i, cells := range append([][]string{t.names}, t.cells...) {
		head := cells[0]
		if i == 0 {
			words = max(words, utf8.RuneCountInString(head))
		}
		fmt.Fprintf(out, "%-*s\t%s\t\n", words, printable(head), printable(strings.Join(cells[1:], "\t")))
	}
	return out.Flush()
}
