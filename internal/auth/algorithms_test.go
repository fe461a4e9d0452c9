package auth_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"regexp"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/auth"
)

const (
	notByKeys   = "it is not signed with a key of ours: want RS256, ES256, EdDSA"
	notBySecret = "it is not signed with a key of ours: want HS256, HS384, HS512"
)

// signers are all algorithms that we take, each with a key that is trusted and
// one that is not.
var signers = map[string]struct {
	method     jwt.SigningMethod
	key, other func() any
	public     func() crypto.PublicKey // nil for a secret
}{
	"HS256": {jwt.SigningMethodHS256, asAny([]byte(secret)), asAny([]byte("another secret, as long as that!!")), nil},
	"HS384": {jwt.SigningMethodHS384, asAny([]byte(secret)), asAny([]byte("another secret, as long as that!!")), nil},
	"HS512": {jwt.SigningMethodHS512, asAny([]byte(secret)), asAny([]byte("another secret, as long as that!!")), nil},
	"RS256": {jwt.SigningMethodRS256, later(rsaKey), later(rsaOther), func() crypto.PublicKey { return rsaKey().Public() }},
	"ES256": {jwt.SigningMethodES256, later(ecKey), later(ecOther), func() crypto.PublicKey { return ecKey().Public() }},
	"EdDSA": {jwt.SigningMethodEdDSA, later(edKey), later(edOther), func() crypto.PublicKey { return edKey().Public() }},
}

func asAny(v any) func() any               { return func() any { return v } }
func later[K any](key func() K) func() any { return func() any { return key() } }

// verifiersFor gives those that trust the key of an algorithm: by setting and, for
// a public key, by key set, too.
func verifiersFor(t *testing.T, name string) map[string]auth.Verifier {
	signer := signers[name]
	if signer.public == nil {
		return map[string]auth.Verifier{"secret": verifier(t, auth.Config{Secret: secret})}
	}
	set := publish(t, jwk(t, signer.public(), with{"kid": "k1", "use": "sig", "alg": name}))
	return map[string]auth.Verifier{
		"key":      verifier(t, auth.Config{Key: signer.public()}),
		"key set":  verifier(t, auth.Config{JWKSURL: set.URL}),
		"all ways": verifier(t, auth.Config{JWKSURL: set.URL, Key: ecOther().Public(), Secret: "a secret that signs nothing here"}),
	}
}

func TestTokenOfEveryAlgorithmHoldsForItsKeyAlone(t *testing.T) {
	for name, signer := range signers {
		for way, v := range verifiersFor(t, name) {
			t.Run(name+" by "+way, func(t *testing.T) {
				kid := with{"kid": "k1"}
				wantGood(t, v, sign(t, signer.method, signer.key(), ada(), kid))
				wantGood(t, v, sign(t, signer.method, signer.key(), ada()))
				other := signer.other()
				if way == "all ways" && name == "ES256" {
					other = newEC(elliptic.P256()) // the usual other one is trusted here
				}
				if _, err := verify(v, sign(t, signer.method, other, ada(), kid)); err == nil {
					t.Error("a token of another key holds")
				}
				good := sign(t, signer.method, signer.key(), ada(), kid)
				if _, err := verify(v, good[:len(good)-6]+"AAAAAA"); err == nil {
					t.Error("a token with a changed signature holds")
				}
			})
		}
	}
}

func TestUnsignedTokenIsRefused(t *testing.T) {
	unsigned := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, ada())
	for name := range signers {
		for way, v := range verifiersFor(t, name) {
			if who, err := verify(v, unsigned); err == nil {
				t.Errorf("%s by %s: %+v of an unsigned token", name, way, who)
			}
			for _, alg := range []string{"None", "NONE", "nOnE", ""} {
				forged := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, ada(), with{"alg": alg})
				if who, err := verify(v, forged); err == nil {
					t.Errorf("%s by %s: %+v of a token whose alg is %q", name, way, who, alg)
				}
			}
		}
	}
}

// The public key is known to all: what is signed with its bytes as if they were a
// secret must not hold (RFC 8725 §2.1).
func TestPublicKeyIsNoSecret(t *testing.T) {
	for _, name := range []string{"RS256", "ES256", "EdDSA"} {
		public := signers[name].public()
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		guesses := map[string][]byte{
			"DER":                der,
			"PEM":                pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
			"PEM, no newline":    []byte(trimNewline(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))),
			"an empty secret":    {},
			"the key set's JSON": jwk(t, public, with{"kid": "k1"}),
		}
		for way, v := range verifiersFor(t, name) {
			for what, guess := range guesses {
				for _, method := range []jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
					if who, err := verify(v, sign(t, method, guess, ada(), with{"kid": "k1"})); err == nil {
						t.Errorf("%s by %s: %s with %s as secret makes %+v", name, way, method.Alg(), what, who)
					}
				}
			}
		}
	}
}

func trimNewline(b []byte) string { return string(b[:len(b)-1]) }

