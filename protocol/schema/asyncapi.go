package schema

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/parley-chat/parley/protocol"
)

// AsyncAPI is the contract of the socket as an AsyncAPI 3.0 document, as the
// server sees it: it receives commands, and sends the rest.
func AsyncAPI() []byte {
	s := socket{schemas: newDefinitions("#/components/schemas/")}
	operations := s.operations()
	return document(object{
		{"asyncapi", "3.0.0"},
		{"info", info("Parley's WebSocket", socketText())},
		{"defaultContentType", "application/json"},
		{"servers", object{{"node", object{
			{"host", "{host}"},
			{"protocol", "ws"},
			{"description", "wss where the node, or a proxy in front of it, has TLS."},
			{"variables", object{{"host", object{{"default", "localhost:8080"}, {"description", "Host and port of the node."}}}}},
		}}}},
		{"channels", object{{"socket", object{
			{"address", "/ws"},
			{"title", "The socket"},
			{"description", "A WebSocket at /ws, or at /. One text frame is one JSON object."},
			{"messages", s.channel},
			{"bindings", object{{"ws", upgrade()}}},
		}}}},
		{"operations", operations},
		{"components", object{{"schemas", s.schemas.all}, {"messages", s.messages}}},
	})
}

// info is what both documents begin with. The version is the dialect's.
func info(title, text string) object {
	return object{
		{"title", title},
		{"version", "1"},
		{"description", text},
		{"license", object{{"name", "Apache-2.0"}, {"url", "https://www.apache.org/licenses/LICENSE-2.0"}}},
	}
}

// socketText says in words what a document of shapes can't.
func socketText() string {
	var b strings.Builder
	b.WriteString("The server's first frame is `welcome`. Each command gets exactly one answer, `ok` or `error`, with the command's `id`. " +
		"After `join`, every event of the room comes from `from` on, in the order of `seq`, once and without a hole; `caught_up` says where the past ends. " +
		"A client passes over members, kinds and types that it doesn't know.\n\n" +
		"Close codes:\n\n| code | meaning | what the client does |\n|---|---|---|\n")
	for _, row := range CloseCodes() {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", row.Code, row.Meaning, row.Next)
	}
	b.WriteString("\nCodes of refusals:\n\n| code | meaning | what the client does |\n|---|---|---|\n")
	for _, row := range Codes() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.Code, row.Meaning, row.Next)
	}
	return b.String()
}

// upgrade says what a client asks for.
func upgrade() object {
	text := func(description string) object { return object{{"type", "string"}, {"description", description}} }
	return object{
		{"method", "GET"},
		{"query", object{{"type", "object"}, {"properties", object{
			{"name", text("A guest's name; Anonymous if it is missing.")},
			{"pass", text("A guest's pass, as an earlier welcome gave it.")},
			{"token", text("A token (JWT), where it can't be sent otherwise.")},
		}}}},
		{"headers", object{{"type", "object"}, {"properties", object{
			{"Sec-WebSocket-Protocol", text("parley.v1, and parley.token.TOKEN where there is a token or a pass.").with("pattern", `parley\.v1`)},
			{"Authorization", text("Bearer TOKEN: a token or a pass.")},
		}}, {"required", list{"Sec-WebSocket-Protocol"}}}},
		{"bindingVersion", "0.1.0"},
	}
}

// socket gathers the messages of the channel.
type socket struct {
	schemas  *definitions
	messages object // of the components
	channel  object // references to them
}

// message adds a message, unless it is there, and returns a reference to it as one
// of the channel.
func (s *socket) message(name, summary string, payload object, examples ...[]byte) object {
	if !s.channel.has(name) {
		m := object{{"name", name}, {"summary", summary}, {"payload", payload}}
		if strings.HasSuffix(name, "_command") || name == protocol.TypeError || strings.HasPrefix(name, protocol.TypeOK) {
			m = m.with("correlationId", object{{"location", "$message.payload#/id"}})
		}
		if len(examples) > 0 {
			m = m.with("examples", list{object{{"payload", parse(examples[0])}}})
		}
		s.messages = s.messages.with(name, m)
		s.channel = s.channel.with(name, object{{"$ref", "#/components/messages/" + name}})
	}
	return object{{"$ref", "#/channels/socket/messages/" + name}}
}

// operations are one for each command, and one for all that the server sends by
// itself.
func (s *socket) operations() object {
	channel := object{{"$ref", "#/channels/socket"}}
	var out object
	for _, c := range protocol.Commands() {
		e := ExampleOf(c)
		answer := reflect.TypeOf(c.Answer)
		command := s.message(c.Name+"_command", c.Doc, s.schemas.command(c), e.Command)
		replies := list{
			s.message("ok_"+strings.ToLower(answer.Name()), about(answer), s.schemas.answer(c), e.Answer),
			s.message(protocol.TypeError, about(reflect.TypeFor[protocol.Refusal]()), s.schemas.frame(refusal)),
		}
		out = out.with(c.Name, object{
			{"action", "receive"},
			{"channel", channel},
			{"summary", c.Doc},
			{"description", "Refused with " + phrase(SocketCodes(c)) + "."},
			{"messages", list{command}},
			{"reply", object{{"channel", channel}, {"messages", replies}}},
		})
	}
	return out.with("tell", object{
		{"action", "send"},
		{"channel", channel},
		{"summary", "What comes without being an answer."},
		{"messages", s.told()},
	})
}

func (s *socket) told() list {
	var all list
	for _, f := range frames() {
		if f.kind != protocol.TypeError {
			all = append(all, s.message(f.kind, about(reflect.TypeOf(f.value)), s.schemas.frame(f)))
		}
	}
	for _, kind := range protocol.Kinds() {
		all = append(all, s.message("event_"+string(kind), aboutKind(kind), s.schemas.eventOf(kind)))
	}
	return all
}

// phrase lists codes in a sentence.
func phrase(codes []protocol.Code) string {
	return "`" + strings.Join(stringsOf(codes), "`, `") + "`"
}
