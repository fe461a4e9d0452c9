package schema

import (
	"fmt"
	"reflect"
)

// definitions are the named schemas of one document, in the order in which they
// were first asked for.
type definitions struct {
	at    string // where they stand in it, such as "#/$defs/"
	all   object
	index map[string]int
}

func newDefinitions(at string) *definitions {
	return &definitions{at: at, index: map[string]int{}}
}

// ref is a reference to the definition of that name, which schema makes if it
// isn't there yet.
func (d *definitions) ref(name string, schema func() object) object {
	if _, there := d.index[name]; !there {
		d.index[name] = len(d.all)
		d.all = d.all.with(name, nil) // its place, before those of what it refers to
		d.all[d.index[name]].value = schema()
	}
	return object{{"$ref", d.at + name}}
}

// value is the schema of a type; of a struct, a reference to its definition.
func (d *definitions) value(t reflect.Type) object {
	switch t.Kind() {
	case reflect.String:
		return object{{"type", "string"}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return object{{"type", "integer"}}
	case reflect.Slice:
		return object{{"type", "array"}, {"items", d.value(t.Elem())}}
	case reflect.Struct:
		if t == eventType {
			return d.event()
		}
		return d.ref(t.Name(), func() object { return d.structOf(t) })
	default:
		panic(fmt.Sprintf("a field of type %s: the contract has no word for it", t))
	}
}

// structOf is the schema of a struct, with the members of a frame before its own.
func (d *definitions) structOf(t reflect.Type, frame ...frameMember) object {
	properties, required := object{}, list{}
	for _, m := range frame {
		properties = properties.with(m.name, m.schema)
		if !m.optional {
			required = append(required, m.name)
		}
	}
	for _, f := range fieldsOf(t) {
		if f.Name == "type" {
			continue // the frame's
		}
		properties = properties.with(f.Name, f.schema(d))
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	return objectOf(about(t), properties, required)
}

// frameMember is a member that a frame has beside the fields of its struct.
type frameMember struct {
	name     string
	schema   object
	optional bool
}

// typed is the member that says what a frame is.
func typed(name string) frameMember {
	return frameMember{name: "type", schema: object{{"const", name}}}
}

func idOf(description string, optional bool) frameMember {
	return frameMember{"id", object{{"type", "string"}, {"minLength", 1}, {"description", description}}, optional}
}

// objectOf is the schema of an object.
func objectOf(description string, properties object, required list) object {
	s := object{{"type", "object"}}
	if description != "" {
		s = s.with("description", description)
	}
	if len(properties) > 0 {
		s = s.with("properties", properties)
	}
	if len(required) > 0 {
		s = s.with("required", required)
	}
	return s
}
