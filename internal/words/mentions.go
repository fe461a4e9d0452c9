package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Mentions reports whether text holds @ and name, in whatever case. Both stand
// alone: in ada@example.org is no mention of example, and in @adam none of ada. A
// name may hold spaces; where one name is the beginning of another, as Ada is of
// Ada Lovelace, both are mentioned.
func Mentions(text, name string) bool {
	if name == "" || !strings.Contains(text, "@") {
		return false // most texts
	}
	text, name = asNames(text), asNames(name)
	for {
		before, after, found := strings.Cut(text, "@"+name)
		if !found {
			return false
		}
		if !endsInWord(before) && !continues(after) {
			return true
		}
		text = text[len(before)+len("@"):] // a name may hold an @
	}
}

// asNames puts a text into the form in which names are compared: NFC and one case,
// without the selectors that some keyboards add to an emoji.
func asNames(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
	return norm.NFC.String(foldCase(s))
}

// endsInWord reports whether s ends in a letter or digit, whatever marks it has.
func endsInWord(s string) bool {
	s = strings.TrimRightFunc(s, unicode.IsMark)
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.In(r, unicode.L, unicode.N)
}

// continues reports whether s goes on with the word, or the emoji, that stood
// before it. A letter of a script whose words grow together doesn't: 田中さん is
// 田中, addressed with respect.
func continues(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case r == zeroWidthJoiner, r >= firstSkinTone && r <= lastSkinTone, unicode.IsMark(r):
		return true
	}
	return unicode.In(r, unicode.L, unicode.N) && !grownTogether(r)
}

const (
	zeroWidthJoiner = '\u200D'
	firstSkinTone   = '\U0001F3FB'
	lastSkinTone    = '\U0001F3FF'
)

// grownTogether: letters of scripts that put no space between words, or, as
// Hangul, none before what is appended to a word.
func grownTogether(r rune) bool {
	if r < '\u0E00' {
		return false
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) || r == prolonged
}

// prolonged lengthens the vowel before it; being of two scripts, it counts to none.
const prolonged = 'ー'
