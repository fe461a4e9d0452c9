//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// TestHostileCommands sends parley.v1 what no client would. Each is answered by its
// name, and the next client notices nothing.
func TestHostileCommands(t *testing.T) {
	for _, store := range []string{"memory", "sqlite"} {
		s := startServer(t, "--store", store, "--rate", "off")
		serveNext(t, s)
		for name, rows := range map[string][]row{
			"frames": v1Frames(), "ids": v1IDs(), "numbers": v1Numbers(), "texts": v1Texts(), "queries": v1Queries(),
		} {
			t.Run(store+" "+name, func(t *testing.T) {
				hostile(t, s, rows, func(t *testing.T, r row) string {
					p := upgradedV1(t, s)
					p.send(slices.Concat(clientFrame(fin|text, string(r.send)), v1StillThere()))
					seen := p.seenV1()
					p.conn.Close()
					serveNextV1(t, s)
					return strings.TrimSuffix(seen, "; lives")
				})
			})
		}
	}
}

func upgradedV1(t *testing.T, s *server) *peer {
	t.Helper()
	return upgraded(t, s, "Sec-WebSocket-Protocol: parley.v1")
}

func v1StillThere() []byte { return clientFrame(fin|text, `{"type":"ping","id":"still there?"}`) }

// seenV1 is everything that the peer gets behind its welcome, up to the answer to
// v1StillThere ("lives") or the connection's end.
func (p *peer) seenV1() string {
	var parts []string
	p.wait(patience)
	for {
		m, err := p.next()
		if err != nil {
			return strings.Join(append(parts, ending(err)), "; ")
		}
		if m.Op == frame.Close {
			code, _, _ := frame.ParseClose(m.Payload)
			return strings.Join(append(parts, fmt.Sprint("closed with ", code)), "; ")
		}
		var r reply
		if err := json.Unmarshal(m.Payload, &r); err != nil {
			return fmt.Sprintf("%.100q is no frame: %v", m.Payload, err)
		}
		switch {
		case r.Type == "ok" && r.ID == "still there?":
			return strings.Join(append(parts, "lives"), "; ")
		case r.Type == "error":
			parts = append(parts, r.Code)
		case r.Type == "ok" && r.Reset != "":
			parts = append(parts, "reset "+r.Reset)
		case r.Type == "ok":
			parts = append(parts, "ok")
		case !slices.Contains([]string{"welcome", "caught_up", "presence", "read"}, r.Type):
			parts = append(parts, r.Type)
		}
	}
}

// serveNextV1 is the next client of parley.v1, who notices nothing of the last one.
func serveNextV1(t *testing.T, s *server) {
	t.Helper()
	began := time.Now()
	c := mustDialV1(t, s, "ada", "")
	c.mustDo(t, "join", fields{"room": "beside", "last": 0})
	sent := c.mustDo(t, "send", fields{"room": "beside", "text": "hello", "key": "k"})
	for {
		r, err := c.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r.Type == "event" && r.Seq == sent.Seq {
			break
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("the next client was served after %v, want a second at most", took)
	}
	c.hangUp()
}

// v1Frames is what may stand in a frame before anybody looks for a command in it.
func v1Frames() (rows []row) {
	for _, r := range jsons() {
		switch {
		case r.name == "a leading zero", r.name == "hexadecimal": // the type is a number before anything else is wrong
			rows = append(rows, row{r.name, r.send, "unknown_type"})
		case r.want == noJSON: // what JSON.parse refuses, RFC 8259 does
			rows = append(rows, row{r.name, r.send, "invalid_json"})
		}
	}
	for name, payload := range map[string]string{
		"a number":                    `42`,
		"a string":                    `"ping"`,
		"an array of commands":        `[{"type":"ping","id":"a"}]`,
		"a repeated type":             `{"type":"ping","id":"a","type":"ping"}`,
		"a repeated name deep inside": `{"type":"ping","id":"a","more":{"x":1,"x":2}}`,
		"half a surrogate pair":       `{"type":"ping","id":"\ud83d"}`,
		"5,000 times the same name":   "{" + strings.Repeat(`"k":1,`, 5000) + `"k":1}`,
	} {
		rows = append(rows, row{name, []byte(payload), "invalid_json"})
	}
	for name, payload := range map[string]string{
		"null":                     `null`,
		"an empty object":          `{}`,
		"no type":                  `{"id":"a"}`,
		"a type that is null":      `{"type":null,"id":"a"}`,
		"a type that is a number":  `{"type":1,"id":"a"}`,
		"a type in an array":       `{"type":["ping"],"id":"a"}`,
		"an empty type":            `{"type":"","id":"a"}`,
		"a type in capitals":       `{"type":"PING","id":"a"}`,
		"a type with a NUL":        `{"type":"ping\u0000","id":"a"}`,
		"a type of 60,000 letters": `{"type":"` + strings.Repeat("j", 60000) + `","id":"a"}`,
		"a type of a server":       `{"type":"welcome","id":"a","session":"x"}`,
		"a command of HTTP alone":  `{"type":"whoami","id":"a"}`,
		"a command of the other":   `{"type":"chat","id":"a","text":"hello"}`,
		"a prototype":              `{"__proto__":{"type":"ping","id":"a"}}`,
		"only names nobody knows":  "{" + manyNames(3000) + "}",
	} {
		rows = append(rows, row{name, []byte(payload), "unknown_type"})
	}
	for name, more := range map[string]string{
		"9,000 brackets beside it": nested(9000),
		"9,000 objects beside it":  strings.Repeat(`{"":`, 9000) + "0" + strings.Repeat("}", 9000),
		"a number beyond all":      "1e999999999",
		"60,000 digits":            strings.Repeat("9", 60000),
		"3,000 names beside it":    "{" + manyNames(3000) + "}",
	} {
		rows = append(rows, row{name, []byte(`{"type":"ping","id":"a","more":` + more + `}`), "ok"})
	}
	rows = append(rows, row{"brackets that never close beside it", []byte(`{"type":"ping","id":"a","more":` + strings.Repeat("[", 60000)), "invalid_json"})
	return sorted(rows)
}

func manyNames(n int) string {
	var names strings.Builder
	for i := range n {
		fmt.Fprintf(&names, `"name%d":0,`, i)
	}
	return strings.TrimSuffix(names.String(), ",")
}

func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	return rows
}

