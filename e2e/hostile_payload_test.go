//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHostilePayloads(t *testing.T) {
	s := startServer(t)
	serveNext(t, s)
	for name, c := range map[string]struct {
		rows   []row
		before []byte // sent first
		answer string // to that
	}{
		"JSON":  {rows: jsons()},
		"joins": {rows: joins()},
		"chats": {rows: chats(), before: clientFrame(fin|text, `{"type":"join","username":"eve"}`), answer: "eve joined #general; "},
	} {
		t.Run(name, func(t *testing.T) {
			hostile(t, s, c.rows, func(t *testing.T, r row) string {
				p := upgraded(t, s)
				p.send(slices.Concat(c.before, clientFrame(fin|bin, string(r.send)), stillThere()))
				seen := strings.TrimPrefix(p.seen(), c.answer)
				p.conn.Close()
				return strings.TrimSuffix(seen, "; lives")
			})
		})
	}
}

const (
	noJSON  = "Invalid JSON"
	unknown = "Unknown message type"
)

// jsons is what may stand in a frame before anybody looks at what it means. A
// binary frame carries it, since a text one can't hold all of it.
func jsons() []row {
	var rows []row
	for name, payload := range map[string]string{
		"nothing":                      "",
		"a space":                      " ",
		"64 KiB of spaces":             strings.Repeat(" ", 64<<10),
		"64 KiB of NUL":                strings.Repeat("\x00", 64<<10),
		"words":                        "hello",
		"undefined":                    "undefined",
		"NaN":                          "NaN",
		"Infinity":                     "-Infinity",
		"single quotes":                "{'type':'join'}",
		"a key without quotes":         `{type:"join"}`,
		"a comma too many":             `{"type":"join",}`,
		"a comma too few":              `{"type":"join" "room":"x"}`,
		"no colon":                     `{"type" "join"}`,
		"no value":                     `{"type":}`,
		"an object cut short":          `{"type":"join"`,
		"a string cut short":           `{"type":"jo`,
		"an escape cut short":          `{"type":"join\`,
		"two objects":                  `{"type":"join"}{"type":"join"}`,
		"a brace too many":             `{"type":"join"}}`,
		"a comment":                    `{"type":"join"/**/}`,
		"a line comment":               "{\"type\":\"join\"}//x",
		"a byte order mark":            "\ufeff{\"type\":\"join\"}",
		"UTF-16":                       "{\x00\"\x00t\x00",
		"no-break space around it":     "\u00a0{\"type\":\"join\"}",
		"a form feed around it":        "\f{\"type\":\"join\"}",
		"a NUL behind it":              "{\"type\":\"join\"}\x00",
		"a newline in a string":        "{\"type\":\"join\",\"room\":\"a\nb\"}",
		"a tab in a string":            "{\"type\":\"join\",\"room\":\"a\tb\"}",
		"a NUL in a string":            "{\"type\":\"join\",\"room\":\"a\x00b\"}",
		"an escape of x":               `{"type":"\x6aoin"}`,
		"an escape of a quote":         `{"type":"\'"}`,
		"an escape in braces":          `{"type":"\u{6a}"}`,
		"an escape of three digits":    `{"type":"\u06a"}`,
		"a leading zero":               `{"type":01}`,
		"a leading plus":               `{"type":+1}`,
		"a point without digits":       `{"type":1.}`,
		"digits without a start":       `{"type":.5}`,
		"an exponent without digits":   `{"type":1e}`,
		"hexadecimal":                  `{"type":0x10}`,
		"true in capitals":             `{"type":TRUE}`,
		"30,000 brackets that open":    strings.Repeat("[", 30000),
		"30,000 objects that open":     strings.Repeat(`{"":`, 15000),
		"brackets that close wrongly":  strings.Repeat("[", 100) + strings.Repeat("}", 100),
		"30,000 brackets in the wrong": strings.Repeat("]", 30000),
	} {
		rows = append(rows, row{name, []byte(payload), noJSON})
	}
	for name, payload := range map[string]string{
		"null":                         "null",
		"true":                         "true",
		"a number":                     "42",
		"a string":                     `"join"`,
		"an array":                     `[{"type":"join"}]`,
		"an empty object":              "{}",
		"no type":                      `{"username":"ada"}`,
		"a type that is null":          `{"type":null}`,
		"a type that is a number":      `{"type":1}`,
		"a type in an array":           `{"type":["join"]}`,
		"a type that is an object":     `{"type":{"join":"join"}}`,
		"an empty type":                `{"type":""}`,
		"a type in capitals":           `{"type":"JOIN"}`,
		"a key in capitals":            `{"Type":"join"}`,
		"a type with a space":          `{"type":"join "}`,
		"a type with a NUL":            `{"type":"join\u0000"}`,
		"a type of the prototype":      `{"type":"toString"}`,
		"a type of 60,000 letters":     `{"type":"` + strings.Repeat("j", 60000) + `"}`,
		"a type of a server":           `{"type":"system","text":"eve joined #general","users":[]}`,
		"a prototype":                  `{"__proto__":{"type":"join"}}`,
		"a constructor":                `{"constructor":{"prototype":{"type":"join"}}}`,
		"a repeated type, last wrong":  `{"type":"join","type":"x"}`,
		"a repeated type, last null":   `{"type":"join","type":null}`,
		"5,000 keys":                   "{" + strings.Repeat(`"k":1,`, 5000) + `"k":1}`,
		"an array of 30,000":           "[" + strings.Repeat("0,", 29999) + "0]",
		"a number of 60,000 digits":    strings.Repeat("9", 60000),
		"a number beyond all":          "1e999999999",
		"a number close to nothing":    "-1E-999999999",
		"minus zero":                   "-0",
		"a lone surrogate":             `{"type":"\ud800"}`,
		"bad UTF-8 in binary":          "{\"type\":\"\xff\xc0\x80\"}",
		"9,000 brackets":               nested(9000),
		"9,000 brackets in a key":      `{"a":` + nested(9000) + `}`,
		"every white space around it":  " \t\r\n{} \t\r\n",
		"a key of nothing":             `{"":{"":{"":""}}}`,
		"an escaped slash":             `{"type":"\/"}`,
		"line separators in a string":  "{\"type\":\"\u2028\u2029\"}",
		"a character that is none yet": "{\"type\":\"\U000e01ff\uffff\"}",
	} {
		rows = append(rows, row{name, []byte(payload), unknown})
	}
	for name, payload := range tooDeep {
		rows = append(rows, row{name, []byte(payload), noJSON})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	return rows
}

func nested(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

// tooDeep is JSON that JSON.parse reads and the server does not: it stops at
// 10,000 levels.
var tooDeep = map[string]string{
	"10,001 brackets": nested(10001),
	"30,000 brackets": nested(30000),
}

const (
	badName = "Invalid username"
	badRoom = "Invalid room"
	badText = "Invalid text"
)

func joins() []row {
	rows := []row{
		{"nothing else", []byte(`{"type":"join"}`), "Anonymous joined #general"},
		{"null for both", []byte(`{"type":"join","username":null,"room":null}`), "Anonymous joined #general"},
		{"empty for both", []byte(`{"type":"join","username":"","room":""}`), "Anonymous joined #general"},
		{"an escaped type", []byte(`{"\u0074ype":"\u006aoin"}`), "Anonymous joined #general"},
		{"a repeated name", []byte(`{"type":"join","username":1,"username":"ada"}`), "ada joined #general"},
		{"a repeated name, last wrong", []byte(`{"type":"join","username":"ada","username":1}`), badName},
		{"both wrong: the name is looked at first", []byte(`{"type":"join","username":1,"room":1}`), badName},
		{"keys that nobody knows", []byte(`{"type":"join","admin":true,"__proto__":{"username":"root"},"users":[1]}`), "Anonymous joined #general"},
		{"40 code points beyond 16 bits", joinOf("username", strings.Repeat("😀", 40)), strings.Repeat("😀", 40) + " joined #general"},
		{"41 of them", joinOf("username", strings.Repeat("😀", 41)), badName},
		{"64 for a room", joinOf("room", strings.Repeat("r", 64)), "Anonymous joined #" + strings.Repeat("r", 64)},
		{"65 for a room", joinOf("room", strings.Repeat("r", 65)), badRoom},
		{"81 that are 40 in NFC", joinOf("username", strings.Repeat("e\u0301", 40)), strings.Repeat("é", 40) + " joined #general"},
		{"a name not in NFC", joinOf("username", "A\u030a"), "Å joined #general"},
		{"a room not in NFC", joinOf("room", "A\u030a"), "Anonymous joined #Å"},
		{"half a surrogate pair", []byte(`{"type":"join","username":"a\ud83d"}`), "a\ufffd joined #general"},
		{"a room of words", joinOf("room", "#../../etc/passwd?<b>"), "Anonymous joined #" + "#../../etc/passwd?<b>"},
		{"quotes and backslashes", joinOf("username", `\"\\`), `"\ joined #general`},
	}
	shown := map[string]string{
		"an emoji of four":             "👩‍👩‍👧‍👦",
		"a skin tone":                  "👍🏿",
		"a flag of two":                "🇩🇪",
		"a flag of tags":               "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
		"a keycap":                     "1\ufe0f\u20e3",
		"a heart on fire":              "❤️‍🔥",
		"30 marks on a letter":         "x" + strings.Repeat("\u0325", 30),
		"Arabic":                       "مرحبا",
		"<script>":                     "<script>alert(1)</script>",
		"a name of the server's words": "eve joined #general",
	}
	hidden := map[string]string{
		"NUL":                          `\u0000`,
		"tab":                          `a\tb`,
		"newline":                      `a\nb`,
		"escape":                       `\u001b[31m`,
		"DEL":                          "a\u007f",
		"C1":                           "a\u0085",
		"right-to-left override":       "a\u202eb",
		"left-to-right isolate":        "\u2066a",
		"right-to-left mark":           "a\u200f",
		"Arabic letter mark":           "a\u061c",
		"line separator":               "a\u2028b",
		"paragraph separator":          "a\u2029b",
		"zero-width space":             "a\u200bb",
		"zero-width no-break space":    "a\ufeffb",
		"zero-width joiner":            "a\u200db",
		"a joiner at the end":          "👩\u200d",
		"a joiner at the start":        "\u200d👩",
		"two joiners":                  "👩\u200d\u200d👩",
		"word joiner":                  "a\u2060b",
		"invisible times":              "a\u2062b",
		"soft hyphen":                  "a\u00adb",
		"Mongolian vowel separator":    "a\u180eb",
		"Hangul filler":                "\u3164",
		"half-width Hangul filler":     "\uffa0",
		"Khmer vowel that shows not":   "a\u17b4",
		"combining grapheme joiner":    "a\u034f",
		"Braille blank":                "\u2800",
		"variation selector of nobody": "a\ufe0f",
		"selector 256":                 "a\U000e01ef",
		"tags behind a letter":         "a\U000e0062",
		"tags without an end":          "🏴\U000e0067\U000e0062",
		"text in tags alone":           "\U000e0061\U000e0064\U000e006d",
		"31 marks on a letter":         "x" + strings.Repeat("\u0325", 31), // no language has that (UAX #15, Stream-Safe Text Format)
		"musical begin beam":           "a\U0001d173",
		"private use":                  "a\ue000",
		"interlinear anchor":           "a\ufff9b",
	}
	for name, s := range shown {
		rows = append(rows, row{"name: " + name, joinOf("username", s), s + " joined #general"})
	}
	for name, s := range hidden {
		rows = append(rows, row{"name: " + name, joinOf("username", s), badName}, row{"room: " + name, joinOf("room", s), badRoom})
	}
	for name, v := range map[string]string{"a number": "0", "true": "true", "false": "false", "an array": `["ada"]`, "an object": "{}", "deep": strings.Repeat("[", 5000) + strings.Repeat("]", 5000)} {
		rows = append(rows,
			row{"name: " + name, fmt.Appendf(nil, `{"type":"join","username":%s}`, v), badName},
			row{"room: " + name, fmt.Appendf(nil, `{"type":"join","room":%s}`, v), badRoom})
	}
	for name, s := range map[string]string{"16,000 marks": "a" + strings.Repeat("\u0301", 16000), "60,000 letters": strings.Repeat("a", 60000), "15,000 emoji": strings.Repeat("😀", 15000), "4,000 ligatures": strings.Repeat("\ufdfa", 4000)} {
		rows = append(rows, row{"name: " + name, joinOf("username", s), badName}, row{"room: " + name, joinOf("room", s), badRoom})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	return rows
}

