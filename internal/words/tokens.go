package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Tokens gives the words of a text, in order and in the form in which they are
// compared:
//
//   - A word is a run of letters, digits and their marks. All else separates:
//     foo-bar, foo_bar and foo.bar are two words, and so is don't.
//   - A letter of a script that is written without spaces is a word of its own,
//     with its marks, and so is an emoji or another symbol.
//   - Case is folded (Straße is strasse), and so are compatible forms (NFKC: wide
//     and narrow letters, ligatures, ², ①). The accents of U+0300 to U+036F are
//     dropped (é is e, й is и); the vowel signs of other scripts are not.
//   - Invisible signs within a word, as the soft hyphen is one, are dropped.
//
// A token holds no space and, of ASCII, nothing but small letters and digits. The
// tokens of tokens are themselves.
func Tokens(text string) []string {
	var t tokenizer
	t.text(text)
	return t.tokens
}

type tokenizer struct {
	tokens []string
	word   []byte // the one that is being read, until it ends
	alone  bool   // it goes on with marks only
}

// text reads a text, which then ends.
func (t *tokenizer) text(s string) {
	if ascii(s) {
		t.asciiText(s)
		return
	}
	for _, r := range folded(s) {
		t.rune(r)
	}
	t.end()
}

// asciiText is what text does with texts that need no folding but of case: most.
func (t *tokenizer) asciiText(s string) {
	s = strings.ToLower(s) // itself, if there is nothing to do
	from := -1
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			if from < 0 {
				from = i
			}
		case from >= 0:
			t.tokens = append(t.tokens, s[from:i])
			from = -1
		}
	}
	if from >= 0 {
		t.tokens = append(t.tokens, s[from:])
	}
}

func (t *tokenizer) rune(r rune) {
	switch {
	case unicode.IsMark(r):
		if len(t.word) > 0 { // one that stands alone is on nothing
			t.word = utf8.AppendRune(t.word, r)
		}
	case alone(r):
		t.end()
		t.word, t.alone = utf8.AppendRune(t.word, r), true
	case unicode.In(r, unicode.L, unicode.N):
		if t.alone {
			t.end()
		}
		t.word = utf8.AppendRune(t.word, r)
	default:
		t.end()
	}
}

func (t *tokenizer) end() {
	if len(t.word) > 0 {
		t.tokens = append(t.tokens, string(t.word))
	}
	t.word, t.alone = t.word[:0], false
}

// alone: what is a word by itself.
func alone(r rune) bool { return grownTogether(r) || unicode.Is(unicode.So, r) }

// folded is what Tokens says of case, forms, accents and invisible signs.
func folded(s string) string {
	s = foldCase(norm.NFKD.String(s))
	s = strings.Map(func(r rune) rune {
		if dropped(r) {
			return -1
		}
		return r
	}, s)
	return norm.NFKC.String(s) // for Hangul and kana, whose parts are no words
}

func dropped(r rune) bool {
	switch {
	case '\u0300' <= r && r <= '\u036F':
		return true
	case r == zeroWidthSpace:
		return false // it is a place where a line may break: between words
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

const zeroWidthSpace = '\u200B'

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