// v1IDs is what may be given for an id.
func v1IDs() (rows []row) {
	for id, want := range map[string]string{
		``: "invalid_id", `null`: "invalid_id", `7`: "invalid_id", `true`: "invalid_id", `["a"]`: "invalid_id", `{"a":"a"}`: "invalid_id",
		`""`: "invalid_id", `"a\u0000"`: "invalid_id", `"\n"`: "invalid_id", `"\u0085"`: "invalid_id",
		quoted("x", 64): "ok", quoted("x", 65): "invalid_id", quoted("x", 60000): "invalid_id", quoted("é", 32): "ok", quoted("é", 33): "invalid_id",
		`"<script>"`: "ok", `"\u2028"`: "ok", `"\\\""`: "ok", `"\ud83d\ude00"`: "ok",
	} {
		field := `,"id":` + id
		if id == "" {
			field = ""
		}
		rows = append(rows, row{fmt.Sprintf("%.20s of %d", id, len(id)), []byte(`{"type":"ping"` + field + `}`), want})
	}
	return sorted(rows)
}

func quoted(s string, times int) string { return `"` + strings.Repeat(s, times) + `"` }

// v1Numbers is absurd numbers in every place for one. What is a whole number that
// fits is taken at its word: there is no such message, or nothing after it.
func v1Numbers() (rows []row) {
	whole := []string{"9223372036854775807", "9223372036854775808", "18446744073709551615"}
	wrong := []string{"-1", "-9223372036854775808", "-1e308", "1.5", "1e308", "1e-308", "18446744073709551616", "99999999999999999999999", `"1"`, "true", "[]", "{}", "[1]"}
	const seq, count = "invalid_field", "too_large"
	for _, x := range []struct{ name, command, huge string }{
		{"since", `{"type":"join","id":"a","room":"attic","since":{"epoch":"x","seq":%s}}`, "reset epoch"},
		{"reply_to", `{"type":"send","id":"a","room":"attic","text":"x","reply_to":%s}`, "not_found"},
		{"edit", `{"type":"edit","id":"a","room":"attic","seq":%s,"text":"x"}`, "not_found"},
		{"delete", `{"type":"delete","id":"a","room":"attic","seq":%s}`, "not_found"},
		{"react", `{"type":"react","id":"a","room":"attic","seq":%s,"emoji":"👍"}`, "not_found"},
		{"unreact", `{"type":"unreact","id":"a","room":"attic","seq":%s,"emoji":"👍"}`, "not_found"},
		{"read", `{"type":"read","id":"a","room":"attic","seq":%s}`, "ok"},
		{"before", `{"type":"history","id":"a","room":"attic","before":%s}`, "ok"},
		{"after", `{"type":"history","id":"a","room":"attic","after":%s}`, "ok"},
	} {
		for _, n := range whole {
			rows = append(rows, row{x.name + " " + n, fmt.Appendf(nil, x.command, n), x.huge})
		}
		for _, n := range wrong {
			rows = append(rows, row{x.name + " " + n, fmt.Appendf(nil, x.command, n), seq})
		}
	}
	for _, x := range []struct{ name, command string }{
		{"last", `{"type":"join","id":"a","room":"attic","last":%s}`},
		{"limit", `{"type":"history","id":"a","room":"attic","limit":%s}`},
		{"limit of a search", `{"type":"search","id":"a","text":"x","limit":%s}`},
	} {
		for _, n := range append(wrong, whole[1:]...) {
			rows = append(rows, row{x.name + " " + n, fmt.Appendf(nil, x.command, n), seq})
		}
		for _, n := range []string{"201", "2147483648", whole[0]} {
			rows = append(rows, row{x.name + " " + n, fmt.Appendf(nil, x.command, n), count})
		}
	}
	for since, want := range map[string]string{
		`null`: "ok", `7`: "invalid_field", `"x"`: "invalid_field", `[]`: "invalid_field", `{}`: "reset epoch", `{"seq":7}`: "reset epoch",
		`{"epoch":7}`: "invalid_field", `{"epoch":` + quoted("e", 60000) + `}`: "reset epoch", `{"epoch":"x","seq":{}}`: "invalid_field",
	} {
		rows = append(rows, row{fmt.Sprintf("since %.30s", since), []byte(`{"type":"join","id":"a","room":"attic","since":` + since + `}`), want})
	}
	return rows
}

