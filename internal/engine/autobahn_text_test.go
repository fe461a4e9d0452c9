package engine_test

import (
	"fmt"
	"strings"
)

const (
	greek     = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5" // κόσμε
	surrogate = "\xed\xa0\x80"                                 // wrong from its second octet on
	beyond    = "\xf4\x90\x80\x80"                             // U+110000, wrong from its second octet on
	edited    = "edited"
)

// textCases are 6.1 to 6.3: UTF-8 in fragments that are empty, that end within a
// character, or that hold what is none.
func textCases() []autobahnCase {
	three := func(payloads ...string) []sent {
		frames := []sent{{op: opText, more: true}, {op: opContinuation, more: true}, {op: opContinuation}}
		for i, p := range payloads {
			frames[i].payload = p
		}
		return frames
	}
	const left, right = "Hello-µ@ßöä", "üàá-UTF-8!!"
	text := func(payload string) sent { return sent{op: opText, payload: payload} }
	bad := text(greek + surrogate + edited)
	return []autobahnCase{
		{id: "6.1.1", talk: echoed(together(text("")), opText, "")},
		{id: "6.1.2", talk: echoed(together(three()...), opText, "")},
		{id: "6.1.3", talk: echoed(together(three("", "middle frame payload", "")...), opText, "middle frame payload")},
		{id: "6.2.1", talk: echoed(together(text(left+right)), opText, left+right)},
		{id: "6.2.2", talk: echoed(together(fragments(text(left+right), len(left))...), opText, left+right)},
		{id: "6.2.3", talk: echoed(together(fragments(text(left+right), 1)...), opText, left+right)},
		{id: "6.2.4", talk: echoed(together(fragments(text(greek), 1)...), opText, greek)},
		{id: "6.3.1", talk: fails(1007, together(bad))},
		{id: "6.3.2", talk: fails(1007, together(fragments(bad, 1)...))},
	}
}

// failFastCases are 6.4: the connection fails at the octet that no text can have
// there, and does not wait for the message's end. The last part is never sent.
func failFastCases() []autobahnCase {
	whole := greek + beyond + edited
	inFrames := func(a, b string) func(c *client) {
		return failsAtSecond(sent{op: opText, payload: a, more: true}.bytes(), sent{op: opContinuation, payload: b, more: true}.bytes())
	}
	inChops := func(a, b int) func(c *client) {
		frame := sent{op: opText, payload: whole}.bytes()
		head := len(frame) - len(whole)
		return failsAtSecond(frame[:head+a], frame[head+a:head+b])
	}
	return []autobahnCase{
		{id: "6.4.1", talk: inFrames(greek, beyond)},
		{id: "6.4.2", talk: inFrames(whole[:12], whole[12:13])},
		{id: "6.4.3", talk: inChops(len(greek), len(greek+beyond))},
		{id: "6.4.4", talk: inChops(12, 13)},
	}
}

func failsAtSecond(first, second []byte) func(c *client) {
	return func(c *client) {
		c.t.Helper()
		c.say(first)
		c.lull()
		c.say(second)
		c.ends(1007)
	}
}

// byteCases are 6.5 to 6.23: the sequences of Markus Kuhn's stress test of UTF-8
// decoders, one message each.
func byteCases() []autobahnCase {
	var cases []autobahnCase
	for i, group := range byteGroups() {
		for j, s := range group {
			writes := together(sent{op: opText, payload: s.octets})
			talk := fails(1007, writes)
			if s.valid {
				talk = echoed(writes, opText, s.octets)
			}
			cases = append(cases, autobahnCase{id: fmt.Sprintf("6.%d.%d", i+5, j+1), talk: talk})
		}
	}
	return cases
}

// sequence is octets, and whether they are UTF-8.
type sequence struct {
	octets string
	valid  bool
}

func byteGroups() [][]sequence {
	is := func(octets ...string) []sequence { return sequences(true, octets) }
	no := func(octets ...string) []sequence { return sequences(false, octets) }
	cut := []string{ // the last octet is missing
		"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf",
	}
	return [][]sequence{
		is("hello$world", "hello¢world", "hello€world", "hello𤭢world", greek),
		prefixes(),
		// the first and the last of each length
		is("\x00", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"),
		no("\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"),
		is("\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"),
		no("\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"),
		append(is("\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"), no(beyond)...),
		// continuations of nothing, beginnings without a continuation
		no("\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", run(0x80, 0xbe, "")),
		no(run(0xc0, 0xde, " "), run(0xe0, 0xee, " "), run(0xf0, 0xf6, " "), run(0xf8, 0xfa, " "), run(0xfc, 0xfc, " ")),
		no(cut...),
		no(strings.Join(cut, "")),
		no("\xfe", "\xff", "\xfe\xfe\xff\xff"),
		// a slash, the highest, and NUL, each longer than need be
		no("\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"),
		no("\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"),
		no("\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"),
		// halves of UTF-16, alone and in pairs
		no("\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"),
		pairs(),
		nonCharacters(),
		is("\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"),
	}
}

func sequences(valid bool, octets []string) []sequence {
	var out []sequence
	for _, o := range octets {
		out = append(out, sequence{o, valid})
	}
	return out
}

// prefixes are those of a word whose characters end behind 2, 5, 7, 9 and 11 octets.
func prefixes() []sequence {
	valid := map[int]bool{2: true, 5: true, 7: true, 9: true, 11: true}
	var out []sequence
	for i := 1; i <= len(greek); i++ {
		out = append(out, sequence{greek[:i], valid[i]})
	}
	return out
}

// run is each octet from first to last, and what stands behind each.
func run(first, last byte, behind string) string {
	var b strings.Builder
	for o := first; o <= last; o++ {
		b.WriteByte(o)
		b.WriteString(behind)
	}
	return b.String()
}

func pairs() []sequence {
	var out []sequence
	for _, high := range []string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf"} {
		for _, low := range []string{"\xed\xb0\x80", "\xed\xbf\xbf"} {
			out = append(out, sequence{high + low, false})
		}
	}
	return out
}

// nonCharacters are the last two of each plane, which are valid UTF-8 (RFC 3629).
func nonCharacters() []sequence {
	var out []sequence
	for plane := rune(0); plane <= 0x10; plane++ {
		for _, last := range []rune{0xfffe, 0xffff} {
			out = append(out, sequence{string(plane<<16 | last), true})
		}
	}
	return out
}