func TestSecretTakesNoTokenOfAKeyPair(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	wantBad(t, v, sign(t, jwt.SigningMethodRS256, rsaKey(), ada()), notBySecret)
	wantBad(t, v, sign(t, jwt.SigningMethodES256, ecKey(), ada()), notBySecret)
	wantBad(t, v, sign(t, jwt.SigningMethodEdDSA, edKey(), ada()), notBySecret)
}

func TestKidOfOneAlgorithmOpensNothingForAnother(t *testing.T) {
	set := publish(t,
		jwk(t, rsaKey().Public(), with{"kid": "rsa"}),
		jwk(t, ecKey().Public(), with{"kid": "ec"}),
		jwk(t, edKey().Public(), with{"kid": "ed"}))
	v := verifier(t, auth.Config{JWKSURL: set.URL})
	wantGood(t, v, sign(t, jwt.SigningMethodRS256, rsaKey(), ada(), with{"kid": "rsa"}))
	wantGood(t, v, sign(t, jwt.SigningMethodES256, ecKey(), ada(), with{"kid": "ec"}))
	const noKey = "no key of ours is the one that it was signed with"
	wantBad(t, v, sign(t, jwt.SigningMethodRS256, rsaKey(), ada(), with{"kid": "ec"}), noKey)
	wantBad(t, v, sign(t, jwt.SigningMethodES256, ecKey(), ada(), with{"kid": "rsa"}), noKey)
	wantBad(t, v, sign(t, jwt.SigningMethodEdDSA, edKey(), ada(), with{"kid": "ec"}), noKey)
	wantBad(t, v, sign(t, jwt.SigningMethodES256, ecOther(), ada(), with{"kid": "ec"}), notByKeys)
}

func TestOtherAlgorithmsAreRefusedForTheSameKey(t *testing.T) {
	p384 := newEC(elliptic.P384())
	byRSA := verifier(t, auth.Config{Key: rsaKey().Public()})
	for _, method := range []jwt.SigningMethod{
		jwt.SigningMethodRS384, jwt.SigningMethodRS512, jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512,
	} {
		wantBad(t, byRSA, sign(t, method, rsaKey(), ada()), "it is not signed with a key of ours: want RS256")
	}
	byEC := verifier(t, auth.Config{Key: ecKey().Public()})
	wantBad(t, byEC, sign(t, jwt.SigningMethodES384, p384, ada()), "it is not signed with a key of ours: want ES256")
	bySecret := verifier(t, auth.Config{Secret: secret})
	for _, alg := range []any{"HS1", "HS128", "hs256", "HS256 ", "RSA1_5", "dir", "A128KW", 256, nil, []string{"HS256"}} {
		wantBad(t, bySecret, sign(t, jwt.SigningMethodHS256, []byte(secret), ada(), with{"alg": alg}), notBySecret)
	}
}

func TestHeaderThatWeDoNotUnderstandButMustIsRefused(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	for _, crit := range []any{[]string{"b64"}, []string{"exp"}, []string{}, "b64", 1} {
		wantBad(t, v, sign(t, jwt.SigningMethodHS256, []byte(secret), ada(), with{"crit": crit, "b64": false}),
			"its header has a crit, of which we understand nothing")
	}
}

func TestKeyThatATokenBringsItselfIsNotLookedAt(t *testing.T) {
	own := with{"jwk": json.RawMessage(jwk(t, ecOther().Public(), nil)), "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/x5u"}
	v := verifier(t, auth.Config{Key: ecKey().Public()})
	wantBad(t, v, sign(t, jwt.SigningMethodES256, ecOther(), ada(), own), "it is not signed with a key of ours: want ES256")
	wantGood(t, v, sign(t, jwt.SigningMethodES256, ecKey(), ada(), own))
}

func TestWithoutAKeyEverybodyIsAGuest(t *testing.T) {
	v, err := auth.New(auth.Config{Audience: "chat"})
	if v != nil || err != nil {
		t.Errorf("%v, %v; want none", v, err)
	}
}

func TestEveryGuestHasAnIDThatNobodyElseHas(t *testing.T) {
	guestID := regexp.MustCompile(`^guest\.[a-z2-7]{26}$`)
	seen := map[string]bool{}
	for range 1000 {
		guest := auth.NewGuest("ada")
		if !guest.Guest || guest.Name != "ada" || !guestID.MatchString(guest.User) || seen[guest.User] {
			t.Fatalf("%+v is no new guest named ada", guest)
		}
		if !guest.MayJoin("lobby") {
			t.Fatal("a guest may not join")
		}
		seen[guest.User] = true
	}
}

func TestKeyThatSignsNoneOfOursIsAWrongSetting(t *testing.T) {
	for _, key := range []crypto.PublicKey{newEC(elliptic.P384()).Public(), newEC(elliptic.P224()).Public(), "a string", &edKey} {
		if _, err := auth.New(auth.Config{Key: key}); err == nil {
			t.Errorf("a key of type %T is taken", key)
		}
	}
}
