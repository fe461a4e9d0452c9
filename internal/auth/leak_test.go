package auth_test

import (
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/auth"
)

// No error and no log line holds a part of the token, whatever is in it and
// whatever is wrong with it.
func TestNothingOfATokenIsEverSaid(t *testing.T) {
	p := publish(t, jwk(t, ecKey().Public(), with{"kid": "known"}))
	const canary = "Canary"
	signWith := map[string]func(c jwt.MapClaims, h with) string{
		"the secret":     func(c jwt.MapClaims, h with) string { return sign(t, jwt.SigningMethodHS256, []byte(secret), c, h) },
		"another secret": func(c jwt.MapClaims, h with) string { return sign(t, jwt.SigningMethodHS512, []byte(canary), c, h) },
		"the key":        func(c jwt.MapClaims, h with) string { return sign(t, jwt.SigningMethodES256, ecKey(), c, h) },
		"another key":    func(c jwt.MapClaims, h with) string { return sign(t, jwt.SigningMethodES256, ecOther(), c, h) },
		"no key": func(c jwt.MapClaims, h with) string {
			return sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, c, h)
		},
	}
	log := new(lockedBuffer)
	v := verifier(t, auth.Config{
		Secret: secret, JWKSURL: p.URL, Audience: "chat",
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.Custom(func(t *rapid.T) any {
			s := canary + rapid.StringN(0, 70, -1).Draw(t, "s")
			return rapid.SampledFrom([]any{s, []any{s}, with{s: s}, nil, 7, s + "\n"}).Draw(t, "value")
		})
		claims := ada(with{"aud": "chat"})
		for _, name := range []string{"sub", "name", "role", "rooms", "exp", "aud", "iss", "nbf", canary} {
			if rapid.Bool().Draw(t, "change "+name) {
				claims[name] = word.Draw(t, name)
			}
		}
		header := with{}
		for _, name := range []string{"kid", "alg", "typ", "crit", canary} {
			if rapid.Float64Range(0, 1).Draw(t, "change "+name) < 0.2 {
				header[name] = word.Draw(t, name)
			}
		}
		by := rapid.SampledFrom([]string{"the secret", "another secret", "the key", "another key", "no key"}).Draw(t, "signed with")
		token := signWith[by](claims, header)
		_, err := verify(v, token)
		said := log.String()
		if err != nil {
			refused++
			said += err.Error()
		}
		parts := append(strings.Split(token, "."), canary, base64.RawURLEncoding.EncodeToString([]byte(canary)))
		for _, part := range parts {
			if part != "" && strings.Contains(said, part) {
				t.Fatalf("%q holds %q", said, part)
			}
		}
	})
	if refused == 0 {
		t.Error("no token was refused: nothing was tried")
	}
}
