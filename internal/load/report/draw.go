package report

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A frame is how large a picture is, in pixels at its own size.
type frame struct {
	name          string // apart from the other frames' on one page
	width, height float64
}

var (
	broad  = frame{"broad", 640, 360}
	narrow = frame{"narrow", 358, 320} // a phone's, where a broad one's letters would be too small
)

const (
	letter    = 6.9  // width of one at the size that plots use, at most nearly always
	lineHigh  = 18.0 // of text
	edge      = 8.0  // around everything
	inset     = 10.0 // of the values from the frame, so that no mark is cut
	markEvery = 16   // about so many marks on a line
)

// A drawing is a plot in a frame, on its way to being SVG.
type drawing struct {
	plot
	frame
	out                      strings.Builder
	left, top, right, bottom float64 // the area of the values
	xs, ys                   scale
}

// draw gives a plot as an svg element. Its looks are in plot.css.
func draw(p plot, f frame) string {
	p = p.usable()
	d := &drawing{plot: p, frame: f}
	id := p.id + "-" + f.name
	d.put(`<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="%g" height="%g" viewBox="0 0 %g %g" `+
		`role="img" aria-labelledby="%s-title %s-desc">`, f.width, d.needed(), f.width, d.needed(), id, id)
	d.put(`<title id="%s-title">%s</title><desc id="%s-desc">%s</desc>`, id, escaped(p.title), id, escaped(p.about))
	d.text("title", edge, edge+lineHigh*0.75, p.title)
	switch {
	case len(p.bars) > 0:
		d.drawBars()
	case len(p.lines) > 0:
		d.drawLines()
	default:
		d.text("label", edge, 3*lineHigh, "nothing was measured")
	}
	d.put("</svg>")
	return d.out.String()
}

// needed is the height: bars need as much as there are of them.
func (d *drawing) needed() float64 {
	if n := len(d.bars); n > 0 {
		return edge + lineHigh + edge + float64(n)*barPitch + edge
	}
	return d.height
}

func (d *drawing) drawLines() {
	xs, ys := d.values()
	d.top = edge + lineHigh
	d.legend()
	d.text("label", edge, d.top+lineHigh*0.75, d.y.name)
	d.top += lineHigh + edge + 4
	d.bottom = d.height - 2*lineHigh - edge
	if d.limit.name != "" {
		ys = append(ys, d.limit.value)
	}
	d.ys = scaleOf(d.y.kind, ys, int(max(2, (d.bottom-d.top)/44)))
	d.left = edge + d.widest(d.ys.ticks, d.y.tick) + 6
	d.right = d.width - edge - 6
	d.xs = scaleOf(d.x.kind, xs, int(max(2, (d.right-d.left)/76)))
	d.grid()
	for i := len(d.lines) - 1; i >= 0; i-- { // the first one on top
		d.line(d.lines[i])
	}
	if d.limit.name != "" {
		y := d.ypos(d.limit.value)
		d.put(`<path class="limit" d="M%.1f %.1fH%.1f"/>`, d.left, y, d.right)
	}
}

func (d *drawing) widest(ticks []float64, show func(float64) string) float64 {
	width := 0.0
	for _, v := range ticks {
		width = max(width, wideness(show(v)))
	}
	return width
}

func wideness(s string) float64 { return float64(utf8.RuneCountInString(s)) * letter }

// legend names the lines, in as many rows as they need, and moves the top below
// them. One line alone is named by the title.
func (d *drawing) legend() {
	if len(d.lines) < 2 && d.limit.name == "" {
		return
	}
	x := edge
	place := func(name string, sample func(x, y float64)) {
		name = shorten(name, int((d.width-2*edge-34)/letter))
		width := 34 + wideness(name)
		if x > edge && x+width > d.width-edge {
			x, d.top = edge, d.top+lineHigh
		}
		y := d.top + lineHigh/2
		sample(x, y)
		d.text("label", x+28, y+lineHigh/4, name)
		x += width + 6
	}
	for _, l := range d.lines {
		place(l.name, func(x, y float64) {
			d.put(`<g class="%s"><path class="stroke%s" d="M%.1f %.1fh22"/>%s</g>`, look(l.look), dashes(l), x, y, mark(l.look, x+11, y, ""))
		})
	}
	if d.limit.name != "" {
		place(d.limit.name, func(x, y float64) { d.put(`<path class="limit" d="M%.1f %.1fh22"/>`, x, y) })
	}
	d.top += lineHigh + 2
}

func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:max(most-1, 1)]) + "…"
}

