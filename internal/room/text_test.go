package room

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/protocol"
)

func TestNamesAreShownInNFCAndHoldNothingUnseen(t *testing.T) {
	cases := []struct{ name, in, want string }{ // want "" is a refusal
		{"plain", "ada", "ada"},
		{"decomposed becomes composed", "Ame\u0301lie", "Am\u00e9lie"},
		{"inner space", "Ada Lovelace", "Ada Lovelace"},
		{"forty", strings.Repeat("é", 40), strings.Repeat("é", 40)},
		{"forty once composed", strings.Repeat("e\u0301", 40), strings.Repeat("é", 40)},
		{"forty-one", strings.Repeat("a", 41), ""},
		{"empty", "", ""},
		{"nothing but spaces", " \u00A0\u3000", ""},
		{"no UTF-8", "ada\xff", ""},
		{"half a code point", "\xc3", ""},
		{"newline", "a\nb", ""},
		{"tab", "a\tb", ""},
		{"NUL", "a\x00b", ""},
		{"DEL", "a\x7fb", ""},
		{"C1 control", "a\u0085b", ""},
		{"right-to-left override", "a\u202Eb", ""},
		{"isolate", "a\u2066b\u2069", ""},
		{"Arabic letter mark", "a\u061Cb", ""},
		{"line separator", "a\u2028b", ""},
		{"paragraph separator", "a\u2029b", ""},
		{"zero-width space", "a\u200Bb", ""},
		{"byte order mark", "\uFEFFada", ""},
		{"soft hyphen", "a\u00ADb", ""},
		{"word joiner", "a\u2060b", ""},
		{"Hangul filler", "\u3164", ""},
		{"half-width Hangul filler", "\uFFA0", ""},
		{"combining grapheme joiner", "a\u034Fb", ""},
		{"Braille blank", "\u2800", ""},
		{"tag letters alone", "ada\U000E0061", ""},
		{"private use", "\uE000", ""},
		{"joiner between letters", "a\u200Db", ""},
		{"joiner at the start", "\u200D👩", ""},
		{"joiner at the end", "👩\u200D", ""},
		{"variation selector after a letter", "a\uFE0F", ""},
		{"supplementary variation selector", "a\U000E0100", ""},
		{"emoji", "🚀", "🚀"},
		{"family", "👩\u200D👩\u200D👧", "👩\u200D👩\u200D👧"},
		{"skin tone", "👩🏽\u200D🚀", "👩🏽\u200D🚀"},
		{"heart on fire", "❤\uFE0F\u200D🔥", "❤\uFE0F\u200D🔥"},
		{"woman health worker", "👩\u200D⚕\uFE0F", "👩\u200D⚕\uFE0F"},
		{"keycap", "1\uFE0F\u20E3", "1\uFE0F\u20E3"},
		{"flag of Scotland", "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F", "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"},
		{"tag sequence without its end", "🏴\U000E0067\U000E0062", ""},
		{"tag sequence that goes on as letters", "🏴\U000E0067x", ""},
		{"national flag", "🇵🇹", "🇵🇹"},
		{"Arabic", "مريم", "مريم"},
		{"Hindi with vowel signs", "हिन्दी", "हिन्दी"},
		{"CJK", "王小明", "王小明"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := CleanName(c.in)
			if got != c.want {
				t.Fatalf("CleanName(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
			if c.want == "" {
				wantCode(t, err, protocol.CodeInvalidName)
			}
		})
	}
}

func TestRoomsHoldSixtyFourCodePoints(t *testing.T) {
	if got, err := CleanRoom(strings.Repeat("字", 64)); err != nil || utf8.RuneCountInString(got) != 64 {
		t.Fatalf("64 code points: %q, %v", got, err)
	}
	_, err := CleanRoom(strings.Repeat("字", 65))
	wantCode(t, err, protocol.CodeInvalidRoom)
}

func TestTextsStayAsTypedButForNewlines(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"plain", "hello", "hello"},
		{"tab and newline", "a\tb\nc", "a\tb\nc"},
		{"CR LF", "a\r\nb", "a\nb"},
		{"CR", "a\rb", "a\nb"},
		{"CR CR LF", "a\r\r\nb", "a\n\nb"},
		{"no normal form is forced", "Ame\u0301lie", "Ame\u0301lie"},
		{"bidirectional controls are text", "\u2067שלום\u2069", "\u2067שלום\u2069"},
		{"4,000", strings.Repeat("x", 4000), strings.Repeat("x", 4000)},
		{"4,000 lines of CR LF count once each", strings.Repeat("\r\n", 4000), strings.Repeat("\n", 4000)},
		{"4,001", strings.Repeat("x", 4001), ""},
		{"4,000 emoji", strings.Repeat("🚀", 4000), strings.Repeat("🚀", 4000)},
		{"empty", "", ""},
		{"NUL", "a\x00", ""},
		{"escape", "\x1b[2J", ""},
		{"DEL", "\x7f", ""},
		{"C1", "\u009b31m", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := CleanText(c.in)
			if got != c.want {
				t.Fatalf("CleanText(%.40q) = %.40q, %v; want %.40q", c.in, got, err, c.want)
			}
			if c.want == "" {
				wantCode(t, err, protocol.CodeInvalidText)
			}
		})
	}
}

func TestCleaningTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "name")
		once, err := CleanName(in)
		if err != nil {
			return
		}
		twice, err := CleanName(once)
		if err != nil || twice != once {
			t.Fatalf("%q cleaned to %q, then to %q, %v", in, once, twice, err)
		}
		if !norm.NFC.IsNormalString(once) || utf8.RuneCountInString(once) > protocol.MaxNameRunes {
			t.Fatalf("%q passed as a name", once)
		}
	})
}

func wantCode(t *testing.T, err error, code protocol.Code) {
	t.Helper()
	var refusal *protocol.Error
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
}
