package postgres

import (
	"bytes"
	"testing"
)

func FuzzAnyPayloadOfNotifyIsReadOrRefused(f *testing.F) {
	for _, seed := range []string{"", "0", "00", "00aGk", "00aGk=", "00\xff", encode(63, []byte("hello"))} {
		f.Add(seed, 0)
	}
	f.Fuzz(func(t *testing.T, text string, mark int) {
		if payload, ok := decode(text); ok && len(payload) > len(text) {
			t.Fatalf("%q became %d bytes", text, len(payload))
		}
		if back, ok := decode(encode(max(mark, 0), []byte(text))); !ok || !bytes.Equal(back, []byte(text)) {
			t.Fatalf("%q came back as %q, %v", text, back, ok)
		}
	})
}
