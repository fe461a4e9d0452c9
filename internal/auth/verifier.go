package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/protocol"
)

// Verifier says whom a token speaks of. Its errors say what is wrong with the
// token, in words for whoever made it, and hold nothing of it. ErrUnavailable
// says nothing of the token: it may hold in a moment.
type Verifier interface {
	Verify(ctx context.Context, token string) (Identity, error)
}

// Leeway is how far the clock of whoever makes the tokens may be off.
const Leeway = 30 * time.Second

// Config is what tokens are held to.
type Config struct {
	Secret   string           // for HS256, HS384, HS512
	Key      crypto.PublicKey // for RS256, ES256 or EdDSA; nil for none
	JWKSURL  string           // where public keys are published (RFC 7517)
	Audience string           // what aud must name; empty for any
	Issuer   string           // what iss must be; empty for any

	Now  func() time.Time  // nil for time.Now
	HTTP http.RoundTripper // nil for the default; asks for the JWKS
	Log  *slog.Logger
}

// New makes the verifier of c: nil where no key is configured, so that everybody
// is a guest.
func New(c Config) (Verifier, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	v := &verifier{secret: []byte(c.Secret), key: c.Key, now: c.Now}
	if v.key != nil && methodOf(v.key) == "" {
		return nil, fmt.Errorf("--jwt-key: a key of type %T: want RSA, ECDSA P-256 or Ed25519", v.key)
	}
	if c.JWKSURL != "" {
		v.set = newKeySet(c)
	}
	if len(v.secret) == 0 && v.key == nil && v.set == nil {
		return nil, nil
	}
	v.parser = newParser(c, v.methods())
	return v, nil
}

func newParser(c Config, methods []string) *jwt.Parser {
	options := []jwt.ParserOption{
		jwt.WithValidMethods(methods),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(c.Now),
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
	}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	return jwt.NewParser(options...)
}

type verifier struct {
	secret []byte
	key    crypto.PublicKey // nil for none
	set    *keySet          // nil for none
	now    func() time.Time
	parser *jwt.Parser
}

var hmacMethods = []string{"HS256", "HS384", "HS512"}

// methods lists the algorithms that there is a key for.
func (v *verifier) methods() []string {
	var methods []string
	if len(v.secret) > 0 {
		methods = append(methods, hmacMethods...)
	}
	switch {
	case v.set != nil:
		methods = append(methods, "RS256", "ES256", "EdDSA")
	case v.key != nil:
		methods = append(methods, methodOf(v.key))
	}
	return methods
}

// methodOf is the one algorithm that a public key is for, "" if it is for none of
// ours.
func methodOf(key crypto.PublicKey) string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return "RS256"
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return "ES256"
		}
	case ed25519.PublicKey:
		return "EdDSA"
	}
	return ""
}

// Verify implements Verifier.
func (v *verifier) Verify(ctx context.Context, token string) (Identity, error) {
	if len(token) > protocol.MaxTokenBytes {
		return Identity{}, fmt.Errorf("it is longer than %d bytes", protocol.MaxTokenBytes)
	}
	var c claims
	_, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) { return v.keysFor(ctx, t) })
	if err != nil {
		return Identity{}, v.inWords(err)
	}
	who, err := c.identity(v.now())
	if err == nil {
		who.Terms.Token = FingerprintOf(token)
	}
	return who, err
}

// keysFor gives the keys that a token may be signed with: by the kind of its
// algorithm, which must be one of methods, so that a public key never serves as a
// secret.
func (v *verifier) keysFor(ctx context.Context, t *jwt.Token) (any, error) {
	if _, critical := t.Header["crit"]; critical {
		return nil, errCritical
	}
	if _, hmac := t.Method.(*jwt.SigningMethodHMAC); hmac {
		return v.secret, nil
	}
	keys := jwt.VerificationKeySet{}
	if v.key != nil && methodOf(v.key) == t.Method.Alg() {
		keys.Keys = append(keys.Keys, v.key)
	}
	if v.set != nil {
		kid, _ := t.Header["kid"].(string)
		published, err := v.set.find(ctx, kid, t.Method.Alg())
		if err != nil && len(keys.Keys) == 0 {
			return nil, err
		}
		for _, key := range published {
			keys.Keys = append(keys.Keys, key)
		}
	}
	if len(keys.Keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

var (
	// ErrUnavailable is that a published key is needed, and none could be fetched for a day.
	ErrUnavailable = errors.New("the keys that it could be checked with can't be fetched now")

	errNoKey    = errors.New("no key of ours is the one that it was signed with")
	errCritical = errors.New("its header has a crit, of which we understand nothing") // RFC 7515 §4.1.11
)

// inWords says what is wrong with a token without a part of it.
func (v *verifier) inWords(err error) error {
	for _, ours := range []error{ErrUnavailable, errNoKey, errCritical, errClaims, errRooms, errTime} {
		if errors.Is(err, ours) {
			return ours
		}
	}
	notSigned := "it is not signed with a key of ours: want " + strings.Join(v.methods(), ", ")
	for _, known := range []struct {
		is   error
		text string
	}{
		{jwt.ErrTokenMalformed, "it is no JWT"},
		{jwt.ErrTokenUnverifiable, notSigned},
		{jwt.ErrTokenSignatureInvalid, notSigned},
		{jwt.ErrTokenRequiredClaimMissing, "it has no exp (a time in seconds), or lacks the iss or aud that is asked for"},
		{jwt.ErrTokenExpired, "it has expired"},
		{jwt.ErrTokenNotValidYet, "it is not valid yet (nbf)"},
		{jwt.ErrTokenUsedBeforeIssued, "it is of the future (iat)"},
		{jwt.ErrTokenInvalidAudience, "its aud is not the one that is asked for"},
		{jwt.ErrTokenInvalidIssuer, "its iss is not the one that is asked for"},
	} {
		if errors.Is(err, known.is) {
			return errors.New(known.text)
		}
	}
	return errors.New("its claims are wrong")
}
