//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"
)

const (
	audience = "parley-e2e"
	secret   = "a secret of the end-to-end tests, long enough"
)

// claims are ada's, good for an hour.
func claims() jwt.MapClaims {
	return jwt.MapClaims{"sub": "user-1", "name": "ada", "aud": audience, "exp": time.Now().Add(time.Hour).Unix()}
}

func with(c jwt.MapClaims, name string, value any) jwt.MapClaims {
	c[name] = value
	return c
}

// sign makes a token; kid may be empty.
func sign(t *testing.T, method jwt.SigningMethod, key any, kid string, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if kid != "" {
		token.Header["kid"] = kid
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// tokenPlaces are where an upgrade may carry its token.
var tokenPlaces = map[string]func(url, token string) (string, *websocket.DialOptions){
	"query":  func(url, token string) (string, *websocket.DialOptions) { return url + "?token=" + token, nil },
	"header": func(url, token string) (string, *websocket.DialOptions) { return url, bearer(token) },
	"cookie": func(url, token string) (string, *websocket.DialOptions) {
		return url, withHeader("Cookie", "theme=dark; parley_token="+token)
	},
	"subprotocol": func(url, token string) (string, *websocket.DialOptions) {
		return url, &websocket.DialOptions{Subprotocols: []string{"parley.token." + token}}
	},
}

func bearer(token string) *websocket.DialOptions { return withHeader("Authorization", "Bearer "+token) }

// wantNoToken fails the test if the log holds a token or its signature.
func wantNoToken(t *testing.T, s *server, tokens ...string) {
	t.Helper()
	for _, token := range tokens {
		signature := token[strings.LastIndex(token, ".")+1:]
		for _, part := range []string{token, signature} {
			if part != "" && strings.Contains(s.Log(), part) {
				t.Errorf("the log holds the token %s", token)
			}
		}
	}
}

func TestTokenSignsInFromEachPlace(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--jwt-secret", secret, "--jwt-audience", audience)
	good := sign(t, jwt.SigningMethodHS256, []byte(secret), "", claims())
	expired := sign(t, jwt.SigningMethodHS256, []byte(secret), "", with(claims(), "exp", time.Now().Add(-time.Hour).Unix()))
	foreign := sign(t, jwt.SigningMethodHS256, []byte("another secret of the same length or so"), "", claims())
	elsewhere := sign(t, jwt.SigningMethodHS256, []byte(secret), "", with(claims(), "aud", "another service"))
	unsigned := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "", claims())

	for place, put := range tokenPlaces {
		url, opts := put(s.WS, good)
		ada := dial(t, url, opts)
		ada.send(map[string]string{"type": "join", "username": "mallory", "room": "lobby"}) // the token's name stands
		if m := ada.next(); m.Text != "ada joined #lobby" {
			t.Errorf("token by %s: %+v, want that ada joined", place, m)
		}
		ada.conn.CloseNow() //nolint:errcheck // its end is of no interest
		for name, bad := range map[string]string{
			"expired": expired, "foreign": foreign, "elsewhere": elsewhere, "unsigned": unsigned, "garbage": "no.token.atall",
		} {
			url, opts := put(s.WS, bad)
			if _, status, err := tryDial(t, url, opts); err == nil || status != http.StatusUnauthorized {
				t.Errorf("%s token by %s: status %d, %v; want 401", name, place, status, err)
			}
		}
	}
	if _, status, err := tryDial(t, s.WS, nil); err == nil || status != http.StatusUnauthorized {
		t.Errorf("no token: status %d, %v; want 401", status, err)
	}
	if code, _ := s.Stop(); code != 0 { // and the log is whole
		t.Errorf("exit code %d, want 0", code)
	}
	wantNoToken(t, s, good, expired, foreign, elsewhere, unsigned)
}

func TestSessionEndsWithItsToken(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--jwt-secret", secret)
	token := sign(t, jwt.SigningMethodHS384, []byte(secret), "", with(claims(), "exp", time.Now().Add(3*time.Second).Unix()))
	ada := dial(t, s.WS, bearer(token))
	ada.join("ada", "lobby")
	grace := dial(t, s.WS, bearer(sign(t, jwt.SigningMethodHS256, []byte(secret), "", with(claims(), "name", "grace"))))
	grace.join("grace", "lobby")
	ada.wantClose(4401)
	grace.want(message{Type: "system", Text: "ada left #lobby", Users: []string{"grace"}})
}

func TestRoomsOfATokenAreAllThatItOpens(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--jwt-secret", secret)
	token := sign(t, jwt.SigningMethodHS512, []byte(secret), "", with(claims(), "rooms", []string{"lobby"}))
	ada := dial(t, s.WS, bearer(token))
	ada.join("ada", "lobby")
	ada.send(map[string]string{"type": "join", "room": "attic"})
	ada.want(message{Type: "error", Text: "Not allowed"})
	ada.chat("still here")
	ada.want(message{Type: "chat", Username: "ada", Text: "still here"})
}

func TestPublicKeyFromAFileSignsIn(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	file := filepath.Join(t.TempDir(), "key.pem")
	writeFile(t, file, string(public))
	s := startServer(t, "--jwt-key", "@"+file)
	good := sign(t, jwt.SigningMethodES256, key, "", claims())
	dial(t, s.WS, bearer(good)).join("ada", "lobby")

	// The public key is no secret: what is signed with it as if it were one must not pass.
	confused := sign(t, jwt.SigningMethodHS256, public, "", claims())
	foreign := sign(t, jwt.SigningMethodES256, newKey(t), "", claims())
	for name, bad := range map[string]string{"confused": confused, "foreign": foreign} {
		if _, status, err := tryDial(t, s.WS, bearer(bad)); err == nil || status != http.StatusUnauthorized {
			t.Errorf("%s token: status %d, %v; want 401", name, status, err)
		}
	}
	if code, _ := s.Stop(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	wantNoToken(t, s, good, confused, foreign)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// keyServer publishes a JWKS that the test changes.
type keyServer struct {
	URL     string
	set     atomic.Pointer[[]byte]
	fetches atomic.Int64
}

func newKeyServer(t *testing.T) *keyServer {
	t.Helper()
	k := &keyServer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		k.fetches.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.Write(*k.set.Load()) //nolint:errcheck // the server under test notices
	}))
	t.Cleanup(server.Close)
	k.URL = server.URL
	return k
}