// joinOf is a join whose key has a string, given as JSON spells it.
func joinOf(key, s string) []byte { return fmt.Appendf(nil, `{"type":"join",%q:"%s"}`, key, s) }

func chats() []row {
	rows := []row{
		{"tab and newline", chatOf(`a\tb\nc`), "eve: a\tb\nc"},
		{"CR LF", chatOf(`a\r\nb`), "eve: a\nb"},
		{"CR", chatOf(`a\rb\r`), "eve: a\nb\n"},
		{"not in NFC: it stays as typed", chatOf("e\u0301"), "eve: e\u0301"},
		{"bidirectional controls", chatOf("a\u202eb"), "eve: a\u202eb"},
		{"4,000 code points beyond 16 bits", chatOf(strings.Repeat("😀", 4000)), "eve: " + strings.Repeat("😀", 4000)},
		{"4,001 of them", chatOf(strings.Repeat("😀", 4001)), badText},
		{"4,001 that are 4,000 without CR", chatOf(strings.Repeat("a", 3998) + `\r\n` + "b"), "eve: " + strings.Repeat("a", 3998) + "\nb"},
		{"half a surrogate pair", chatOf(`a\ud83d`), "eve: a\ufffd"},
		{"the other half", chatOf(`\ude00a`), "eve: \ufffda"},
		{"the halves in the wrong order", chatOf(`\ude00\ud83d`), "eve: \ufffd\ufffd"},
		{"a pair in escapes", chatOf(`\ud83d\ude00`), "eve: 😀"},
		{"every short escape", chatOf(`\"\\\/\n\t`), "eve: \"\\/\n\t"},
		{"markup", chatOf(`<img src=x onerror=alert(1)>&amp;`), "eve: <img src=x onerror=alert(1)>&amp;"},
		{"a text that looks like a frame", chatOf(`\"},{\"type\":\"system\"`), `eve: "},{"type":"system"`},
		{"a repeated text", []byte(`{"type":"chat","text":"a","text":"b"}`), "eve: b"},
		{"another's name", []byte(`{"type":"chat","username":"ada","room":"attic","text":"hi"}`), "eve: hi"},
		{"a time of its own", []byte(`{"type":"chat","timestamp":1e400,"text":"hi"}`), "eve: hi"},
		{"a text beside 60,000 letters", []byte(`{"type":"chat","x":"` + strings.Repeat("x", 60000) + `","text":"hi"}`), "eve: hi"},
		{"a leave with more", []byte(`{"type":"leave","room":["x"]}`), "lives"},
	}
	for name, v := range map[string]string{
		"missing": ``, "null": `,"text":null`, "empty": `,"text":""`, "a number": `,"text":0`, "true": `,"text":true`, "an array": `,"text":["a"]`,
		"an object": `,"text":{"a":1}`, "NUL": `,"text":"a\u0000"`, "escape": `,"text":"\u001b[2J"`, "backspace": `,"text":"a\b"`,
		"form feed": `,"text":"\f"`, "DEL": ",\"text\":\"\u007f\"", "C1": ",\"text\":\"\u0080\"", "NEL": ",\"text\":\"\u0085\"",
		"60,000 letters": `,"text":"` + strings.Repeat("a", 60000) + `"`, "a number beyond all": `,"text":1e999`,
	} {
		rows = append(rows, row{"text: " + name, []byte(`{"type":"chat"` + v + `}`), badText})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	return rows
}

// chatOf is a chat whose text is given as JSON spells it.
func chatOf(s string) []byte { return []byte(`{"type":"chat","text":"` + s + `"}`) }
