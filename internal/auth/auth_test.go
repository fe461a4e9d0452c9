package auth_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"github.com/parley-chat/parley/internal/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is the time in every test that passes its own.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const secret = "a secret of thirty-two characters"

// The keys of the issuer whom we trust, and those of one whom we don't.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	rsaOther = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	ecOther  = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	edKey    = sync.OnceValue(newEd)
	edOther  = sync.OnceValue(newEd)
)

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func newEC(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func newEd() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// ada's claims, good for an hour, with changes; a nil value takes a claim out.
func ada(changes ...map[string]any) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "user-1", "name": "ada", "exp": now.Add(time.Hour).Unix()}
	for _, change := range changes {
		maps.Copy(c, change)
	}
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

type with = map[string]any

// sign makes a token. A nil value takes a header out.
func sign(t testing.TB, method jwt.SigningMethod, key any, claims jwt.MapClaims, header ...with) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for _, h := range header {
		maps.Copy(token.Header, h)
	}
	maps.DeleteFunc(token.Header, func(_ string, v any) bool { return v == nil })
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// verifier makes one whose clock stands at now, unless c has another.
func verifier(t testing.TB, c auth.Config) auth.Verifier {
	t.Helper()
	if c.Now == nil {
		c.Now = func() time.Time { return now }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	v, err := auth.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func verify(v auth.Verifier, token string) (auth.Identity, error) {
	return v.Verify(context.Background(), token)
}

// wantGood fails the test unless the token holds for user-1.
func wantGood(t testing.TB, v auth.Verifier, token string) {
	t.Helper()
	if who, err := verify(v, token); err != nil || who.User != "user-1" {
		t.Errorf("%+v, %v; want user-1", who, err)
	}
}

// wantBad fails the test unless the token is refused with these words.
func wantBad(t testing.TB, v auth.Verifier, token, words string) {
	t.Helper()
	who, err := verify(v, token)
	if err == nil {
		t.Errorf("a bad token holds, for %+v; want %q", who, words)
	} else if err.Error() != words {
		t.Errorf("refused with %q, want %q", err, words)
	}
}

// lockedBuffer takes log lines of many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
