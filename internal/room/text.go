package room

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/protocol"
)

// The names that a join gets when it brings none.
const (
	DefaultName = "Anonymous"
	DefaultRoom = "general"
)

// CleanName puts a user's name into Unicode NFC and checks it: 1 to 40 code
// points, none of them a control character, a bidirectional control, a line
// separator, or invisible outside an emoji, and not all of them spaces. The error is a *protocol.Error
// with CodeInvalidName.
func CleanName(s string) (string, error) {
	return clean(s, protocol.MaxNameRunes, protocol.CodeInvalidName)
}

// CleanRoom is CleanName for a room's name: 1 to 64 code points, and
// CodeInvalidRoom.
func CleanRoom(s string) (string, error) {
	return clean(s, protocol.MaxRoomRunes, protocol.CodeInvalidRoom)
}

func clean(s string, maxRunes int, code protocol.Code) (string, error) {
	// Composing can only shorten a name by so much: a longer one is refused
	// before any work is spent on it. What comes from a URL may be no text at all.
	if len(s) > 16*maxRunes || !utf8.ValidString(s) {
		return "", &protocol.Error{Code: code}
	}
	s = norm.NFC.String(s)
	blank := strings.TrimSpace(s) == "" // nobody would see it
	if blank || utf8.RuneCountInString(s) > maxRunes || !nameRunesAllowed(s) {
		return "", &protocol.Error{Code: code}
	}
	return s, nil
}

// CleanText checks a message's text: 1 to 4,000 code points once CR LF and CR
// have become newlines, and no control character but tab and newline. It stays
// as typed otherwise: no normal form is forced on it. The error is a
// *protocol.Error with CodeInvalidText.
func CleanText(s string) (string, error) {
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	if n := utf8.RuneCountInString(s); n == 0 || n > protocol.MaxTextRunes || strings.ContainsFunc(s, forbiddenInText) {
		return "", &protocol.Error{Code: protocol.CodeInvalidText}
	}
	return s, nil
}

// CleanTopic checks what a room is said to be about: at most 250 code points in one
// line, none of them a control character; empty for nothing. The error is a
// *protocol.Error with CodeInvalidText or CodeTooLarge.
func CleanTopic(s string) (string, error) {
	if utf8.RuneCountInString(s) > protocol.MaxTopicRunes {
		return "", TooLarge("text", protocol.MaxTopicRunes, "code points")
	}
	if s = strings.TrimSpace(s); strings.ContainsFunc(s, unicode.IsControl) {
		return "", &protocol.Error{Code: protocol.CodeInvalidText, Text: "text: want one line without control characters"}
	}
	return s, nil
}

// CleanEmoji puts what somebody put on a message into Unicode NFC and checks it: at
// most 32 bytes that can be seen, without a space. The error is a *protocol.Error
// with CodeInvalidEmoji or CodeTooLarge.
func CleanEmoji(s string) (string, error) {
	if len(s) > protocol.MaxEmojiBytes {
		return "", TooLarge("emoji", protocol.MaxEmojiBytes, "bytes")
	}
	s = norm.NFC.String(s)
	if s == "" || len(s) > protocol.MaxEmojiBytes || strings.ContainsFunc(s, unicode.IsSpace) || !nameRunesAllowed(s) {
		return "", &protocol.Error{Code: protocol.CodeInvalidEmoji, Text: "emoji: want one that can be seen, such as 👍"}
	}
	return s, nil
}

// TooLarge is the refusal of a field that has more than a limit allows.
func TooLarge(field string, limit int, of string) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeTooLarge, Text: fmt.Sprintf("%s: at most %d %s", field, limit, of)}
}

// forbiddenInText: U+0000–001F but for tab and newline, and U+007F–009F.
func forbiddenInText(r rune) bool {
	return r != '\t' && r != '\n' && unicode.IsControl(r)
}

// nameRunesAllowed walks s with one code point of memory on each side, since
// what joins or varies an emoji is allowed only next to one.
func nameRunesAllowed(s string) bool {
	var before rune // the last visible code point or joiner, 0 at the start
	inTags := false // inside an emoji's tag sequence, which CANCEL TAG ends
	for i, r := range s {
		next := runeAt(s[i+utf8.RuneLen(r):])
		switch {
		case isTag(r): // the flags of England, Scotland and Wales: 🏴 and tags
			if !inTags && before != blackFlag {
				return false
			}
			inTags = r != cancelTag
			before = r
			continue
		case inTags:
			return false // a tag sequence that CANCEL TAG never ended
		case r == zeroWidthJoiner:
			if !(isEmojiPart(before) && isEmojiBase(next)) {
				return false
			}
		case r == variationText || r == variationEmoji:
			if !isEmojiBase(before) && !isKeycapBase(before) {
				return false
			}
		case invisible(r):
			return false
		}
		before = r
	}
	return !inTags
}

const (
	zeroWidthJoiner = '\u200D'
	variationText   = '\uFE0E'
	variationEmoji  = '\uFE0F'
	keycap          = '\u20E3'
	blackFlag       = '\U0001F3F4'
	cancelTag       = '\U000E007F'
)

func isTag(r rune) bool { return r >= '\U000E0020' && r <= cancelTag }

// runeAt is the first code point of s, 0 at its end.
func runeAt(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// isEmojiBase: code points that can start an emoji or stand behind a joiner.
// They are symbols (So; ↔ is Sm), but for ℹ and 〰. UTS #51 has the exact list;
// allowing a selector behind other symbols harms nobody.
func isEmojiBase(r rune) bool {
	return r > 0xA8 && (unicode.In(r, unicode.So, unicode.Sm) || r == 'ℹ' || r == '〰')
}

// isEmojiPart: what may stand before a joiner: a base, its variation selector
// or its skin tone (Sk).
func isEmojiPart(r rune) bool {
	return isEmojiBase(r) || r == variationEmoji || r == keycap || (r >= 0x1F3FB && r <= 0x1F3FF)
}

// isKeycapBase: what a variation selector may follow besides symbols: the keys
// of a telephone, and ‼ and ⁉.
func isKeycapBase(r rune) bool {
	return r >= '0' && r <= '9' || r == '#' || r == '*' || r == '‼' || r == '⁉'
}

// invisible: controls (Cc), formats, bidirectional controls and zero-width
// signs (Cf), line and paragraph separators (Zl, Zp), private use and
// surrogates (Co, Cs), and the letters, marks and fillers that show nothing.
func invisible(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
		return true
	case unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return true
	case r == '\u2800': // BRAILLE PATTERN BLANK
		return true
	}
	return false
}
