//go:build e2e

package e2e

import (
	"bytes"
	"compress/flate"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHostileFrames(t *testing.T) { onEach(t, hostileFrames) }

func hostileFrames(t *testing.T, args ...string) {
	for name, c := range map[string]struct {
		offer string
		rows  []row
	}{
		"plain":    {"-Sec-WebSocket-Extensions", slices.Concat(frames(), closes(), badUTF8())},
		"deflated": {"Sec-WebSocket-Extensions: permessage-deflate", deflatedFrames(t)},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, args...)
			serveNext(t, s)
			hostile(t, s, c.rows, func(t *testing.T, r row) string {
				p := upgraded(t, s, c.offer)
				p.send(slices.Concat(r.send, stillThere()))
				seen := p.seen()
				p.conn.Close()
				return seen
			})
		})
	}
}

func inARow(frames ...[]byte) []byte { return slices.Concat(frames...) }

func frames() []row {
	many := func(n int, frame []byte) []byte { return bytes.Repeat(frame, n) }
	const broken, lives = "closed with 1002", "lives"
	rows := []row{
		{"a fragmented text", inARow(clientFrame(text, "{"), clientFrame(fin|cont, "}")), "Unknown message type; lives"},
		{"binary that holds JSON", clientFrame(fin|bin, "{}"), "Unknown message type; lives"},
		{"RSV1 without deflate", clientFrame(fin|rsv1|text, "{}"), broken},
		{"RSV2", clientFrame(fin|rsv2|text, "{}"), broken},
		{"RSV3", clientFrame(fin|rsv3|text, "{}"), broken},
		{"RSV1 on a ping", clientFrame(fin|rsv1|ping, ""), broken},
		{"an unmasked text", []byte("\x81\x02{}"), broken},
		{"an unmasked ping", []byte("\x89\x00"), broken},
		{"an unmasked close", []byte("\x88\x02\x03\xe8"), broken},
		{"a mask of zeros", []byte("\x81\x82\x00\x00\x00\x00{}"), "Unknown message type; lives"},

		{"a ping in fragments", inARow(clientFrame(ping, "a"), clientFrame(fin|cont, "b")), broken},
		{"a close in fragments", clientFrame(closing, "\x03\xe8"), broken},
		{"a ping of 125 bytes", clientFrame(fin|ping, strings.Repeat("p", 125)), "opcode 10 of 125 bytes; lives"},
		{"a ping of 126 bytes", clientFrame(fin|ping, strings.Repeat("p", 126)), broken},
		{"a pong of 64 KiB", clientFrame(fin|pong, strings.Repeat("p", 64<<10)), broken},
		{"a close of 126 bytes", clientFrame(fin|closing, "\x03\xe8"+strings.Repeat("r", 124)), broken},
		{"a pong that nobody asked for", clientFrame(fin|pong, "why not"), lives},
		{"a thousand such pongs", many(1000, clientFrame(fin|pong, "why not")), lives},
		{"pings between fragments", inARow(clientFrame(text, "{"), clientFrame(fin|ping, "1"), clientFrame(cont, ""), clientFrame(fin|ping, "22"), clientFrame(fin|cont, "}")),
			"opcode 10 of 1 bytes; opcode 10 of 2 bytes; Unknown message type; lives"},

		{"a length of 2^63", []byte("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00"), broken},
		{"a length of 2^64-1", []byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"), broken},
		{"a length of 2^63-1", []byte("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"), "closed with 1009"},
		{"a length of 4 GiB", []byte("\x82\xff\x00\x00\x00\x01\x00\x00\x00\x00"), "closed with 1009"},
		{"two bytes for 125", []byte("\x82\xfe\x00\x7d"), broken},
		{"two bytes for 0", []byte("\x82\xfe\x00\x00"), broken},
		{"eight bytes for 126", []byte("\x82\xff\x00\x00\x00\x00\x00\x00\x00\x7e"), broken},
		{"eight bytes for 65535", []byte("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff"), broken},

		{"a continuation of nothing", clientFrame(fin|cont, "{}"), broken},
		{"a first fragment that continues nothing", clientFrame(cont, "{}"), broken},
		{"a continuation behind a whole message", inARow(clientFrame(fin|text, "{}"), clientFrame(fin|cont, "{}")), "Unknown message type; " + broken},
		{"a text within a text", inARow(clientFrame(text, "{"), clientFrame(fin|text, "}")), broken},
		{"a binary within a text", inARow(clientFrame(text, "{"), clientFrame(bin, "}")), broken},
		{"256 fragments", inARow(clientFrame(text, "{"), many(254, clientFrame(cont, " ")), clientFrame(fin|cont, "}")), "Unknown message type; lives"},
		{"257 fragments", inARow(clientFrame(text, "{"), many(255, clientFrame(cont, " ")), clientFrame(fin|cont, "}")), "closed with 1008"},
		{"100,000 empty fragments", inARow(clientFrame(text, ""), many(100000, clientFrame(cont, ""))), "closed with 1008"},
		{"64 KiB", clientFrame(fin|text, "{"+strings.Repeat(" ", 65534)+"}"), "Unknown message type; lives"},
		{"64 KiB and a byte", clientFrame(fin|text, "{"+strings.Repeat(" ", 65535)+"}"), "closed with 1009"},
		{"64 KiB and a byte in two", inARow(clientFrame(text, strings.Repeat(" ", 40000)), clientFrame(fin|cont, strings.Repeat(" ", 25537))), "closed with 1009"},
		{"16 MB", clientFrame(fin|bin, strings.Repeat("x", 16<<20)), "closed with 1009"},
		{"16 MB in fragments of 1 kB", inARow(clientFrame(bin, ""), many(16<<10, clientFrame(cont, strings.Repeat("x", 1<<10)))), "closed with 1009"},
		{"100,000 empty texts", many(100000, clientFrame(fin|text, "")), strings.Repeat("Invalid JSON; ", 100) + "closed with 4429"},
		{"empty binary", clientFrame(fin|bin, ""), "Invalid JSON; lives"},
		{"random bytes", []byte("\x00\xffgarbage \r\n\r\n all over the place"), broken},
		{"TLS in the middle", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), broken},
		{"HTTP in the middle", []byte("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), broken},
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		rows = append(rows, row{fmt.Sprintf("opcode %d", op), clientFrame(fin|op, ""), broken})
	}
	return rows
}

func closes() []row {
	code := func(n uint16, reason string) []byte {
		return clientFrame(fin|closing, string([]byte{byte(n >> 8), byte(n)})+reason)
	}
	rows := []row{
		{"a close without a code", clientFrame(fin|closing, ""), "closed with 1005"},
		{"a close of one byte", clientFrame(fin|closing, "\x03"), "closed with 1002"},
		{"a close with bad UTF-8", code(1000, "\xff"), "closed with 1007"},
		{"a close with half a character", code(1000, "\xe2\x82"), "closed with 1007"},
		{"a close of 123 bytes of reason", code(1000, strings.Repeat("r", 123)), "closed with 1000"},
		{"a text behind a close", inARow(code(1000, ""), clientFrame(fin|text, "{}")), "closed with 1000"},
		{"a megabyte behind a close", inARow(code(1000, ""), clientFrame(fin|bin, strings.Repeat("x", 1<<20))), "closed with 1000"},
		{"garbage behind a close", inARow(code(1000, ""), []byte(strings.Repeat("\xff", 1<<10))), "closed with 1000"},
		{"a close behind a close", inARow(code(1000, ""), code(1001, "")), "closed with 1000"},
		{"a close within a text", inARow(clientFrame(text, "{"), code(1000, "")), "closed with 1000"},
		{"garbage behind what broke a rule", inARow(clientFrame(fin|rsv2|text, ""), []byte(strings.Repeat("\x88", 1<<20))), "closed with 1002"},
	}
	for _, n := range []uint16{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		rows = append(rows, row{fmt.Sprint("a close with ", n), code(n, "x"), "closed with 1002"})
	}
	for _, n := range []uint16{1001, 1003, 1007, 1011, 1014, 3000, 4500, 4999} {
		rows = append(rows, row{fmt.Sprint("a close with ", n), code(n, "x"), fmt.Sprint("closed with ", n)})
	}
	return rows
}

// badUTF8 is every way to be wrong, whole, cut by a fragment at each byte, and at
// the end of a message.
func badUTF8() []row {
	var rows []row
	for name, bad := range map[string]string{
		"a lone continuation":   "\x80",
		"an overlong slash":     "\xc0\xaf",
		"three bytes for two":   "\xe0\x80\xaf",
		"four bytes for three":  "\xf0\x80\x80\xaf",
		"a surrogate":           "\xed\xa0\x80",
		"a pair of surrogates":  "\xed\xa0\xbd\xed\xb8\x80",
		"beyond U+10FFFF":       "\xf4\x90\x80\x80",
		"a byte that is none":   "\xff",
		"five bytes":            "\xf8\x88\x80\x80\x80",
		"a character cut short": "\xf0\x9f\x98",
	} {
		whole := `"` + bad + `"`
		rows = append(rows,
			row{name + ", whole", clientFrame(fin|text, whole), "closed with 1007"},
			row{name + ", at the end", clientFrame(fin|text, bad), "closed with 1007"},
			row{name + ", before more than fits in one read", clientFrame(fin|text, whole+strings.Repeat(" ", 60000)), "closed with 1007"},
			row{name + ", in binary", clientFrame(fin|bin, whole), "Unknown message type; lives"},
		)
		for i := 1; i < len(whole); i++ {
			rows = append(rows, row{fmt.Sprintf("%s, cut at %d", name, i),
				inARow(clientFrame(text, whole[:i]), clientFrame(fin|cont, whole[i:])), "closed with 1007"})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	return append(rows,
		row{"a good character cut by a fragment", inARow(clientFrame(text, "\"\xf0\x9f"), clientFrame(fin|cont, "\x98\x80\"")), "Unknown message type; lives"},
		row{"bad UTF-8 in the first of many fragments, whose rest never comes", clientFrame(text, "\xff"), "closed with 1007"},
	)
}

func deflatedFrames(t *testing.T) []row {
	const bad, big = "closed with 1007", "closed with 1009"
	squeezed := func(s string) string { return deflate(t, s) }
	whole := func(payload string) []byte { return clientFrame(fin|rsv1|text, payload) }
	bomb := squeezed(strings.Repeat(" ", 60<<20)) // 60 KiB of it
	return []row{
		{"a good one", whole(squeezed("{}")), "Unknown message type; lives"},
		{"an uncompressed one", clientFrame(fin|text, "{}"), "Unknown message type; lives"},
		{"one in fragments", inARow(clientFrame(rsv1|text, squeezed("{}")[:1]), clientFrame(fin|cont, squeezed("{}")[1:])), "Unknown message type; lives"},
		{"RSV1 on a later fragment", inARow(clientFrame(rsv1|text, squeezed("{}")[:1]), clientFrame(fin|rsv1|cont, squeezed("{}")[1:])), "closed with 1002"},
		{"RSV1 on a ping", clientFrame(fin|rsv1|ping, squeezed("{}")), "closed with 1002"},
		{"RSV2", clientFrame(fin|rsv1|rsv2|text, squeezed("{}")), "closed with 1002"},
		{"64 KiB", whole(squeezed("{" + strings.Repeat(" ", 65534) + "}")), "Unknown message type; lives"},
		{"64 KiB and a byte", whole(squeezed("{" + strings.Repeat(" ", 65535) + "}")), big},
		{"a bomb of 60 MiB", whole(bomb), big},
		{"a bomb in binary", clientFrame(fin|rsv1|bin, bomb), big},
		{"a bomb in fragments", inARow(clientFrame(rsv1|text, bomb[:100]), clientFrame(cont, bomb[100:30000]), clientFrame(fin|cont, bomb[30000:])), big},
		{"a bomb of empty blocks", whole(strings.Repeat("\x00\x00\x00\xff\xff", 13000) + "\x00"), "Invalid JSON; lives"},
		{"ten thousand streams in one", whole(strings.Repeat("\x03\x00", 10000) + "\x00"), "Invalid JSON; lives"},
		{"an empty message", whole("\x00"), "Invalid JSON; lives"},
		{"nothing, which is no empty message", whole(""), bad},
		{"garbage", whole("\xff\xff\xff\xff"), bad},
		{"plain text as compressed", whole(`{"type":"join"}`), bad},
		{"a reserved block type", whole("\x07"), bad},
		{"a stored block of wrong length", whole("\x00\x05\x00\x00\x00hello"), bad},
		{"a stored block cut short", whole("\x00\x05\x00\xfa\xffhe"), bad},
		{"a distance before the start", whole("\x4b\x04\x12\x00"), bad},
		{"bad UTF-8 inside", whole(squeezed("\"\xff\"")), bad},
		{"half a character inside", whole(squeezed("\"\xe2\x82")), bad},
		{"a code table that is no tree", whole("\x04\xc0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x0b\x00\x00"), bad},
	}
}

// deflate is s as a compressed message carries it (RFC 7692 §7.2.1).
func deflate(t *testing.T, s string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
}
