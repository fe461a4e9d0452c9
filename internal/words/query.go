package words

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Query is what a person looks for: texts that have all of its phrases. One that
// has none finds nothing.
type Query []Phrase

// Phrase is tokens that stand one behind the other.
type Phrase struct {
	Tokens []string
	Prefix bool // the last token may be the beginning of a longer one
}

// Parse reads what a person typed. What has no space in it is one phrase (foo-bar,
// v1.2 and 東京 are), and so is what stands between quotation marks. The word that
// the text ends with may be unfinished, if it has more than one letter so far: a
// space behind it, or any other sign, says that it is whole.
func Parse(text string) Query {
	var q Query
	for part := range strings.SplitSeq(phrases(text), "\n") {
		if tokens := Tokens(part); len(tokens) > 0 {
			q = append(q, Phrase{Tokens: tokens})
		}
	}
	if len(q) > 0 {
		last := &q[len(q)-1]
		last.Prefix = endsInLetter(text) && unfinished(last.Tokens[len(last.Tokens)-1])
	}
	return q
}

// phrases is a text with its phrases on lines of their own. A quotation that isn't
// closed holds the rest.
func phrases(text string) string {
	quoted := false
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"', r == '“', r == '”', r == '„':
			quoted = !quoted
			return '\n'
		case !unicode.IsSpace(r):
			return r
		case quoted:
			return ' '
		}
		return '\n'
	}, text)
}

func endsInLetter(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// unfinished reports whether a token may be the beginning of a word that somebody
// is typing. One letter is that of too many.
func unfinished(token string) bool {
	first, size := utf8.DecodeRuneInString(token)
	return size < len(token) && !alone(first)
}

// Match reports whether a text is among those that q is looking for.
func (q Query) Match(text string) bool {
	if len(q) == 0 {
		return false
	}
	tokens := Tokens(text)
	for _, p := range q {
		if !p.in(tokens) {
			return false
		}
	}
	return true
}

func (p Phrase) in(tokens []string) bool {
	n := len(p.Tokens)
	for ; len(tokens) >= n; tokens = tokens[1:] {
		if p.begins(tokens[:n]) {
			return true
		}
	}
	return false
}

// begins reports whether as many tokens as the phrase has are the phrase.
func (p Phrase) begins(tokens []string) bool {
	last := len(tokens) - 1
	if !slices.Equal(tokens[:last], p.Tokens[:last]) {
		return false
	}
	if p.Prefix {
		return strings.HasPrefix(tokens[last], p.Tokens[last])
	}
	return tokens[last] == p.Tokens[last]
}
