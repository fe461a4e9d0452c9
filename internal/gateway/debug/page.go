package debug

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/engine"
)

// page draws what there is to see.
type page struct{ looker looker }

//go:embed page.html now.html
var templates embed.FS

//go:embed page.css
var pageCSS template.CSS

//go:embed page.js
var pageJS template.JS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"count":    count,
	"ms":       ms,
	"bytes":    size,
	"share":    share,
	"bar":      bar,
	"plural":   plural,
	"underway": underway,
	// About: a member who is behind gets them later.
	"deliveries": func(r *engine.RoomView) float64 { return r.Events * float64(r.Members) },
}).ParseFS(templates, "*.html"))

// drawn is what the template draws.
type drawn struct {
	Snapshot
	Tiles []tile
	Nonce string
	CSS   template.CSS
	JS    template.JS
}

// show is the whole page.
func (p *page) show(w http.ResponseWriter, _ *http.Request) {
	nonce := rand.Text()
	w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src 'nonce-%[1]s'; style-src 'nonce-%[1]s'; img-src data:; "+
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nonce))
	p.draw(w, "page.html", nonce)
}

// now is the part of it that changes.
func (p *page) now(w http.ResponseWriter, _ *http.Request) { p.draw(w, "now", "") }

func (p *page) draw(w http.ResponseWriter, part, nonce string) {
	snapshot, past := p.looker.look()
	d := drawn{Snapshot: snapshot, Tiles: tiles(&snapshot, past), Nonce: nonce, CSS: pageCSS, JS: pageJS}
	var body bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&body, part, &d); err != nil {
		http.Error(w, "The page could not be drawn: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(body.Bytes()) // who asked may have gone
}

func (p *page) json(w http.ResponseWriter, _ *http.Request) {
	snapshot, _ := p.looker.look()
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(snapshot) // who asked has gone
}

// tile is a number with its line of the last minute.
type tile struct{ Label, Value, Note, Line string }

func tiles(s *Snapshot, past []moment) []tile {
	line := func(of func(m *moment) float64) string { return polyline(past, of) }
	batch := ""
	if s.Node.Writes > 0 {
		batch = fmt.Sprintf("%.1f in a write", s.Node.Deliveries/s.Node.Writes)
	}
	behind := ""
	if s.Engine.Behind > 0 {
		behind = count(s.Engine.Behind) + " behind"
	}
	return []tile{
		{"Sessions", count(s.Engine.Sessions), behind, line(func(m *moment) float64 { return m.Sessions })},
		{"Events a second", count(s.Node.Events), "", line(func(m *moment) float64 { return m.Events })},
		{"Deliveries a second", count(s.Node.Deliveries), batch, line(func(m *moment) float64 { return m.Deliveries })},
		{"Delivery, p99", ms(s.Node.Late), "median " + ms(s.Node.Median), line(func(m *moment) float64 { return m.Late })},
		{"CPU", fmt.Sprintf("%.2f", s.Node.CPU), fmt.Sprintf("of %d cores", s.Go.Cores), line(func(m *moment) float64 { return m.CPU })},
		{"Memory", size(s.Node.Resident), "heap " + size(float64(s.Go.Heap)), line(func(m *moment) float64 { return m.Memory })},
	}
}

// A line is drawn in a box of 120 by 28, whose floor is 0.
const (
	lineWidth  = 120
	lineHeight = 28
)

func polyline(past []moment, of func(m *moment) float64) string {
	top := 0.0
	for i := range past {
		top = max(top, of(&past[i]))
	}
	if len(past) < 2 || top == 0 {
		return ""
	}
	var points strings.Builder
	for i := range past {
		x := lineWidth - float64(len(past)-1-i)*lineWidth/(maxPast-1)
		y := lineHeight - 2 - of(&past[i])/top*(lineHeight-4)
		fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
	}
	return strings.TrimSpace(points.String())
}

// underway is what a loop has yet to do; nothing for an empty text.
func underway(l *engine.LoopView) string {
	var parts []string
	say := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, count(n)+" "+plural(n, one, many))
		}
	}
	say(l.Passes, "pass", "passes")
	say(l.Steps, "step", "steps")
	say(l.Gathering, "room gathers", "rooms gather")
	return strings.Join(parts, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// number is any number of a snapshot.
func number(n any) float64 {
	v := reflect.ValueOf(n)
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}

// count writes a number: 12,345, or 1.2 of those below ten that are not whole.
func count(n any) string {
	f := number(n)
	if f != math.Trunc(f) && f < 10 {
		return fmt.Sprintf("%.1f", f)
	}
	digits := fmt.Sprintf("%.0f", f)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// ms writes milliseconds.
func ms(n float64) string {
	switch d := time.Duration(n * float64(time.Millisecond)); {
	case n < 0.005:
		return "0"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", n)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", n)
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
}

// size writes bytes.
func size(n any) string {
	f := number(n)
	for _, unit := range []string{"B", "KiB", "MiB"} {
		switch {
		case f >= 1024:
			f /= 1024
		case unit == "B" || f >= 100:
			return fmt.Sprintf("%.0f %s", f, unit)
		default:
			return fmt.Sprintf("%.1f %s", f, unit)
		}
	}
	return fmt.Sprintf("%.1f GiB", f)
}

// share writes a part of one as per cent.
func share(f float64) string {
	if f >= 0.0005 && f < 0.0995 {
		return fmt.Sprintf("%.1f %%", 100*f)
	}
	return fmt.Sprintf("%.0f %%", 100*f)
}

// bar is the width of a bar of 100.
func bar(f float64) string { return fmt.Sprintf("%.1f", 100*min(max(f, 0), 1)) }
