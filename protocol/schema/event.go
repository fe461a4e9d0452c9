package schema

import (
	"reflect"
	"slices"

	"github.com/parley-chat/parley/protocol"
)

var eventType = reflect.TypeFor[protocol.Event]()

// event is a reference to the definition of any event. Each kind has one of its
// own, with the fields that it may have.
func (d *definitions) event() object {
	return d.ref("Event", func() object {
		var kinds list
		for _, kind := range protocol.Kinds() {
			kinds = append(kinds, d.eventOf(kind))
		}
		return object{{"description", about(eventType)}, {"oneOf", kinds}}
	})
}

// eventOf is a reference to the definition of one kind of event.
func (d *definitions) eventOf(kind protocol.Kind) object {
	return d.ref(title(string(kind))+"Event", func() object {
		properties, required := object{{"type", object{{"const", protocol.TypeEvent}}}}, list{"type"}
		for _, f := range fieldsOfKind(kind) {
			schema := f.schema(d)
			if f.Name == "kind" {
				schema = object{{"const", string(kind)}}
			}
			properties = properties.with(f.Name, schema)
			if !f.Optional {
				required = append(required, f.Name)
			}
		}
		s := objectOf(aboutKind(kind), properties, required)
		if properties.has("deleted") { // then its text is gone, and else it is there
			s = s.with("oneOf", list{object{{"required", list{"text"}}}, object{{"required", list{"deleted"}}}})
		}
		return s
	})
}

// fieldsOfKind are the fields of an event of that kind; those that it always has
// aren't optional.
func fieldsOfKind(kind protocol.Kind) []field {
	var out []field
	for _, f := range fieldsOf(eventType) {
		always := slices.Contains(f.Always, string(kind))
		everywhere := len(f.Always) == 0 && len(f.May) == 0
		if !everywhere && !always && !slices.Contains(f.May, string(kind)) {
			continue
		}
		f.Optional = f.Optional && !always
		out = append(out, f)
	}
	return out
}
