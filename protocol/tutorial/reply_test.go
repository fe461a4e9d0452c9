package tutorial

import (
	"slices"
	"testing"

	"github.com/parley-chat/parley/protocol"
)

func TestFramesAreWrittenInTheTutorialsKeyOrder(t *testing.T) {
	users := func(names ...string) []string { return names }
	cases := []struct {
		name string
		got  []byte
		want string
	}{
		{"chat", AppendChat(nil, "ada", "hi", 1767225600000), `{"type":"chat","username":"ada","text":"hi","timestamp":1767225600000}`},
		{"strings as JSON.stringify has them", AppendChat(nil, "a\"\\", "<b>&\u2028\n\t🚀\x7f", 1),
			"{\"type\":\"chat\",\"username\":\"a\\\"\\\\\",\"text\":\"<b>&\u2028\\n\\t🚀\x7f\",\"timestamp\":1}"},
		{"system", AppendSystem(nil, "ada joined #lobby", slices.Values(users("grace", "ada")), 0),
			`{"type":"system","text":"ada joined #lobby","users":["grace","ada"]}`},
		{"system of a room that emptied", AppendSystem(nil, "ada left #lobby", slices.Values(users()), 0),
			`{"type":"system","text":"ada left #lobby","users":[]}`},
		{"system of a big room", AppendSystem(nil, "ada joined #lobby", slices.Values(users("grace")), 201),
			`{"type":"system","text":"ada joined #lobby","users":["grace"],"count":201}`},
		{"error", AppendError(nil, protocol.CodeNotJoined, "10 msgs/10s"), `{"type":"error","text":"Join a room first"}`},
		{"limited", AppendError(nil, protocol.CodeRateLimited, "10 msgs/10s"), `{"type":"error","text":"Slow down! Max 10 msgs/10s"}`},
	}
	for _, c := range cases {
		if string(c.got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, c.got, c.want)
		}
	}
}

func TestNoticesCountThePeopleTheyDoNotName(t *testing.T) {
	cases := []struct {
		names []string
		count int
		want  string
	}{
		{[]string{"A"}, 1, "A joined #R"},
		{[]string{"A", "B"}, 2, "A and B joined #R"},
		{[]string{"A", "B"}, 3, "A, B and 1 other joined #R"},
		{[]string{"A", "B"}, 59, "A, B and 57 others joined #R"},
	}
	for _, c := range cases {
		if got := Notice(Joined, "R", c.names, c.count); got != c.want {
			t.Errorf("%d: %q, want %q", c.count, got, c.want)
		}
	}
}

func TestEveryCodeOfASessionHasASentence(t *testing.T) {
	for _, code := range []protocol.Code{
		protocol.CodeInvalidJSON, protocol.CodeUnknownType, protocol.CodeNotJoined, protocol.CodeInvalidName,
		protocol.CodeInvalidRoom, protocol.CodeInvalidText, protocol.CodeForbidden, protocol.CodeUnavailable,
	} {
		if sentences[code] == "" {
			t.Errorf("no sentence for %s", code)
		}
	}
}
