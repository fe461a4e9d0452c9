package frame_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/frame"
)

func TestGoodStreamsGiveTheirMessages(t *testing.T) {
	long := strings.Repeat("lobby ", 20_000)
	for name, c := range map[string]struct {
		role   frame.Role
		stream []byte
		want   []frame.Message
	}{
		"RFC 6455 §5.7, an unmasked text": {frame.Client, []byte("\x81\x05Hello"), messages("Hello")},
		"RFC 6455 §5.7, a masked text":    {frame.Server, []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), messages("Hello")},
		"RFC 6455 §5.7, in two fragments": {frame.Client, []byte("\x01\x03Hel\x80\x02lo"), messages("Hello")},
		"RFC 6455 §5.7, ping and pong": {frame.Server,
			[]byte("\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
			[]frame.Message{{Op: frame.Ping, Payload: []byte("Hello")}, {Op: frame.Pong, Payload: []byte("Hello")}}},
		"empty text":                  {frame.Server, fromClient(0x81, ""), messages("")},
		"empty fragments":             {frame.Server, join(fromClient(0x01, ""), fromClient(0x00, ""), fromClient(0x80, "")), messages("")},
		"125 bytes":                   {frame.Server, fromClient(0x81, long[:125]), messages(long[:125])},
		"126 bytes":                   {frame.Server, fromClient(0x81, long[:126]), messages(long[:126])},
		"65535 bytes":                 {frame.Server, fromClient(0x81, long[:65535]), messages(long[:65535])},
		"65536 bytes":                 {frame.Server, fromClient(0x81, long[:65536]), messages(long[:65536])},
		"a binary that is not UTF-8":  {frame.Server, fromClient(0x82, "\xff"), []frame.Message{{Op: frame.Binary, Payload: []byte("\xff")}}},
		"a rune across two fragments": {frame.Server, join(fromClient(0x01, "gr\xc3"), fromClient(0x80, "\xa4ce")), messages("gräce")},
		"two messages":                {frame.Server, join(fromClient(0x81, "ada"), fromClient(0x81, "grace")), messages("ada", "grace")},
		"a ping inside a message": {frame.Server, join(fromClient(0x01, "a"), fromClient(0x89, "?"), fromClient(0x00, "d"), fromClient(0x80, "a")),
			append([]frame.Message{{Op: frame.Ping, Payload: []byte("?")}}, messages("ada")...)},
		"a longest ping": {frame.Server, fromClient(0x89, long[:125]), []frame.Message{{Op: frame.Ping, Payload: []byte(long[:125])}}},
		"a close":        {frame.Server, fromClient(0x88, "\x03\xe8bye"), []frame.Message{{Op: frame.Close, Payload: []byte("\x03\xe8bye")}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := frame.NewDecoder(c.role, false, roomy)
			want := outcome{messages: c.want, idle: true}
			sameOutcome(t, decode(t, d, c.stream), want)
			sameOutcome(t, decode(t, d, c.stream, everyByte(c.stream)...), want)
		})
	}
}

func messages(texts ...string) (list []frame.Message) {
	for _, s := range texts {
		list = append(list, frame.Message{Op: frame.Text, Payload: []byte(s)})
	}
	return list
}