// grid draws the axes: round values, faint lines, and no label over another.
func (d *drawing) grid() {
	for _, v := range d.ys.between {
		d.put(`<path class="between" d="M%.1f %.1fH%.1f"/>`, d.left, d.ypos(v), d.right)
	}
	for _, v := range d.ys.ticks {
		y := d.ypos(v)
		d.put(`<path class="grid" d="M%.1f %.1fH%.1f"/>`, d.left, y, d.right)
		d.text("tick end", d.left-6, y+4, d.y.tick(v))
	}
	d.put(`<path class="axis" d="M%.1f %.1fH%.1f"/>`, d.left, d.bottom, d.right)
	free := 0.0
	for _, v := range d.xs.ticks {
		x, label := d.xpos(v), d.x.tick(v)
		d.put(`<path class="axis" d="M%.1f %.1fv5"/>`, x, d.bottom)
		half := wideness(label) / 2
		middle := min(x, d.width-half-2)
		if middle-half < free {
			continue
		}
		d.text("tick middle", middle, d.bottom+lineHigh, label)
		free = middle + half + 4
	}
	d.text("label end", d.right, d.bottom+2*lineHigh, d.x.name)
}

func (d *drawing) xpos(v float64) float64 {
	return d.left + inset + d.xs.at(v)*(d.right-d.left-2*inset)
}

func (d *drawing) ypos(v float64) float64 {
	return d.bottom - d.ys.at(v)*(d.bottom-d.top)
}

// line draws one with its marks. Where the points are many, only some have one.
func (d *drawing) line(l line) {
	d.put(`<g class="%s"><path class="stroke%s" d="`, look(l.look), dashes(l))
	for i, p := range l.points {
		command := byte('L')
		if i == 0 {
			command = 'M'
		}
		d.put("%c%.1f %.1f", command, d.xpos(p.x), d.ypos(p.y))
	}
	d.put(`"/>`)
	every := max(1, len(l.points)/markEvery)
	// Lines of one picture carry their marks at different places.
	for i := (l.look * every / 3) % every; i < len(l.points); i += every {
		p := l.points[i]
		d.put("%s", mark(l.look, d.xpos(p.x), d.ypos(p.y), fmt.Sprintf("%s: %s at %s", l.name, d.y.value(p.y), d.x.value(p.x))))
	}
	d.put(`</g>`)
}

func dashes(l line) string {
	if l.dashed {
		return " dashed"
	}
	return ""
}

// looks is how many colours there are. It shares no divisor with the marks, so
// that no two of the first 40 servers look alike.
const looks = 8

func look(i int) string { return fmt.Sprintf("look%d", i%looks) }

// mark is a sign of its own for each line: colours alone do not tell lines apart
// for everybody. said is shown to who points at it.
func mark(i int, x, y float64, said string) string {
	shapes := [...]string{
		"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", // circle
		"m-3.5 -3.5h7v7h-7z",                  // square
		"m0 -5l4.6 8h-9.2z",                   // triangle
		"m0 -5l5 5l-5 5l-5 -5z",               // diamond
		"m0 5l4.6 -8h-9.2z",                   // triangle on its head
	}
	if said != "" {
		said = "<title>" + escaped(said) + "</title>"
	}
	return fmt.Sprintf(`<path class="mark" d="M%.1f %.1f%s">%s</path>`, x, y, shapes[i%len(shapes)], said)
}

const (
	barPitch = 26.0
	barHigh  = 16.0
)

// drawBars sets one below the other, each with its figure behind it.
func (d *drawing) drawBars() {
	names, figures, most := 0.0, 0.0, 0.0
	for _, b := range d.bars {
		names = max(names, wideness(shorten(b.name, 24)))
		figures = max(figures, wideness(d.y.value(b.value)))
		most = max(most, b.value)
	}
	d.left, d.right = edge+names+8, d.width-edge-figures-8
	d.top = edge + lineHigh + edge
	for i, b := range d.bars {
		y := d.top + float64(i)*barPitch
		length := 0.0
		if most > 0 {
			length = b.value / most * (d.right - d.left)
		}
		d.text("label end", d.left-8, y+barHigh*0.8, shorten(b.name, 24))
		d.put(`<g class="%s"><path class="bar" d="M%.1f %.1fh%.1fv%.1fh%.1fz"/></g>`, look(b.look), d.left, y, length, barHigh, -length)
		d.text("value", d.left+length+6, y+barHigh*0.8, d.y.value(b.value))
	}
}

func (d *drawing) text(class string, x, y float64, s string) {
	d.put(`<text class="%s" x="%.1f" y="%.1f">%s</text>`, class, x, y, escaped(s))
}

func (d *drawing) put(format string, args ...any) {
	fmt.Fprintf(&d.out, format, args...)
}

// escaped is text for XML; what XML can't hold becomes U+FFFD.
func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
