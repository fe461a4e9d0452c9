package tui

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// visible is what others wrote, fit for a terminal: each character that could
// move its cursor, change its state or reorder its letters stands as U+FFFD.
// Newline and tab stay.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.In(r, unicode.Zl, unicode.Zp):
			return utf8.RuneError
		}
		return r
	}, s)
}

// visibleLine is visible for names, which have one line.
func visibleLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return utf8.RuneError
		}
		return r
	}, visible(s))
}

// escapeSequence is what programs put into their output for a terminal
// (ECMA-48): CSI with its final letter, OSC with its end, and the short ones.
var escapeSequence = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)|\x1b[ -/]*[0-~]")

// messages is a line of input as the texts that carry it: without the escape
// sequences and control characters that the server would refuse it for, valid
// UTF-8, and in pieces of at most protocol.MaxTextRunes. A line that shows
// nothing is none.
func messages(line string) []string {
	line = strings.ToValidUTF8(line, "\uFFFD")
	line = escapeSequence.ReplaceAllString(line, "")
	line = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return -1
		}
		return r
	}, line)
	var all []string
	for len(line) > 0 {
		piece := line[:runesEnd(line, protocol.MaxTextRunes)]
		line = line[len(piece):]
		if strings.TrimSpace(piece) != "" {
			all = append(all, piece)
		}
	}
	return all
}

// runesEnd is the length in bytes of the first n code points of s.
func runesEnd(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// nameFrom makes a name that the server takes out of the system's name for a
// user, which may hold anything.
func nameFrom(user string) string {
	if i := strings.LastIndexByte(user, '\\'); i >= 0 {
		user = user[i+1:] // Windows: DOMAIN\user
	}
	user = norm.NFC.String(strings.ToValidUTF8(user, ""))
	user = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, user))
	name, err := room.CleanName(user[:runesEnd(user, protocol.MaxNameRunes)])
	if err != nil {
		return room.DefaultName
	}
	return name
}
