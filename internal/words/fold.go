package words

import (
	"strings"
	"unicode"
)

// foldCase makes one of all the ways to write a letter in capitals or small, in a
// text that is decomposed: there, ß is the only one with two letters for a capital.
func foldCase(s string) string {
	return strings.ReplaceAll(strings.Map(foldRune, s), "ß", "ss")
}

// foldRune is the small letter of the capital, which is one for all: ς and σ have
// Σ.
func foldRune(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }
