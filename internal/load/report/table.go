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
	if err := align(w, tabulate(all, columns)); err != nil {
		return err
	}
	said := verdicts(all)
	if len(said) > 0 {
		fmt.Fprintln(w)
	}
	for _, sentence := range said {
		fmt.Fprintf(w, "%s.\n", printable(sentence))
	}
	return nil
}

// shared says what all rows have in common.
func shared(all []row) string {
	if len(by(all, func(g row) setup { return setupOf(g.first()) })) == 1 {
		return Setup(all[0].first())
	}
	return "several setups"
}

func searchTable(w io.Writer, r load.Report) error {
	fmt.Fprintf(w, "search: p99 within %s\n\n", duration(positive(r.Bound)))
	if err := align(w, stepsTable(r)); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, said := range Found(r) {
		fmt.Fprintf(w, "%s.\n", printable(said))
	}
	return nil
}

// broadest is how wide a table may be before it is turned: a column for each
// row is easier to read than rows that a terminal breaks.
const broadest = 100

// align sets the first column to the left and the others to the right.
func align(w io.Writer, t table) error {
	lines := append([][]string{t.names}, t.cells...)
	if turned := transposed(lines); wideAs(lines) > broadest && wideAs(turned) < wideAs(lines) {
		lines = turned
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	first := widths(lines)[0]
	for _, cells := range lines {
		fmt.Fprintf(out, "%-*s\t%s\t\n", first, printable(cells[0]), printable(strings.Join(cells[1:], "\t")))
	}
	return out.Flush()
}

func transposed(lines [][]string) [][]string {
	turned := make([][]string, len(lines[0]))
	for _, cells := range lines {
		for i, cell := range cells {
			turned[i] = append(turned[i], cell)
		}
	}
	return turned
}

func widths(lines [][]string) []int {
	wide := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, cell := range cells {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	return wide
}

func wideAs(lines [][]string) int {
	sum := 0
	for _, width := range widths(lines) {
		sum += width + 2
	}
	return sum
}
