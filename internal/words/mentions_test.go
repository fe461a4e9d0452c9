package words

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestAMentionIsTheWholeName(t *testing.T) {
	cases := []struct {
		text, name string
		want       bool
	}{
		{"@ada", "ada", true},
		{"hello @ada!", "ada", true},
		{"hello ada", "ada", false},
		{"(@ada)", "ada", true},
		{"@ada, @grace: look", "grace", true},
		{"@ADA", "ada", true},
		{"@ada", "Ada", true},
		{"@adam", "ada", false},
		{"@ada2", "ada", false},
		{"@adam and @ada", "ada", true},
		{"ada@ada.example", "ada", false},
		{"1@ada", "ada", false},
		{"é@ada", "ada", false},
		{"e\u0301@ada", "ada", false},
		{"हि@ada", "ada", false},
		{"@@ada", "ada", true},
		{"@ ada", "ada", false},
		{"@Ada Lovelace said", "Ada Lovelace", true},
		{"@Ada Lovelace said", "Ada", true},
		{"@Ada\u00A0Lovelace", "Ada Lovelace", false},
		{"@Adá", "Ada", false},
		{"@Ada\u0301", "Ada", false},
		{"@Ada\u0301", "Adá", true},
		{"@STRASSE", "Straße", true},
		{"@Straße", "STRASSE", true},
		{"@ΟΔΥΣΣΕΎΣ", "Οδυσσεύς", true},
		{"@\u03AA\u0301", "\u0390", true}, // a capital that has no sign of its own
		{"@🚀", "🚀", true},
		{"go @🚀🚀", "🚀", true},
		{"@👩\u200D🚀", "👩", false},
		{"@👩🏽", "👩", false},
		{"@❤", "❤\uFE0F", true},
		{"❤\uFE0F@ada", "ada", true},
		{"@Ada 🚀 hi", "Ada 🚀", true},
		{"@王小明", "王小明", true},
		{"@王小明你好", "王小明", true},
		{"@田中さん", "田中", true},
		{"@adaさん", "ada", true},
		{"@민수님", "민수", true},
		{"@a@b", "a@b", true},
		{"@a@a", "a", true},
		{"@@@", "@", true},
		{"@", "", false},
		{"", "ada", false},
	}
	for _, c := range cases {
		if got := Mentions(c.text, c.name); got != c.want {
			t.Errorf("Mentions(%q, %q) is %v", c.text, c.name, got)
		}
	}
}

// names are such as internal/room lets pass, letters of many scripts among them.
var names = rapid.StringMatching(`[a-zA-Zßéİςж王さ한🚀क][a-zA-Z ßéÉςΣжЖ王さ한🚀ि]{0,8}`)

func TestANameBetweenSpacesIsMentionedHoweverItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := norm.NFC.String(names.Draw(t, "name"))
		written := rapid.SampledFrom([]func(string) string{
			strings.Clone, strings.ToUpper, norm.NFD.String,
		}).Draw(t, "written")
		text := rapid.String().Draw(t, "before") + " @" + written(name) + " " + rapid.String().Draw(t, "after")
		if !Mentions(text, name) {
			t.Fatalf("%q doesn't mention %q", text, name)
		}
	})
}

func TestATextWithoutTheSignMentionsNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := names.Draw(t, "name")
		text := strings.ReplaceAll(rapid.String().Draw(t, "text")+name, "@", "")
		for _, text := range []string{text, "a@" + name, "@" + name + "a"} {
			if Mentions(text, name) {
				t.Fatalf("%q mentions %q", text, name)
			}
		}
	})
}
