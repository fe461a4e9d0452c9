package schema

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"reflect"
	"strings"

	"github.com/parley-chat/parley/protocol"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"codes": codeLinks}).Parse(pageText))

// page is the whole wire for a reader.
type page struct {
	Style       template.CSS
	Subprotocol string
	Commands    []pageCommand
	Frames      []pageShape
	Events      []pageShape
	Shared      []pageShape
	Codes       []CodeRow
	CloseCodes  []CloseRow
}

// pageShape is an object and its fields.
type pageShape struct {
	ID, Name, Doc string
	Fields        []pageField
}

type pageField struct{ Name, Type, Doc string }

type pageCommand struct {
	pageShape
	HTTP     bool
	Answer   pageShape
	Codes    []protocol.Code
	Sent     string
	Received string
}

func newPage() page {
	p := page{Style: template.CSS(pageStyle), Subprotocol: protocol.Subprotocol, Codes: Codes(), CloseCodes: CloseCodes()} //nolint:gosec // our own file
	for _, c := range protocol.Commands() {
		e := ExampleOf(c)
		p.Commands = append(p.Commands, pageCommand{
			pageShape: pageShape{c.Name, c.Name, c.Doc, pageFields(fieldsOf(reflect.TypeOf(c.Request)))},
			HTTP:      c.Reach == protocol.Everywhere,
			Answer:    shapeOf("", "", reflect.TypeOf(c.Answer)),
			Codes:     c.Codes,
			Sent:      string(e.Command),
			Received:  string(e.Answer),
		})
	}
	for _, f := range frames() {
		p.Frames = append(p.Frames, shapeOf("frame-"+f.kind, f.kind, reflect.TypeOf(f.value)))
	}
	for _, kind := range protocol.Kinds() {
		p.Events = append(p.Events, pageShape{"event-" + string(kind), string(kind), aboutKind(kind), pageFields(fieldsOfKind(kind))})
	}
	for _, v := range []any{protocol.User{}, protocol.Cursor{}, protocol.RoomState{}, protocol.RoomSummary{}, protocol.WelcomeLimits{}} {
		t := reflect.TypeOf(v)
		p.Shared = append(p.Shared, shapeOf(t.Name(), t.Name(), t))
	}
	return p
}

func shapeOf(id, name string, t reflect.Type) pageShape {
	return pageShape{id, name, about(t), pageFields(fieldsOf(t))}
}

func pageFields(fields []field) []pageField {
	var out []pageField
	for _, f := range fields {
		if f.Name != "type" {
			out = append(out, pageField{f.Name, f.words(), f.Doc})
		}
	}
	return out
}

// words say what a field's value is: "string, 1 to 64 code points, optional".
func (f field) words() string {
	unit := ""
	var w []string
	switch t := f.Type; t.Kind() {
	case reflect.String:
		w, unit = append(w, "string"), " code points"
	case reflect.Bool:
		w = append(w, "true")
		if !f.NonZero {
			w[0] = "true or false"
		}
	case reflect.Slice:
		w, unit = append(w, "list of "+t.Elem().Name()), " of them"
	case reflect.Struct:
		w = append(w, t.Name())
	default:
		w = append(w, "whole number")
	}
	switch {
	case len(f.Enum) > 0 && f.Name != "code": // those have a table of their own
		w[0] = strings.Join(f.Enum, ", ")
	case f.Min != nil && f.Max != nil:
		w = append(w, fmt.Sprintf("%d to %d%s", *f.Min, *f.Max, unit))
	case f.Max != nil:
		w = append(w, fmt.Sprintf("at most %d%s", *f.Max, unit))
	case f.Min != nil && *f.Min > 0 && f.Type.Kind() != reflect.String:
		w = append(w, fmt.Sprintf("from %d", *f.Min))
	}
	if f.Optional {
		w = append(w, "may be missing")
	}
	return strings.Join(w, ", ")
}

// servedPage is the page, which may do nothing but look like this.
func servedPage() served {
	var content bytes.Buffer
	if err := pageTemplate.Execute(&content, newPage()); err != nil {
		panic(err) // template and values are part of the program
	}
	style := sha256.Sum256([]byte(pageStyle))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return served{
		content: content.Bytes(),
		etag:    etag(content.Bytes()),
		header:  [][2]string{{"Content-Type", "text/html; charset=utf-8"}, {"Content-Security-Policy", policy}},
	}
}

// codeLinks are codes as links to what they mean.
func codeLinks(codes []protocol.Code) template.HTML {
	var links []string
	for _, c := range codes {
		links = append(links, fmt.Sprintf(`<a href="#code-%s"><code>%s</code></a>`, c, c))
	}
	return template.HTML(strings.Join(links, ", ")) //nolint:gosec // codes are words of ours
}
