package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parley-chat/parley/internal/load"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed plot.css
var plotStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	// What draw gives is escaped already.
	"broad":   func(p plot) template.HTML { return template.HTML(draw(p, broad)) },  //nolint:gosec // see above
	"narrow":  func(p plot) template.HTML { return template.HTML(draw(p, narrow)) }, //nolint:gosec // see above
	"about":   func(p plot) string { return p.about },
	"figures": func(p plot) shown { return p.figures().shown() },
}).Parse(pageText))

// shown is a table as the page's template reads it.
type shown struct {
	Heads []head
	Rows  [][]string
}

type head struct{ Name, About string }

func (t table) shown() shown {
	s := shown{Rows: t.cells}
	for i, name := range t.names {
		s.Heads = append(s.Heads, head{name, t.abouts[i]})
	}
	return s
}

// HTML writes a report as one page that needs nothing else: made for reading on
// screens of any size, light and dark, on paper, and aloud.
func HTML(w io.Writer, r load.Report) error {
	view := struct {
		load.Report
		Style    template.CSS
		When     string
		Headline []string
		Sections []sectionView
		Search   *shown
		Every    *shown
		Servers  []string
	}{Report: r, Style: template.CSS(pageStyle + plotStyle), When: r.At.UTC().Format("2 January 2006, 15:04 UTC")} //nolint:gosec // ours
	for _, s := range sections(r) {
		v := sectionView{section: s}
		if len(s.Table.cells) > 0 {
			t := s.Table.shown()
			v.Figures = &t
		}
		view.Sections = append(view.Sections, v)
	}
	if len(r.Steps) > 0 {
		t := stepsTable(r).shown()
		view.Search = &t
		view.Headline = Found(r)
	}
	if len(r.Runs) > 0 {
		t := every(r.Runs).shown()
		view.Every = &t
	}
	if err := page.Execute(w, view); err != nil {
		return fmt.Errorf("write the report's page: %w", err)
	}
	return nil
}

type sectionView struct {
	section
	Figures *shown
}

// every is each run on a row of its own, with its scenario.
func every(runs []load.Result) table {
	name := namer(runs)
	var single []row
	for _, r := range runs {
		single = append(single, row{server: name(r), runs: []load.Result{r}})
	}
	t := tabulate(single, wholly)
	t.names, t.abouts = append([]string{"run", "scenario"}, t.names...), append(make([]string, 2), t.abouts...)
	for i, cells := range t.cells {
		t.cells[i] = append([]string{fmt.Sprint(i + 1), string(runs[i].Scenario)}, cells...)
	}
	return t
}

// Plots writes each plot of a report into its own SVG file in dir, which is made
// at need, and gives the files' names: fanout-percentiles.svg, and so on. Where a
// scenario was run in several setups, they are numbered: fanout-2-percentiles.svg.
func Plots(dir string, r load.Report) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var names []string
	for _, p := range plots(r) {
		name := p.id + ".svg"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(standalone(p)), 0o644); err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

func plots(r load.Report) []plot {
	var all []plot
	for _, s := range sections(r) {
		all = append(all, s.Plots...)
		for _, setup := range s.Setups {
			all = append(all, setup.Bars...)
			all = append(all, setup.Plots...)
		}
	}
	return all
}

// standalone is a plot that brings its looks, and its ground, along.
func standalone(p plot) string {
	head, rest, _ := strings.Cut(draw(p, broad), "</desc>")
	return head + "</desc><style>" + plotStyle + "</style>" + `<rect width="100%" height="100%" rx="6" fill="var(--plot-paper)"/>` + rest + "\n"
}
