package words

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestTokensAreWords(t *testing.T) {
	for text, want := range map[string]string{ // tokens with | between
		"":                                "",
		"Hello, World!":                   "hello|world",
		"don't":                           "don|t",
		"don’t":                           "don|t",
		"foo-bar foo_bar foo.bar":         "foo|bar|foo|bar|foo|bar",
		"v1.2.3":                          "v1|2|3",
		"https://chat.example/a?b=c":      "https|chat|example|a|b|c",
		"  tabs\tand\nlines  ":            "tabs|and|lines",
		"Straße STRASSE":                  "strasse|strasse",
		"Éclair e\u0301clair":             "eclair|eclair",
		"Ångström":                        "angstrom",
		"ёлка":                            "елка",
		"ΟΔΥΣΣΕΎΣ":                        "οδυσσευσ",
		"İstanbul":                        "istanbul",
		"ﬁne ｆｕｌｌ ２":                      "fine|full|2",
		"x² ①":                            "x2|1",
		"co\u00ADoperate":                 "cooperate",
		"می\u200Cخواهم":                   "میخواهم",
		"हिन्दी कि का":                    "हिन्दी|कि|का",
		"東京タワー":                           "東|京|タ|ワ|ー",
		"ﾃﾞｰﾀ データ":                        "デ|ー|タ|デ|ー|タ",
		"か\u3099 が":                       "が|が",
		"iPhone手机2":                       "iphone|手|机|2",
		"葛\U000E0100":                     "葛",
		"한국어":                             "한|국|어",
		"\u1112\u1161\u11AB":              "한",
		"ภาษาไทย":                         "ภ|า|ษ|า|ไ|ท|ย",
		"ที่นี่":                          "ที่|นี่",
		"ก\u200Bข":                        "ก|ข",
		"go 🚀🚀!":                          "go|🚀|🚀",
		"👩🏽\u200D🚀":                       "👩|🚀",
		"❤\uFE0F ❤":                       "❤|❤",
		"\u0301 \u0301a":                  "a",
		"C++ #general $5 50%":             "c|general|5|50",
		`"quoted" AND (x OR y*) NEAR ^z:`: "quoted|and|x|or|y|near|z",
	} {
		if got := strings.Join(Tokens(text), "|"); got != want {
			t.Errorf("%q has the tokens %q, want %q", text, got, want)
		}
	}
}

func TestAQueryFindsWhatItMeans(t *testing.T) {
	cases := []struct {
		query, text string
		want        bool
	}{
		{"hello", "Hello, world", true},
		{"hello world", "the world says hello", true},
		{"hello moon", "hello world", false},
		{"stateful", "a state", false},
		{"state", "stateful", true}, // it may be unfinished
		{"state ", "stateful", false},
		{"state.", "stateful", false},
		{"state x", "stateful x", false}, // only the last word may be
		{"hel wor", "hel world", true},
		{"s", "state", false},
		{"s", "that's it", true},
		{"foo-bar", "a foo-bar", true},
		{"foo-bar", "foo then bar", false},
		{"foo-bar", "bar foo", false},
		{"foo-ba", "foo-bar", true},
		{"foo -bar", "bar foo", true},
		{"don't", "I don’t know", true},
		{"don't", "don and t", false},
		{`"red fish"`, "one red fish", true},
		{`"red fish"`, "red or blue fish", false},
		{`"red fis"`, "red fish", false},
		{`"red fis`, "red fish", true},
		{`“red fish” blue`, "blue and red fish", true},
		{`a "b c" d`, "d b c a", true},
		{`a "b c" d`, "d c b a", false},
		{`x"y"z`, "z y x", true},
		{"東", "東京", true},
		{"東京", "私は東京に住む", true},
		{"東京", "京東", false},
		{"京都", "東京と都", false},
		{"한국", "한국어를", true},
		{"ไทย", "ภาษาไทย", true},
		{"🚀", "go🚀go", true},
		{"caf\u00E9", "CAFE\u0301", true},
		{"cafe", "café", true},
		{"", "anything", false},
		{"   ", "anything", false},
		{`"""`, "anything", false},
		{"-?!*", "anything -?!*", false},
		{"AND", "and so on", true},
		{"NEAR(a b)", "near a b", true},
	}
	for _, c := range cases {
		if got := Parse(c.query).Match(c.text); got != c.want {
			t.Errorf("%q in %q is %v", c.query, c.text, got)
		}
	}
}

func TestATextIsFoundByAnyRunOfItsWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		tokens := Tokens(text)
		if len(tokens) == 0 {
			t.Skip("no words")
		}
		from := rapid.IntRange(0, len(tokens)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(tokens)).Draw(t, "to")
		for _, query := range []string{strings.Join(tokens[from:to], " "), `"` + strings.Join(tokens[from:to], " ") + `"`} {
			if !Parse(query).Match(text) {
				t.Fatalf("%q isn't found by %q", text, query)
			}
		}
	})
}

func TestALetterIsFoldedWithAllItsCases(t *testing.T) {
	for r := range unicode.MaxRune {
		if other := unicode.SimpleFold(r); foldRune(r) != foldRune(other) {
			t.Errorf("%c is folded to %c, and %c to %c", r, foldRune(r), other, foldRune(other))
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, text := range []string{"Hello, World!", "e\u0301 ﬁ ２ ŉ ẞ İ", "東京タワー한국어", "👩🏽\u200D🚀 ❤\uFE0F", "\u0345\u03B9\u0308", "a\u200Bb\u00ADc", `"a" AND b*`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		tokens := Tokens(text)
		for _, token := range tokens {
			checkToken(t, token)
		}
		if again := Tokens(strings.Join(tokens, " ")); !slices.Equal(again, tokens) {
			t.Fatalf("%q has the tokens %q, which have the tokens %q", text, tokens, again)
		}
		if composed := Tokens(norm.NFC.String(text)); !slices.Equal(composed, tokens) {
			t.Fatalf("%q has the tokens %q, and composed %q", text, tokens, composed)
		}
		for _, p := range Parse(text) {
			for _, token := range p.Tokens {
				checkToken(t, token)
			}
		}
		if len(tokens) > 0 && !Parse(text).Match(text) {
			t.Fatalf("%q doesn't find itself", text)
		}
	})
}

// checkToken holds a token to what an index may rely on.
func checkToken(t *testing.T, token string) {
	t.Helper()
	if token == "" || !utf8.ValidString(token) {
		t.Fatalf("the token %q", token)
	}
	for _, r := range token {
		if small := 'a' <= r && r <= 'z' || '0' <= r && r <= '9'; !small && r < utf8.RuneSelf || unicode.IsSpace(r) {
			t.Fatalf("the token %q holds %q", token, r)
		}
	}
}

func BenchmarkTokens(b *testing.B) {
	for name, text := range map[string]string{
		"ascii":    strings.Repeat("what People say ", 6),
		"accented": strings.Repeat("ce que l’on répète ", 5),
		"cjk":      strings.Repeat("私は東京に住む。", 6),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Tokens(text)
			}
		})
	}
}
