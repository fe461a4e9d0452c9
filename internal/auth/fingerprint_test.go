package auth_test

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/auth"
)

func TestNobodyMakesAnotherTokenOfOne(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	token := signHS(t, ada(nil))
	again := false
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, last := range letters { // of base64's last letter not every bit counts
		other := token[:len(token)-1] + string(last)
		if who, err := verify(v, other); err == nil && other != token {
			again = true
			if who.Terms.Token != auth.FingerprintOf(token) {
				t.Errorf("with %q at its end, it passes for another", last)
			}
		}
	}
	if !again {
		t.Error("the signature has one way to be written: a fingerprint could be of the whole token")
	}
	if auth.FingerprintOf(token) == auth.FingerprintOf(signHS(t, ada(with{"jti": "2"}))) {
		t.Error("two tokens have one fingerprint")
	}
}

func TestAFingerprintIsReadAsItWasWritten(t *testing.T) {
	f := auth.FingerprintOf("a.b.c")
	if got, ok := auth.ParseFingerprint(f.String()); !ok || got != f {
		t.Errorf("%s is read as %s, %v", f, got, ok)
	}
	for _, text := range []string{"", "00", strings.Repeat("g", 64), strings.Repeat("0", 66)} {
		if _, ok := auth.ParseFingerprint(text); ok {
			t.Errorf("%q is read", text)
		}
	}
}
