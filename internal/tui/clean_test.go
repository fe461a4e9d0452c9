package tui

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

func TestNothingThatOthersWriteMovesTheCursor(t *testing.T) {
	for text, want := range map[string]string{
		"hi\n\tthere":             "hi\n\tthere",
		"\x1b[2J\x1b]0;owned\x07": "�[2J�]0;owned�",
		"\u009b31mred":            "�31mred", // the one-character CSI
		"a\rb\bc\x7f":             "a�b�c�",
		"abc\u202egpj.exe\u2066":  "abc�gpj.exe�",
		"line\u2028separator":     "line�separator",
		"👩‍👩‍👧 Ünïcode שלום 漢字 e\u0301": "👩‍👩‍👧 Ünïcode שלום 漢字 e\u0301",
	} {
		if got := visible(text); got != want {
			t.Errorf("visible(%q) is %q, want %q", text, got, want)
		}
	}
	if got := visibleLine("ada\nbob: hi\t"); got != "ada�bob: hi�" {
		t.Errorf("a name of two lines is shown as %q", got)
	}
}

func TestALineBecomesMessages(t *testing.T) {
	long := strings.Repeat("é", protocol.MaxTextRunes)
	for line, want := range map[string][]string{
		"":                               nil,
		" \t ":                           nil,
		"hello":                          {"hello"},
		"a\tb":                           {"a\tb"},
		"\x1b[1;32mok\x1b[0m done\x1b[K": {"ok done"},
		"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\": {"link"},
		"\x1b(Bplain\x1b=":                         {"plain"},
		"50%\r100%\x00":                            {"50%100%"},
		"bad \xff\xfe utf8":                        {"bad \uFFFD utf8"},
		long + "x":                                 {long, "x"},
		long + long:                                {long, long},
	} {
		if got := messages(line); !slices.Equal(got, want) {
			t.Errorf("messages(%.40q) are %.40q, want %.40q", line, got, want)
		}
	}
}

func TestEveryMessageIsOneThatTheServerTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := string(rapid.SliceOf(rapid.Byte()).Draw(t, "line")) + rapid.String().Draw(t, "text")
		for _, text := range messages(line) {
			if clean, err := room.CleanText(text); err != nil || clean != text || !utf8.ValidString(text) {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}

func TestTheSystemsUserNameBecomesAName(t *testing.T) {
	for user, want := range map[string]string{
		"ada":                   "ada",
		`CORP\grace`:            "grace",
		"linus\x1b[31m":         "linus[31m",
		"":                      room.DefaultName,
		"\xff":                  room.DefaultName,
		"a\u202eb":              "ab",
		strings.Repeat("é", 50): strings.Repeat("é", 40),
	} {
		got := nameFrom(user)
		if got != want {
			t.Errorf("nameFrom(%q) is %q, want %q", user, got, want)
		}
		if _, err := room.CleanName(got); err != nil {
			t.Errorf("nameFrom(%q) is %q, which is no name", user, got)
		}
	}
}
