package schema

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any // string, bool, int, list, object, or a jsontext.Value
}

type list []any

// with adds a member.
func (o object) with(name string, value any) object {
	return append(o, member{name, value})
}

// words are a list of strings.
func words[S ~string](in []S) list {
	out := make(list, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// parse reads a JSON object of our own.
func parse(raw []byte) object {
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	v, err := next(d)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", raw, err))
	}
	return v.(object)
}

func next(d *jsontext.Decoder) (any, error) {
	switch d.PeekKind() {
	case '{':
		out := object{}
		_, err := d.ReadToken()
		for err == nil && d.PeekKind() != '}' {
			var name jsontext.Token
			if name, err = d.ReadToken(); err == nil {
				out = out.with(name.String(), nil)
				out[len(out)-1].value, err = next(d)
			}
		}
		_, end := d.ReadToken()
		return out, errors.Join(err, end)
	case '[':
		out := list{}
		_, err := d.ReadToken()
		for err == nil && d.PeekKind() != ']' {
			var item any
			item, err = next(d)
			out = append(out, item)
		}
		_, end := d.ReadToken()
		return out, errors.Join(err, end)
	default:
		value, err := d.ReadValue()
		return value.Clone(), err
	}
}

// lineLength is how long a line of a document may get before what stands on it is
// spread over several.
const lineLength = 140

// document writes a JSON value for people: on one line what fits there.
func document(v any) []byte {
	return append(layOut(nil, v, ""), '\n')
}

// layOut appends v, which begins behind indent on a line.
func layOut(dst []byte, v any, indent string) []byte {
	used := len(dst) - (bytes.LastIndexByte(dst, '\n') + 1)
	if flat := flatten(nil, v); used+len(flat) <= lineLength {
		return append(dst, flat...)
	}
	deeper := indent + "  "
	switch v := v.(type) {
	case object:
		for i, m := range v {
			dst = append(dst, opening("{", ",", i)+"\n"+deeper...)
			dst = append(flatten(dst, m.name), ": "...)
			dst = layOut(dst, m.value, deeper)
		}
		return append(dst, "\n"+indent+"}"...)
	case list:
		for i, item := range v {
			dst = append(dst, opening("[", ",", i)+"\n"+deeper...)
			dst = layOut(dst, item, deeper)
		}
		return append(dst, "\n"+indent+"]"...)
	default:
		return flatten(dst, v)
	}
}

func opening(first, next string, i int) string {
	if i == 0 {
		return first
	}
	return next
}

// flatten appends v on one line.
func flatten(dst []byte, v any) []byte {
	switch v := v.(type) {
	case object:
		dst = append(dst, '{')
		for i, m := range v {
			dst = append(dst, opening("", ", ", i)...)
			dst = append(flatten(dst, m.name), ": "...)
			dst = flatten(dst, m.value)
		}
		return append(dst, '}')
	case list:
		dst = append(dst, '[')
		for i, item := range v {
			dst = append(dst, opening("", ", ", i)...)
			dst = flatten(dst, item)
		}
		return append(dst, ']')
	case string:
		dst, err := jsontext.AppendQuote(dst, v)
		if err != nil {
			panic(fmt.Sprintf("%q: %v", v, err)) // our own texts are UTF-8
		}
		return dst
	default: // a number, a bool
		value, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("%v: %v", v, err))
		}
		return append(dst, value...)
	}
}

// without leaves a member out.
func (o object) without(name string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return m.name == name })
}

func (o object) has(name string) bool {
	return slices.ContainsFunc(o, func(m member) bool { return m.name == name })
}
