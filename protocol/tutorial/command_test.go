package tutorial

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/protocol"
)

func TestFramesAreReadAsJSONParseReadsThem(t *testing.T) {
	chat := func(text string) Command { return Command{Kind: Chat, Text: Field{Value: text}} }
	cases := []struct {
		name, frame string
		want        Command
	}{
		{"join", `{"type":"join","username":"ada","room":"lobby"}`, Command{Kind: Join, Username: Field{Value: "ada"}, Room: Field{Value: "lobby"}}},
		{"join with nothing", `{"type":"join"}`, Command{Kind: Join}},
		{"join with nulls", `{"type":"join","username":null,"room":null}`, Command{Kind: Join}},
		{"join with wrong types", `{"type":"join","username":7,"room":["lobby"]}`, Command{Kind: Join, Username: Field{Wrong: true}, Room: Field{Wrong: true}}},
		{"leave", `{"type":"leave"}`, Command{Kind: Leave}},
		{"chat", `{"type":"chat","text":"hello"}`, chat("hello")},
		{"keys in another order", `{"text":"hello","type":"chat"}`, chat("hello")},
		{"white space", " \n\t\r{ \"type\" : \"chat\" , \"text\" : \"hello\" }\n", chat("hello")},
		{"escapes", `{"type":"ch\u0061t","text":"a\n\"b\"\\\u00e9"}`, chat("a\n\"b\"\\é")},
		{"escaped key", `{"\u0074ype":"chat","text":"x"}`, chat("x")},
		{"pair of surrogates", `{"type":"chat","text":"\ud83d\ude80"}`, chat("🚀")},
		{"half a pair", `{"type":"chat","text":"a\ud83d"}`, chat("a\uFFFD")},
		{"other half", `{"type":"chat","text":"\ude80b"}`, chat("\uFFFDb")},
		{"halves the wrong way round", `{"type":"chat","text":"\ude80\ud83d"}`, chat("\uFFFD\uFFFD")},
		{"the last of a repeated key", `{"type":"chat","text":"one","text":"two"}`, chat("two")},
		{"the last is null", `{"type":"chat","text":"one","text":null}`, chat("")},
		{"the last is a number", `{"type":"chat","text":"one","text":2}`, Command{Kind: Chat, Text: Field{Wrong: true}}},
		{"a number, then a string", `{"type":"chat","text":2,"text":"two"}`, chat("two")},
		{"a repeated type", `{"type":"leave","type":"chat","text":"x"}`, chat("x")},
		{"unknown keys", `{"type":"chat","text":"x","extra":{"type":"join","deep":[1,2,{}]}}`, chat("x")},
		{"keys are case-sensitive", `{"Type":"chat","text":"x"}`, Command{Text: Field{Value: "x"}}},
		{"types are case-sensitive", `{"type":"Chat","text":"x"}`, Command{Text: Field{Value: "x"}}},
		{"text is an object", `{"type":"chat","text":{"a":1}}`, Command{Kind: Chat, Text: Field{Wrong: true}}},
		{"text is false", `{"type":"chat","text":false}`, Command{Kind: Chat, Text: Field{Wrong: true}}},
		{"bad UTF-8 in a binary frame", "{\"type\":\"chat\",\"text\":\"a\xffb\"}", chat("a\uFFFDb")},
		{"a character that was cut off in a binary frame", "{\"type\":\"chat\",\"text\":\"a\xe2\x82 \xf0\x9f\x98b\"}", chat("a\uFFFD \uFFFDb")},
		{"unknown type", `{"type":"dance"}`, Command{}},
		{"type is a number", `{"type":1}`, Command{}},
		{"no type", `{}`, Command{}},
		{"array", `[{"type":"chat"}]`, Command{}},
		{"string", `"chat"`, Command{}},
		{"number", `-0.5e3`, Command{}},
		{"null", `null`, Command{}},
		{"prototype", `{"type":"__proto__"}`, Command{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode([]byte(c.frame))
			if err != nil || got != c.want {
				t.Fatalf("Decode(%s) = %+v, %v; want %+v", c.frame, got, err, c.want)
			}
		})
	}
}

func TestWhatJSONParseRefusesIsInvalid(t *testing.T) {
	for _, frame := range []string{
		``, ` `, `hello`, `{`, `{"type":"chat","text":"x"`, `{"type":"chat","text":"x"}}`, `{"type":"chat",}`,
		`{'type':'chat'}`, `{type:"chat"}`, `{"type":"chat","text":"x"} x`, `{"type":"chat","text":"x"}{"type":"leave"}`,
		"{\"type\":\"chat\",\"text\":\"a\nb\"}", `{"type":"chat","text":"\x41"}`, `{"type":"chat","text":"\u12"}`,
		`[1,]`, `01`, `+1`, `.5`, `1.`, `NaN`, `undefined`, `"open`, `nul`, `{"a":1 "b":2}`, "\uFEFF{}", "{}\x00",
		`{"type":"chat","text":"a"b"}`, `{"type":"chat","text":"\"}`,
	} {
		_, err := Decode([]byte(frame))
		var refusal *protocol.Error
		if !errors.As(err, &refusal) || refusal.Code != protocol.CodeInvalidJSON {
			t.Errorf("Decode(%q): error %v, want code %s", frame, err, protocol.CodeInvalidJSON)
		}
	}
}

// FuzzDecode holds the short way to the long one: whatever plainChat takes is
// read the same by the JSON library.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"type":"chat","text":"hello"}`, `{"type":"chat","text":"a\"b"}`, `{"type":"chat","text":"","type":"leave"}`,
		`{"type":"join","username":"ada","room":"lobby"}`, `[`, `"\ud800"`, strings.Repeat("[", 20000), "{\"type\":\"chat\",\"text\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		got, err := Decode(frame)
		if !utf8.Valid(frame) {
			return // JSON that isn't UTF-8 takes one way alone
		}
		want, wantErr := decodeJSON(frame)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %+v, %v; the JSON library says %+v, %v", frame, got, err, want, wantErr)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	frame := []byte(`{"type":"chat","text":"` + strings.Repeat("x", 40) + `"}`)
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(frame); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decodeJSON(frame); err != nil {
				b.Fatal(err)
			}
		}
	})
}
