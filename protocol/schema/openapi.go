package schema

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/parley-chat/parley/protocol"
)

// OpenAPI is the contract of HTTP as an OpenAPI 3.1 document.
func OpenAPI() []byte {
	d := newDefinitions("#/components/schemas/")
	var paths object
	for _, c := range protocol.Commands() {
		if c.Reach == protocol.Everywhere {
			paths = paths.with("/api/v1/"+c.Name, object{{"post", d.operation(c)}})
		}
	}
	paths = append(paths,
		member{"/api/v1/whoami", object{{"post", d.whoami()}}},
		member{"/healthz", object{{"get", probe("healthz", "Is the node alive?", "It is.")}}},
		member{"/readyz", object{{"get", probe("readyz", "Does the node take sessions?", "It does.",
			member{"503", object{{"description", "It is draining."}}})}}},
		member{"/metrics", object{{"get", metrics()}}},
	)
	return document(object{
		{"openapi", "3.1.0"},
		{"info", info("Parley over HTTP", "The commands of parley.v1 that need no session, one POST each. The body is a command's fields, the answer what a session would get.")},
		{"servers", list{object{{"url", "/"}}}},
		{"security", list{object{}, object{{"token", list{}}}}},
		{"paths", paths},
		{"components", object{
			{"schemas", d.all},
			{"securitySchemes", object{{"token", object{
				{"type", "http"}, {"scheme", "bearer"},
				{"description", "A token (JWT), or a guest's pass. A server of guests answers without one, too: then one is another guest each time."},
			}}}},
		}},
	})
}

// operation is the POST of a command.
func (d *definitions) operation(c protocol.Command) object {
	e := ExampleOf(c)
	responses := object{{"200", object{
		{"description", "It was done."},
		{"content", inJSON(d.answer(c), parse(e.Answer))},
	}}}
	codes := HTTPCodes(c)
	for _, status := range statuses(codes) {
		responses = responses.with(fmt.Sprint(status), d.refused(status, codes))
	}
	responses = responses.with("415", object{
		{"description", "The Content-Type isn't application/json: `invalid_field`."},
		{"content", inJSON(d.frame(refusal))},
	})
	body := object{{"content", inJSON(d.body(c), parse(e.Command).without("type"))}, {"required", true}}
	return object{
		{"operationId", c.Name},
		{"summary", c.Doc},
		{"requestBody", body},
		{"responses", responses},
	}
}

// statuses are those of codes, lowest first.
func statuses(codes []protocol.Code) []int {
	var out []int
	for _, c := range codes {
		out = append(out, c.HTTPStatus())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// refused is the response of one status: those of codes that have it.
func (d *definitions) refused(status int, codes []protocol.Code) object {
	codes = slices.DeleteFunc(slices.Clone(codes), func(c protocol.Code) bool { return c.HTTPStatus() != status })
	out := object{{"description", http.StatusText(status) + ": " + phrase(codes) + "."}}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		out = out.with("headers", object{{"Retry-After", object{
			{"description", "So many seconds to wait."}, {"schema", object{{"type", "integer"}, {"minimum", 1}}},
		}}})
	}
	return out.with("content", inJSON(d.frame(refusal)))
}

// whoami is no command: it looks at the door alone.
func (d *definitions) whoami() object {
	codes := sorted(doorCodes)
	text := func(description string) object { return object{{"type", "string"}, {"description", description}} }
	user := object{{"type", "object"}, {"properties", object{
		{"id", text("Empty for a guest without a pass, who has none yet.")},
		{"name", text("Empty for a guest without a pass.")},
		{"role", text("What the token says; empty for a guest.")},
	}}, {"required", list{"id", "name", "role"}}}
	responses := object{{"200", object{
		{"description", "Who an upgrade with the same token or pass would be."},
		{"content", inJSON(object{{"type", "object"}, {"properties", object{{"user", user}}}, {"required", list{"user"}}})},
	}}}
	for _, status := range statuses(codes) {
		responses = responses.with(fmt.Sprint(status), d.refused(status, codes))
	}
	return object{
		{"operationId", "whoami"},
		{"summary", "Who is one? For pages, which can't see why an upgrade was refused."},
		{"responses", responses},
	}
}

func probe(id, summary, fine string, more ...member) object {
	return object{
		{"operationId", id},
		{"summary", summary},
		{"security", list{}},
		{"responses", append(object{{"200", object{{"description", fine}}}}, more...)},
	}
}

func metrics() object {
	return object{
		{"operationId", "metrics"},
		{"summary", "What the node counts, for Prometheus."},
		{"description", "For direct loopback, or with the token of --metrics-token."},
		{"responses", object{
			{"200", object{{"description", "The counters."}, {"content", object{{"text/plain", object{}}}}}},
			{"403", object{{"description", "Neither of both."}}},
		}},
	}
}

// inJSON is the content of a body.
func inJSON(schema object, example ...any) object {
	media := object{{"schema", schema}}
	if len(example) > 0 {
		media = media.with("example", example[0])
	}
	return object{{"application/json", media}}
}
