package schema

import (
	"reflect"

	"github.com/parley-chat/parley/protocol"
)

// JSONSchema is the contract as a JSON Schema (2020-12): a definition for each
// frame, and for each body of a POST.
func JSONSchema() []byte {
	d := newDefinitions("#/$defs/")
	sent := d.clientFrame()
	received := d.serverFrame()
	for _, c := range protocol.Commands() {
		if c.Reach == protocol.Everywhere {
			d.body(c)
		}
	}
	return document(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", "parley.v1"},
		{"description", "The frames of Parley's WebSocket, and the bodies of its HTTP. Pass over members, kinds and types that you don't know."},
		{"anyOf", list{sent, received}},
		{"$defs", d.all},
	})
}

// clientFrame is any frame that a client sends.
func (d *definitions) clientFrame() object {
	return d.ref("ClientFrame", func() object {
		var commands list
		for _, c := range protocol.Commands() {
			commands = append(commands, d.command(c))
		}
		return object{{"description", "What a client sends: a command."}, {"oneOf", commands}}
	})
}

// serverFrame is any frame that a server sends. Which answer an ok is, the
// command says.
func (d *definitions) serverFrame() object {
	return d.ref("ServerFrame", func() object {
		var all list
		for _, f := range frames() {
			all = append(all, d.frame(f))
		}
		answered := map[reflect.Type]bool{}
		for _, c := range protocol.Commands() {
			if t := reflect.TypeOf(c.Answer); !answered[t] {
				answered[t] = true
				all = append(all, d.answer(c))
			}
		}
		all = append(all, d.event())
		return object{{"description", "What a server sends."}, {"anyOf", all}}
	})
}

// command is the frame of a command.
func (d *definitions) command(c protocol.Command) object {
	return d.ref(title(c.Name)+"Command", func() object {
		id := idOf("The client's own: the answer carries it. At most 64 bytes.", false)
		return described(d.structOf(reflect.TypeOf(c.Request), typed(c.Name), id), c.Doc)
	})
}

// body is what a command is over HTTP, where the path says its type.
func (d *definitions) body(c protocol.Command) object {
	return d.ref(title(c.Name)+"Body", func() object {
		return described(d.structOf(reflect.TypeOf(c.Request), idOf("If there is one, the answer carries it. At most 64 bytes.", true)), c.Doc)
	})
}

// answer is what a command gets if it was done.
func (d *definitions) answer(c protocol.Command) object {
	t := reflect.TypeOf(c.Answer)
	return d.ref(t.Name(), func() object {
		return d.structOf(t, typed(protocol.TypeOK), idOf("The command's; missing if a body had none.", true))
	})
}

func (d *definitions) frame(f frame) object {
	t := reflect.TypeOf(f.value)
	return d.ref(t.Name(), func() object { return d.structOf(t, typed(f.kind)) })
}

// described puts a description behind the schema's type.
func described(s object, text string) object {
	return append(object{s[0], {"description", text}}, s[1:]...)
}