// A stream is refused at its last byte: what comes before is still good.
func TestBrokenRulesEndTheStreamAtOnce(t *testing.T) {
	limits := frame.Limits{MessageBytes: 1000, Fragments: 3}
	hello := "\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
	for name, c := range map[string]struct {
		role   frame.Role
		bad    string
		code   uint16
		reason string // part of it
	}{
		"RSV2":                                   {frame.Server, "\xa1", 1002, "RSV2"},
		"RSV3":                                   {frame.Server, "\x91", 1002, "RSV3"},
		"RSV1 on a ping":                         {frame.Server, "\xc9", 1002, "RSV1"},
		"RSV1 on a close":                        {frame.Server, "\xc8", 1002, "RSV1"},
		"RSV1 on a continuation":                 {frame.Server, "\x41\x80\x37\xfa\x21\x3d\xc0", 1002, "RSV1"},
		"opcode 3":                               {frame.Server, "\x83", 1002, "opcode"},
		"opcode 7":                               {frame.Server, "\x87", 1002, "opcode"},
		"opcode 11":                              {frame.Server, "\x8b", 1002, "opcode"},
		"opcode 15":                              {frame.Server, "\x8f", 1002, "opcode"},
		"a ping in fragments":                    {frame.Server, "\x09", 1002, "fragmented"},
		"a close in fragments":                   {frame.Server, "\x08", 1002, "fragmented"},
		"a ping of 126 bytes":                    {frame.Server, "\x89\xfe", 1002, "125"},
		"a pong with a 64-bit length":            {frame.Server, "\x8a\xff", 1002, "125"},
		"an unmasked text from a client":         {frame.Server, "\x81\x05", 1002, "must mask"},
		"an unmasked close from a client":        {frame.Server, "\x88\x00", 1002, "must mask"},
		"a masked text from a server":            {frame.Client, "\x81\x85", 1002, "must not mask"},
		"125 in 16 bits":                         {frame.Server, "\x81\xfe\x00\x7d", 1002, "fewest"},
		"65535 in 64 bits":                       {frame.Server, "\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff", 1002, "fewest"},
		"the top bit of a length":                {frame.Server, "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", 1002, "top bit"},
		"a continuation of nothing":              {frame.Server, "\x80", 1002, "continuation"},
		"a continuation after a whole message":   {frame.Server, "\x81\x85" + hello + "\x80", 1002, "continuation"},
		"a text inside a message":                {frame.Server, "\x01\x80\x37\xfa\x21\x3d\x81", 1002, "unfinished"},
		"a binary inside a message, after pings": {frame.Server, "\x01\x80\x37\xfa\x21\x3d\x89\x85" + hello + "\x02", 1002, "unfinished"},
		"a header of 1001 bytes":                 {frame.Server, "\x81\xfe\x03\xe9", 1009, "1000 bytes"},
		"a header of an exabyte":                 {frame.Server, "\x82\xff\x10\x00\x00\x00\x00\x00\x00\x00", 1009, "1000 bytes"},
		"the largest length":                     {frame.Server, "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 1009, "1000 bytes"},
		"5 bytes and then 996":                   {frame.Server, "\x01\x85" + hello + "\x80\xfe\x03\xe4", 1009, "1000 bytes"},
		"5 bytes and then the largest length":    {frame.Server, "\x01\x85" + hello + "\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 1009, "1000 bytes"},
		"a compressed header of 1001 bytes":      {frame.Server, "\xc1\xfe\x03\xe9", 1009, "1000 bytes"},
		"a fourth fragment, all of them empty":   {frame.Server, "\x01\x80\x37\xfa\x21\x3d\x00\x80\x37\xfa\x21\x3d\x00\x80\x37\xfa\x21\x3d\x00", 1008, "3 fragments"},
		"a text that is not UTF-8":               {frame.Client, "\x81\x01\xff", 1007, "UTF-8"},
		"a text that ends inside a rune":         {frame.Client, "\x81\x02a\xc3", 1007, "UTF-8"},
		"a last fragment that does":              {frame.Client, "\x01\x01a\x80\x01\xc3", 1007, "UTF-8"},
		"half a surrogate pair, its third byte still to come": {frame.Client, "\x81\x05a\xed\xa0", 1007, "UTF-8"},
		"an overlong slash":                           {frame.Client, "\x01\x01a\x80\x7d\xc0", 1007, "UTF-8"},
		"a rune cut by a ping and then not continued": {frame.Client, "\x01\x01\xc3\x89\x01?\x80\x05a", 1007, "UTF-8"},
		"a compressed text that is not UTF-8":         {frame.Client, "\xc1\x06\xfa\x0f\x00\x00\x00\xff", 1007, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := frame.NewDecoder(c.role, true, limits)
			bad := []byte(c.bad)
			whole := decode(t, d, bad)
			if whole.fail == nil {
				t.Fatal("was accepted")
			}
			if whole.fail.Code != c.code || !strings.Contains(whole.fail.Reason, c.reason) {
				t.Errorf("ended with %v, want %d and a reason with %q", whole.fail, c.code, c.reason)
			}
			if n := len(whole.fail.Reason); n > 123 {
				t.Errorf("the reason has %d bytes; a close frame holds 123", n)
			}
			sameOutcome(t, decode(t, d, bad, everyByte(bad)...), whole)
			if before := decode(t, d, bad[:len(bad)-1]); before.fail != nil {
				t.Errorf("was refused before its last byte: %v", before.fail)
			}
		})
	}
}

func TestCompressionIsRefusedWhereItWasNotNegotiated(t *testing.T) {
	d := frame.NewDecoder(frame.Server, false, roomy)
	if out := decode(t, d, []byte{0xc1}); out.fail == nil || out.fail.Code != 1002 {
		t.Errorf("ended with %v, want 1002", out.fail)
	}
}

// Every first byte there is, against the rules as RFC 6455 §5.2 lists them.
func TestEveryFirstByteIsAcceptedOrRefusedByTheRules(t *testing.T) {
	for first := range 256 {
		for _, open := range []bool{false, true} {
			for _, deflate := range []bool{false, true} {
				op, fin, rsv1, rsv23 := first&15, first>>7 == 1, first>>6&1 == 1, first>>4&3 != 0
				data, control := op <= 2, op >= 8 && op <= 10
				good := !rsv23 && (control && fin && !rsv1 || data && (op == 0) == open && (!rsv1 || deflate && op != 0))
				d := frame.NewDecoder(frame.Server, deflate, roomy)
				var before []byte
				if open {
					before = fromClient(0x01, "a")
				}
				out := decode(t, d, append(before, byte(first)))
				if (out.fail == nil) != good {
					t.Errorf("first byte %#x, open %v, deflate %v: ended with %v", first, open, deflate, out.fail)
				}
			}
		}
	}
}

func TestControlFramesDontCountAgainstAMessage(t *testing.T) {
	d := frame.NewDecoder(frame.Server, false, frame.Limits{MessageBytes: 6, Fragments: 2})
	stream := fromClient(0x01, "ada")
	for range 300 {
		stream = append(stream, fromClient(0x89, "are you there?")...)
	}
	stream = append(stream, fromClient(0x80, "ada")...)
	out := decode(t, d, stream)
	if out.fail != nil || len(out.messages) != 301 {
		t.Errorf("%d messages, then %v; want 301", len(out.messages), out.fail)
	}
}

func TestBadTextFailsAtItsFirstBadByte(t *testing.T) {
	ends := continuations(3)
	for _, text := range []string{
		"\x80", "\xbf", "a\x80", "\xc0\x80", "\xc1\xbf", "\xc2a", "\xc2\xc2", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe0\xa0a", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xee\x80\x80\x80", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90a", "\xf0\x90\x80\x80\x80", "\xf4\x8f\xbf\xc0", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xfe", "\xff", "κόσμε\xed\xa0\x80edited", "κόσμε\xf4\x90\x80\x80edited",
	} {
		bad := 0 // the first byte after which nothing can make the text good
		for canEnd(text[:bad], ends) {
			bad++
		}
		header := []byte("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00")
		stream := join(header, []byte(text))
		d := frame.NewDecoder(frame.Client, false, roomy)
		for i := range stream {
			_, _, _, err := d.Decode(stream[i : i+1])
			if at := i - len(header) + 1; (err != nil) != (at >= bad) {
				t.Errorf("%q: after %d bytes of text the error is %v; the bad byte is number %d", text, at, err, bad)
				break
			}
		}
	}
}

// continuations is every way to go on with up to n of the bytes at which UTF-8's
// ranges begin and end.
func continuations(n int) []string {
	all := []string{""}
	for last := all; n > 0; n-- {
		var next []string
		for _, s := range last {
			for _, b := range []string{"\x80", "\x8f", "\x90", "\x9f", "\xa0", "\xbf"} {
				next = append(next, s+b)
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

func canEnd(text string, ends []string) bool {
	for _, end := range ends {
		if utf8.ValidString(text + end) {
			return true
		}
	}
	return false
}

func TestAWholeFrameIsUnmaskedWhereItLies(t *testing.T) {
	d := frame.NewDecoder(frame.Server, true, roomy)
	p := join(fromClient(0x81, "ada"), fromClient(0x81, "grace"))
	_, m, ok, err := d.Decode(p)
	if !ok || err != nil {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	if &m.Payload[0] != &p[6] {
		t.Error("the payload was copied")
	}
	if cap(m.Payload) != len(m.Payload) {
		t.Error("an append to the payload would run into the next frame")
	}
}

func TestAWholeFrameCostsNoAllocation(t *testing.T) {
	for name, stream := range map[string][]byte{
		"text":                          fromClient(0x81, strings.Repeat("lobby ", 20)),
		"ping":                          fromClient(0x89, "?"),
		"a ping between two fragments":  fromClient(0x89, "?"),
		"several messages in one piece": join(fromClient(0x81, "ada"), fromClient(0x82, "grace"), fromClient(0x8a, "")),
	} {
		d := frame.NewDecoder(frame.Server, true, roomy)
		if strings.Contains(name, "between") {
			decodeAll(t, &d, fromClient(0x01, "a"))
		}
		p := make([]byte, len(stream))
		if n := testing.AllocsPerRun(100, func() { decodeAll(t, &d, p[:copy(p, stream)]) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func decodeAll(t testing.TB, d *frame.Decoder, p []byte) {
	for len(p) > 0 {
		n, _, _, err := d.Decode(p)
		if err != nil {
			t.Fatal(err)
		}
		p = p[n:]
	}
}

func TestIdleMeansThatNothingHasBegun(t *testing.T) {
	d := frame.NewDecoder(frame.Server, false, roomy)
	for i, step := range []struct {
		bytes []byte
		idle  bool
	}{
		{nil, true},
		{fromClient(0x81, "ada"), true},
		{fromClient(0x81, "ada")[:1], false},
		{fromClient(0x81, "ada")[1:7], false},
		{fromClient(0x81, "ada")[7:], true},
		{fromClient(0x01, "ada"), false},
		{fromClient(0x89, "?")[:3], false},
		{fromClient(0x89, "?")[3:], false},
		{fromClient(0x80, "")[:5], false},
		{fromClient(0x80, "")[5:], true},
		{fromClient(0x89, "?")[:6], false},
		{fromClient(0x89, "?")[6:], true},
	} {
		decodeAll(t, &d, bytes.Clone(step.bytes))
		if d.Idle() != step.idle {
			t.Errorf("step %d: idle is %v", i, d.Idle())
		}
	}
}

// A header may announce whatever the limit allows: only what arrives is held.
func TestAnAnnouncedLengthReservesNothing(t *testing.T) {
	header := []byte("\x82\xff\x00\x00\x00\x00\x3f\xff\xff\xff\x00\x00\x00\x00") // 1 GiB - 1
	d := frame.NewDecoder(frame.Server, false, frame.Limits{MessageBytes: 1 << 30, Fragments: 1})
	n := allocated(func() {
		decodeAll(t, &d, header)
		decodeAll(t, &d, make([]byte, 10))
	})
	if n > 1024 {
		t.Errorf("10 bytes of a frame hold %d bytes of memory", n)
	}
}

// allocated is how many bytes of memory f took, given back or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestReasonsFitIntoACloseFrameAtAnyLimit(t *testing.T) {
	most := int(^uint(0) >> 1)
	for _, e := range []*frame.Error{
		decode(t, frame.NewDecoder(frame.Server, false, frame.Limits{MessageBytes: most - 1, Fragments: 1}), []byte("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff")).fail,
		decode(t, frame.NewDecoder(frame.Client, false, frame.Limits{MessageBytes: 9, Fragments: 1}), []byte("\x01\x00\x00")).fail,
	} {
		if e == nil || len(e.Reason) > 123 || !strings.Contains(e.Error(), fmt.Sprint(e.Code)) {
			t.Errorf("got %v", e)
		}
	}
}
