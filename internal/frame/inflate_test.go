package frame_test

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

func compressedText(payload string) []byte {
	return wireFrame{first: 0xc1, payload: []byte(payload), bare: true}.bytes()
}

func TestCompressedMessagesInflateHoweverTheirBlocksAreCut(t *testing.T) {
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00"
	for name, c := range map[string]struct {
		stream []byte
		want   string
	}{
		"RFC 7692 §7.2.3.1, one block":                      {compressedText(hello), "Hello"},
		"RFC 7692 §7.2.3.1, in two fragments":               {[]byte("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), "Hello"},
		"RFC 7692 §7.2.3.3, a block without compression":    {compressedText("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello"},
		"RFC 7692 §7.2.3.4, BFINAL set":                     {compressedText("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello"},
		"RFC 7692 §7.2.3.5, two blocks":                     {compressedText("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello"},
		"RFC 7692 §7.2.3.6, empty":                          {compressedText("\x00"), ""},
		"empty, with BFINAL set":                            {compressedText("\x03\x00\x00"), ""},
		"two blocks, BFINAL set on both":                    {compressedText("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "HelloHello"},
		"BFINAL set on the first block only":                {compressedText("\xf3\x48\xcd\xc9\xc9\x07\x00" + hello), "HelloHello"},
		"an uncompressed message where compression is on":   {[]byte("\x81\x05Hello"), "Hello"},
		"a message that ends with what the sender left off": {compressedText(hello + "\x00\x00\xff\xff\x00"), "Hello"},
	} {
		t.Run(name, func(t *testing.T) {
			d := frame.NewDecoder(frame.Client, true, roomy)
			want := outcome{messages: messages(c.want), idle: true}
			sameOutcome(t, decode(t, d, c.stream), want)
			sameOutcome(t, decode(t, d, c.stream, everyByte(c.stream)...), want)
		})
	}
}

func TestBadDeflateDataEndsWith1007(t *testing.T) {
	lobby := string(deflated(t, []byte(strings.Repeat("lobby ", 100)), flate.BestSpeed))
	for name, payload := range map[string]string{
		"nothing at all":                          "",
		"a reserved block type":                   "\x06",
		"a copy from before the start":            "\x02\x03\x00\x00",
		"the context of an earlier message":       "\xf2\x00\x11\x00\x00", // RFC 7692 §7.2.3.2's second message
		"cut short":                               lobby[:len(lobby)-3],
		"an uncompressed block cut short":         "\x00\x05\x00\xfa\xffHel",
		"an uncompressed block cut far too short": "\x00\xff\x00\x00\xffHel",
		"a length without its complement":         "\x00\x05\x00\x05\x00Hello\x00",
		"a final block without the byte after it": "\xf3\x48\xcd\xc9\xc9\x07\x00",
		"garbage after the final block":           "\xf3\x48\xcd\xc9\xc9\x07\x00\xff\xff",
	} {
		t.Run(name, func(t *testing.T) {
			d := frame.NewDecoder(frame.Client, true, roomy)
			stream := compressedText(payload)
			whole := decode(t, d, stream)
			if whole.fail == nil || whole.fail.Code != 1007 {
				t.Errorf("gave %q and ended with %v, want 1007", whole.messages, whole.fail)
			}
			sameOutcome(t, decode(t, d, stream, everyByte(stream)...), whole)
		})
	}
}

func TestCompressedTextMustBeUTF8OnceInflated(t *testing.T) {
	for _, text := range []string{"\xff", "gr\xc3"} {
		d := frame.NewDecoder(frame.Client, true, roomy)
		out := decode(t, d, compressedText(string(deflated(t, []byte(text), flate.BestSpeed))))
		if out.fail == nil || *out.fail != (frame.Error{Code: 1007, Reason: "text must be valid UTF-8"}) {
			t.Errorf("%q: ended with %v", text, out.fail)
		}
	}
}

func TestInflatingStopsAtTheLimit(t *testing.T) {
	const limit = 64 << 10
	bomb := func(size int) []byte {
		return compressedText(string(deflated(t, bytes.Repeat([]byte{'a'}, size), flate.BestCompression)))
	}
	d := frame.NewDecoder(frame.Client, true, frame.Limits{MessageBytes: limit, Fragments: 1})
	if out := decode(t, d, bomb(limit)); out.fail != nil || len(out.messages[0].Payload) != limit {
		t.Errorf("a message of just the limit ended with %v", out.fail)
	}
	for _, size := range []int{limit + 1, 30 << 20} {
		stream := bomb(size)
		if len(stream) > limit {
			t.Fatalf("%d bytes compressed: the limit on what arrives would refuse it", len(stream))
		}
		if out := decode(t, d, stream); out.fail == nil || out.fail.Code != 1009 || !strings.Contains(out.fail.Reason, "once inflated") {
			t.Errorf("a message of %d bytes ended with %v, want 1009", size, out.fail)
		}
	}

	stream := bomb(30 << 20)
	d = frame.NewDecoder(frame.Client, true, frame.Limits{MessageBytes: limit, Fragments: 1})
	n := allocated(func() {
		if _, _, _, err := d.Decode(stream); err == nil {
			t.Error("was accepted")
		}
	})
	if n > 4*limit {
		t.Errorf("a bomb of 30 MiB costs %d bytes of memory at a limit of %d", n, limit)
	}
}
