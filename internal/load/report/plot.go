package report

import (
	"math"
	"slices"
)

// A plot is a picture of lines over two axes, or of bars.
type plot struct {
	id    string // names its file and its parts on a page
	title string
	about string // what is seen, in a sentence, for who reads and for who can't see it
	x, y  axis
	lines []line
	bars  []bar
	limit ruler
}

// A ruler is a value to compare lines with: a bound.
type ruler struct {
	name  string // "" for none
	value float64
}

type axis struct {
	name  string // with its unit: "deliveries a second"
	kind  kind
	tick  func(float64) string
	value func(float64) string // as the table beneath shows it
}

type line struct {
	name   string
	look   int  // colour and mark: one for each server, the same in all plots
	dashed bool // for the second of two lines of one server
	points []point
}

type point struct{ x, y float64 }

// A bar is one figure of one server.
type bar struct {
	name  string
	look  int
	value float64
}

// usable leaves out what can't be placed: no figure, and on a logarithmic axis
// what isn't above 0. Lines of nothing go, too.
func (p plot) usable() plot {
	var lines []line
	for _, l := range p.lines {
		l.points = slices.DeleteFunc(slices.Clone(l.points), func(at point) bool {
			return !p.x.has(at.x) || !p.y.has(at.y)
		})
		if len(l.points) > 0 {
			lines = append(lines, l)
		}
	}
	p.lines = lines
	p.bars = slices.DeleteFunc(slices.Clone(p.bars), func(b bar) bool { return !p.y.has(b.value) || b.value < 0 })
	return p
}

func (a axis) has(v float64) bool {
	if a.kind == logarithmic || a.kind == logOnly {
		return known(v) && v > 0
	}
	return known(v)
}

func (p plot) values() (xs, ys []float64) {
	for _, l := range p.lines {
		for _, at := range l.points {
			xs, ys = append(xs, at.x), append(ys, at.y)
		}
	}
	return xs, ys
}

// figures is the table beneath a plot: for each x a row, for each line a column.
func (p plot) figures() table {
	if len(p.bars) > 0 {
		t := table{names: []string{"server", p.y.name}, abouts: make([]string, 2)}
		for _, b := range p.bars {
			t.cells = append(t.cells, []string{b.name, p.y.value(b.value)})
		}
		return t
	}
	xs, _ := p.values()
	slices.Sort(xs)
	xs = slices.Compact(xs)
	t := table{names: []string{p.x.name}, abouts: make([]string, len(p.lines)+1)}
	for _, l := range p.lines {
		t.names = append(t.names, l.name)
	}
	for _, x := range xs {
		cells := []string{p.x.value(x)}
		for _, l := range p.lines {
			cells = append(cells, p.y.value(l.at(x)))
		}
		t.cells = append(t.cells, cells)
	}
	return t
}

// at is a line's value at x; the last one, where there are several.
func (l line) at(x float64) float64 {
	value := math.NaN()
	for _, p := range l.points {
		if p.x == x {
			value = p.y
		}
	}
	return value
}