// v1Texts is absurd strings in every place for one.
func v1Texts() (rows []row) {
	wrong := []string{"7", "true", "[]", `["x"]`, "{}"}
	for _, x := range []struct{ name, command, code, long string }{
		{"room", `{"type":"join","id":"a","room":%s}`, "invalid_room", "invalid_room"},
		{"text", `{"type":"send","id":"a","room":"attic","text":%s}`, "invalid_text", "too_large"},
		{"edit", `{"type":"edit","id":"a","room":"attic","seq":1,"text":%s}`, "invalid_text", "too_large"},
		{"topic", `{"type":"topic","id":"a","room":"attic","text":%s}`, "invalid_text", "too_large"},
		{"emoji", `{"type":"react","id":"a","room":"attic","seq":1,"emoji":%s}`, "invalid_emoji", "too_large"},
		{"name", `{"type":"rename","id":"a","name":%s}`, "invalid_name", "invalid_name"},
		{"key", `{"type":"send","id":"a","room":"attic","text":"x","key":%s}`, "invalid_field", "too_large"},
	} {
		for _, s := range append(wrong, `"a\u0000"`, `"a\u0007"`, `"a\u0085b"`) {
			rows = append(rows, row{x.name + " " + s, fmt.Appendf(nil, x.command, s), x.code})
		}
		rows = append(rows,
			row{x.name + " of 60,000", fmt.Appendf(nil, x.command, quoted("x", 60000)), x.long},
			row{x.name + " of 15,000 beyond 16 bits", fmt.Appendf(nil, x.command, quoted("😀", 15000)), x.long})
	}
	return rows
}

// v1Queries is what a search may be asked for, and how it may be paged.
func v1Queries() (rows []row) {
	for text, want := range map[string]string{
		`""`: "invalid_text", `" "`: "invalid_text", `"\n\t"`: "invalid_text", `7`: "invalid_text",
		quoted("x", 250): "ok", quoted("x", 251): "too_large", quoted("x ", 125): "ok", quoted("語", 250): "ok", quoted("😀", 250): "ok",
		`"\""`: "ok", `"'"`: "ok", `"*"`: "ok", `"x*"`: "ok", `"* *"`: "ok", `"("`: "ok", `"NEAR("`: "ok", `"NEAR(a b, 9999999999)"`: "ok",
		`"a AND"`: "ok", `"OR"`: "ok", `"NOT NOT"`: "ok", `"text:x"`: "ok", `"rowid:1"`: "ok", `"{a b}: c"`: "ok", `"^a"`: "ok", `"-a"`: "ok", `"a + b"`: "ok",
		`"'; drop table event; --"`: "ok", `"\u0000"`: "ok", `"a\u0000b"`: "ok", `"%"`: "ok", `"_"`: "ok", `"\\"`: "ok", `"é"`: "ok", `"e\u0301"`: "ok",
		`"\u200b"`: "ok", `"\u202e"`: "ok", `"한글 語 ไทย"`: "ok",
	} {
		rows = append(rows, row{fmt.Sprintf("%.20s of %d", text, len(text)), []byte(`{"type":"search","id":"a","text":` + text + `}`), want})
	}
	for cursor, want := range map[string]string{
		`""`: "ok", `"x"`: "invalid_field", `"AAAAAAAAAAAAAAAA"`: "invalid_field", `"//////////8AAAAA"`: "invalid_field", `7`: "invalid_field",
		quoted("A", 60000): "invalid_field", `"\u0000"`: "invalid_field",
	} {
		rows = append(rows, row{fmt.Sprintf("cursor %.20s", cursor), []byte(`{"type":"search","id":"a","text":"x","cursor":` + cursor + `}`), want})
	}
	return sorted(rows)
}
