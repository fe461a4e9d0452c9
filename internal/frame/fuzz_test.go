package frame_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/frame"
)

// FuzzDecode gives any bytes to a decoder, whole, byte by byte and in steps: it
// must say the same each time, keep its limits and say nothing that isn't allowed.
func FuzzDecode(f *testing.F) {
	for _, seed := range [][]byte{
		fromClient(0x81, "ada"),
		join(fromClient(0x01, "gr\xc3"), fromClient(0x89, "?"), fromClient(0x80, "\xa4ce")),
		fromClient(0x88, "\x03\xe8bye"),
		fromClient(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"),
		fromClient(0xc2, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
		fromClient(0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
		join(fromClient(0x41, "\xf2\x48\xcd"), fromClient(0x80, "\xc9\xc9\x07\x00")),
		fromClient(0x82, strings.Repeat("a", 126)),
		[]byte("\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00a"),
		[]byte("\x01\x03Hel\x80\x02lo"),
		[]byte("\x81\x7e\x00\x7d"),
	} {
		f.Add(seed, true, true, uint8(3))
		f.Add(seed, false, false, uint8(5))
	}
	f.Fuzz(func(t *testing.T, stream []byte, client, deflate bool, step uint8) {
		limits := frame.Limits{MessageBytes: 1 << 12, Fragments: 8}
		role := frame.Server
		if client {
			role = frame.Client
		}
		d := frame.NewDecoder(role, deflate, limits)
		whole := decode(t, d, stream)
		for _, m := range whole.messages {
			switch {
			case m.Op == frame.Text && !utf8.Valid(m.Payload):
				t.Errorf("text %q", m.Payload)
			case m.Op <= frame.Binary && len(m.Payload) > limits.MessageBytes:
				t.Errorf("a message of %d bytes", len(m.Payload))
			case m.Op > frame.Binary && len(m.Payload) > 125:
				t.Errorf("a control frame of %d bytes", len(m.Payload))
			case m.Op == frame.Continuation:
				t.Error("a continuation is no message")
			}
		}
		if whole.fail != nil && len(whole.fail.Reason) > 123 {
			t.Errorf("the reason is too long: %q", whole.fail.Reason)
		}
		sameOutcome(t, decode(t, d, stream, everyByte(stream)...), whole)
		var cuts []int
		for i := int(step); step > 0 && i < len(stream); i += int(step) {
			cuts = append(cuts, i)
		}
		sameOutcome(t, decode(t, d, stream, cuts...), whole)
		holdsNoMoreThanItMay(t, d, stream, limits)
	})
}

// holdsNoMoreThanItMay decodes stream byte by byte, and weighs the decoder after
// each.
func holdsNoMoreThanItMay(t *testing.T, d frame.Decoder, stream []byte, limits frame.Limits) {
	for i := range stream {
		if _, _, _, err := d.Decode([]byte{stream[i]}); err != nil {
			return
		}
		if held, may := d.Held(), 2*min(i+1, limits.MessageBytes+125)+64; held > may {
			t.Fatalf("after %d bytes the decoder holds %d, more than %d", i+1, held, may)
		}
	}
}

// FuzzNegotiateDeflate: an answer is one of few, and is given only where the
// client spoke of permessage-deflate.
func FuzzNegotiateDeflate(f *testing.F) {
	for _, seed := range []string{
		"permessage-deflate; client_max_window_bits", `permessage-deflate; server_max_window_bits="15", foo`, "permessage-deflate;;", ",,a;b=c",
		`x; y="\"", permessage-deflate; client_no_context_takeover`, "permessage-deflate; server_max_window_bits=10, permessage-deflate",
	} {
		f.Add(seed, "")
		f.Add("foo; bar", seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		response, window := frame.NegotiateDeflate([]string{first, second})
		asked := first + "," + second
		const plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
		switch limited := fmt.Sprintf("%s; server_max_window_bits=%d", plain, window); {
		case response == "" && window == 0:
			return
		case response == plain && window == 15:
		case response == limited && window >= 8 && window <= 15:
			if !strings.Contains(asked, "server_max_window_bits") {
				t.Errorf("%q was not asked to limit its window", asked)
			}
		default:
			t.Errorf("answered %q, a window of %d", response, window)
		}
		if !strings.Contains(asked, "permessage-deflate") {
			t.Errorf("%q: answered %q, %d", asked, response, window)
		}
		// A client that took the answer for an offer would have to get it back.
		if again, w := frame.NegotiateDeflate([]string{response}); again != response || w != window {
			t.Errorf("%q is answered with %q, %d", response, again, w)
		}
	})
}

// FuzzParseClose: what is good is what AppendClose gives.
func FuzzParseClose(f *testing.F) {
	for _, seed := range []string{"", "\x03", "\x03\xe8", "\x03\xe8bye", "\x03\xed", "\x11\x4d\xff", "\x0f\xa1" + strings.Repeat("é", 61)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		code, reason, err := frame.ParseClose(payload)
		if err != nil {
			var e *frame.Error
			if !errors.As(err, &e) || e.Code != 1002 && e.Code != 1007 {
				t.Errorf("got %v", err)
			}
			return
		}
		if len(payload) > 125 {
			return // no control frame
		}
		if got, want := frame.AppendClose(nil, code, reason), frame.AppendFrame(nil, frame.Close, payload); string(got) != string(want) {
			t.Errorf("% x came back as % x", want, got)
		}
	})
}