// publish replaces the set by keys, by their kids (RFC 7517, RFC 7518 §6.2).
func (k *keyServer) publish(t *testing.T, keys map[string]*ecdsa.PrivateKey) {
	t.Helper()
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	for kid, key := range keys {
		point, err := key.PublicKey.Bytes() // 4, x, y
		if err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, map[string]string{
			"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]),
			"y": base64.RawURLEncoding.EncodeToString(point[33:]),
		})
	}
	data, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	k.set.Store(&data)
}

func TestKeysOfAnIssuerMayBeReplaced(t *testing.T) {
	t.Parallel()
	former, latter := newKey(t), newKey(t)
	keys := newKeyServer(t)
	keys.publish(t, map[string]*ecdsa.PrivateKey{"former": former})
	s := startServer(t, "--jwt-jwks", keys.URL, "--jwt-audience", audience)
	byFormer := sign(t, jwt.SigningMethodES256, former, "former", claims())
	byLatter := sign(t, jwt.SigningMethodES256, latter, "latter", claims())
	dial(t, s.WS, bearer(byFormer)).join("ada", "lobby")

	// Whoever makes up keys must not make the server hammer their issuer.
	for range 50 {
		if _, status, err := tryDial(t, s.WS, bearer(byLatter)); err == nil || status != http.StatusUnauthorized {
			t.Fatalf("a token of an unknown key: status %d, %v; want 401", status, err)
		}
	}
	if n := keys.fetches.Load(); n > 3 {
		t.Errorf("50 tokens of an unknown key made %d fetches, want 3 at most", n)
	}

	keys.publish(t, map[string]*ecdsa.PrivateKey{"latter": latter})
	signsIn := func(token string) bool {
		c, _, err := tryDial(t, s.WS, bearer(token))
		if err == nil {
			c.conn.CloseNow() //nolint:errcheck // its end is of no interest
		}
		return err == nil
	}
	within(t, keyPatience, "the new key is believed", func() bool { return signsIn(byLatter) })
	if signsIn(byFormer) {
		t.Error("a token of the key that was withdrawn still signs in")
	}
	if code, _ := s.Stop(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	wantNoToken(t, s, byFormer, byLatter)
}

// keyPatience is longer than the server waits before it asks an issuer again.
const keyPatience = time.Minute
