package frame_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/frame"
)

func TestOnlyRegisteredCloseCodesMayBeSent(t *testing.T) {
	for code := range 1 << 16 {
		// https://www.iana.org/assignments/websocket, without what is for local use
		good := code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006 || code >= 3000 && code <= 4999
		got, _, err := frame.ParseClose([]byte{byte(code >> 8), byte(code)})
		if good && (err != nil || got != uint16(code)) || !good && err == nil {
			t.Errorf("%d: got %d, %v", code, got, err)
		}
	}
}

func TestClosePayloads(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		code    uint16
		reason  string
		fail    uint16
	}{
		"empty":                     {payload: "", code: 1005},
		"a code":                    {payload: "\x03\xe8", code: 1000},
		"a code and a reason":       {payload: "\x11\x4dkoniec — bye", code: 4429, reason: "koniec — bye"},
		"half a code":               {payload: "\x03", fail: 1002},
		"a code for local use":      {payload: "\x03\xed", fail: 1002},
		"a code of nobody":          {payload: "\x07\xd0", fail: 1002},
		"a reason that isn't UTF-8": {payload: "\x03\xe8gr\xc3", fail: 1007},
		"both bad":                  {payload: "\x00\x00\xff", fail: 1002},
	} {
		t.Run(name, func(t *testing.T) {
			code, reason, err := frame.ParseClose([]byte(c.payload))
			if c.fail != 0 {
				var e *frame.Error
				if !errors.As(err, &e) || e.Code != c.fail {
					t.Errorf("got %v, want %d", err, c.fail)
				}
			} else if code != c.code || reason != c.reason || err != nil {
				t.Errorf("got %d %q %v", code, reason, err)
			}
		})
	}
}

func TestACloseReasonIsCutAtAWholeCharacter(t *testing.T) {
	for _, reason := range []string{"", "bye", strings.Repeat("a", 123), strings.Repeat("a", 124), strings.Repeat("é", 100), strings.Repeat("𐍈", 40), strings.Repeat("€", 41), "a" + strings.Repeat("€", 41)} {
		out := decode(t, frame.NewDecoder(frame.Client, false, roomy), frame.AppendClose(nil, 1008, reason))
		if out.fail != nil || len(out.messages) != 1 || out.messages[0].Op != frame.Close {
			t.Fatalf("%q: got %v, then %v", reason, out.messages, out.fail)
		}
		code, got, err := frame.ParseClose(out.messages[0].Payload)
		if code != 1008 || err != nil || !strings.HasPrefix(reason, got) {
			t.Errorf("%q: got %d %q %v", reason, code, got, err)
		}
		if _, next := utf8.DecodeRuneInString(reason[len(got):]); got != reason && len(got)+next <= 123 {
			t.Errorf("%q: %d bytes of it were sent, the next character would have fitted", reason, len(got))
		}
	}
}

func TestAnEmptyCloseIsAnsweredWithAnEmptyClose(t *testing.T) {
	code, reason, err := frame.ParseClose(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := frame.AppendClose(nil, code, reason); string(got) != "\x88\x00" {
		t.Errorf("got % x", got)
	}
}
