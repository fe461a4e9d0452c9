package schema

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/protocol"
)

// field is a member of an object on the wire, as its struct declares it.
type field struct {
	Name     string
	Doc      string
	Type     reflect.Type // of its value: what a pointer points to
	Optional bool
	NonZero  bool // where it is there, it isn't 0, false or empty: else it would have been left out
	Min, Max *int
	Enum     []string
	May      []string // the kinds of events that may have it; with Always nil, too: all have it
	Always   []string // the kinds of events that have it, and no other does
}

// fieldsOf reads the fields of a struct of package protocol.
func fieldsOf(t reflect.Type) []field {
	fields := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		pointer := f.Type.Kind() == reflect.Pointer
		optional := strings.Contains(options, "omitzero")
		out := field{
			Name:     name,
			Doc:      f.Tag.Get("doc"),
			Type:     f.Type,
			Optional: optional,
			NonZero:  optional && !pointer,
			Min:      number(f, "min"),
			Max:      number(f, "max"),
			Enum:     strings.Fields(f.Tag.Get("enum")),
			May:      strings.Fields(f.Tag.Get("may")),
			Always:   strings.Fields(f.Tag.Get("always")),
		}
		if pointer {
			out.Type = f.Type.Elem()
		}
		if f.Type == reflect.TypeFor[protocol.Code]() {
			out.Enum = stringsOf(protocol.Codes())
		}
		fields = append(fields, out)
	}
	return fields
}

func number(f reflect.StructField, tag string) *int {
	s, ok := f.Tag.Lookup(tag)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("%s: the tag %s is no number: %v", f.Name, tag, err))
	}
	return &n
}

func stringsOf[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// schema is what a field's value must be, within the definitions of d.
func (f field) schema(d *definitions) object {
	return f.bounded(d.value(f.Type)).with("description", f.Doc)
}

// bounded adds to the schema of a field's type what its tags say.
func (f field) bounded(s object) object {
	if len(f.Enum) > 0 {
		return s.with("enum", words(f.Enum))
	}
	least := f.Min
	if least == nil && f.NonZero {
		least = new(1)
	}
	switch f.Type.Kind() {
	case reflect.String:
		return bound(bound(s, "minLength", least), "maxLength", f.Max)
	case reflect.Slice:
		return bound(s, "maxItems", f.Max)
	case reflect.Bool:
		if f.NonZero {
			return s.with("const", true)
		}
		return s
	case reflect.Int, reflect.Int64, reflect.Uint64:
		if least == nil {
			least = new(0)
		}
		return bound(bound(s, "minimum", least), "maximum", f.Max)
	default:
		return s
	}
}

func bound(s object, keyword string, n *int) object {
	if n == nil {
		return s
	}
	return s.with(keyword, *n)
}
