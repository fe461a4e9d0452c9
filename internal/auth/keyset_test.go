package auth_test

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/auth"
)

const (
	noKey       = "no key of ours is the one that it was signed with"
	unavailable = "the keys that it could be checked with can't be fetched now"
)

// publisher serves a key set over HTTP.
type publisher struct {
	URL     string
	fetches atomic.Int64
	answer  atomic.Pointer[http.HandlerFunc]
}

func publish(t testing.TB, keys ...[]byte) *publisher {
	t.Helper()
	p := new(publisher)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fetches.Add(1)
		(*p.answer.Load())(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL + "/keys.json"
	p.publish(keys...)
	return p
}

func (p *publisher) publish(keys ...[]byte) {
	p.say(200, `{"keys":[`+joined(keys)+`]}`)
}

func joined(keys [][]byte) string {
	var all []string
	for _, key := range keys {
		all = append(all, string(key))
	}
	return strings.Join(all, ",")
}

func (p *publisher) say(status int, body string) {
	p.do(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}

func (p *publisher) do(answer http.HandlerFunc) { p.answer.Store(&answer) }

// jwk writes a public key, with changes; a nil value takes a field out.
func jwk(t testing.TB, key crypto.PublicKey, changes with) []byte {
	t.Helper()
	plain, err := jose.JSONWebKey{Key: key}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var fields with
	if err := json.Unmarshal(plain, &fields); err != nil {
		t.Fatal(err)
	}
	maps.Copy(fields, changes)
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
	return mustJSON(t, fields)
}

// clock is the time that a verifier goes by.
type clock struct{ at atomic.Int64 }

func (c *clock) Now() time.Time          { return now.Add(time.Duration(c.at.Load())) }
func (c *clock) Forward(d time.Duration) { c.at.Add(int64(d)) }

// byKeySet is a verifier of a publisher's keys, with its clock.
func byKeySet(t testing.TB, p *publisher) (auth.Verifier, *clock) {
	t.Helper()
	c := new(clock)
	return verifier(t, auth.Config{JWKSURL: p.URL, Now: c.Now}), c
}

// signES is a token of years, by a key of the curve P-256.
func signES(t testing.TB, key any, kid string) string {
	t.Helper()
	return sign(t, jwt.SigningMethodES256, key, ada(with{"exp": now.AddDate(3, 0, 0).Unix()}), with{"kid": kid})
}

// eventually waits for a condition, without a sleep that is too long or too short.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for patience := time.After(10 * time.Second); !holds(); {
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("it did not come to be that %s", what)
		}
	}
}

func (p *publisher) wantFetches(t testing.TB, want int64) {
	t.Helper()
	if got := p.fetches.Load(); got != want {
		t.Errorf("%d fetches, want %d", got, want)
	}
}

func TestForgedTokensDoNotHammerThePublisher(t *testing.T) {
	p := publish(t, jwk(t, ecKey().Public(), with{"kid": "known"}))
	v, _ := byKeySet(t, p)
	good := signES(t, ecKey(), "known")
	for range 1000 {
		wantGood(t, v, good)
	}
	p.wantFetches(t, 1)
	badSignature := signES(t, ecOther(), "known")
	for i := range 200 {
		wantBad(t, v, signES(t, ecOther(), fmt.Sprintf("unknown-%d", i)), noKey)
		wantBad(t, v, badSignature, notByKeys)
	}
	p.wantFetches(t, 1) // and one more at most in each half minute
}

func TestManyFirstHandshakesShareOneFetch(t *testing.T) {
	p := publish(t)
	asked, go_ := make(chan struct{}, 300), make(chan struct{})
	body := `{"keys":[` + string(jwk(t, ecKey().Public(), with{"kid": "known"})) + `]}`
	p.do(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-go_
		fmt.Fprint(w, body)
	})
	v, c := byKeySet(t, p)
	good := signES(t, ecKey(), "known")
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() { wantGood(t, v, good) })
	}
	<-asked
	c.Forward(time.Minute) // however long he takes
	for range 100 {
		wait.Go(func() { wantGood(t, v, good) })
	}
	close(go_)
	wait.Wait()
	p.wantFetches(t, 1)
}

func TestHandshakeThatIsGivenUpDoesNotWaitForThePublisher(t *testing.T) {
	p := publish(t)
	go_ := make(chan struct{})
	p.do(func(http.ResponseWriter, *http.Request) { <-go_ })
	v, _ := byKeySet(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, signES(t, ecKey(), "known")); err != auth.ErrUnavailable {
		t.Errorf("%v, want that keys are unavailable", err)
	}
	eventually(t, "the publisher was asked", func() bool { return p.fetches.Load() == 1 })
	close(go_)
}

func TestNewKeyIsFetchedWhenItsFirstTokenComes(t *testing.T) {
	p := publish(t, jwk(t, ecKey().Public(), with{"kid": "former"}))
	v, c := byKeySet(t, p)
	wantGood(t, v, signES(t, ecKey(), "former"))
	p.publish(jwk(t, ecKey().Public(), with{"kid": "former"}), jwk(t, ecOther().Public(), with{"kid": "latter"}))
	c.Forward(30*time.Second - 1)
	wantBad(t, v, signES(t, ecOther(), "latter"), noKey) // too soon to ask again
	p.wantFetches(t, 1)
	c.Forward(1)
	wantGood(t, v, signES(t, ecOther(), "latter"))
	wantGood(t, v, signES(t, ecKey(), "former"))
	p.wantFetches(t, 2)
}

func TestWithdrawnKeyIsTrustedForTenMinutesAtMost(t *testing.T) {
	p := publish(t, jwk(t, ecKey().Public(), with{"kid": "former"}))
	v, c := byKeySet(t, p)
	former := signES(t, ecKey(), "former")
	wantGood(t, v, former)
	p.publish(jwk(t, ecOther().Public(), with{"kid": "latter"}))
	c.Forward(5 * time.Minute)
	wantGood(t, v, former)
	p.wantFetches(t, 1)
	c.Forward(5*time.Minute + 1)
	wantBad(t, v, former, noKey)
	p.wantFetches(t, 2)
}

func TestKeysAreFetchedInTheBackgroundBeforeTheyAreTooOld(t *testing.T) {
	p := publish(t, jwk(t, ecKey().Public(), with{"kid": "former"}))
	v, c := byKeySet(t, p)
	former := signES(t, ecKey(), "former")
	wantGood(t, v, former)
	p.publish(jwk(t, ecOther().Public(), with{"kid": "latter"}))
	c.Forward(5*time.Minute + 1)
	wantGood(t, v, former) // did not wait
	eventually(t, "the former key is trusted no more", func() bool {
		_, err := verify(v, former)
		return err != nil
	})
	p.wantFetches(t, 2)
}

func TestKnownKeysHoldForADayWhileThePublisherIsAway(t *testing.T) {
	p := publish(t, jwk(t, ecKey().Public(), with{"kid": "known"}))
	log := new(lockedBuffer)
	c := new(clock)
	v := verifier(t, auth.Config{JWKSURL: p.URL, Now: c.Now, Log: slog.New(slog.NewTextHandler(log, nil))})
	good := signES(t, ecKey(), "known")
	wantGood(t, v, good)
	p.say(503, "not now")
	c.Forward(time.Hour)
	wantGood(t, v, good) // waited, and in vain
	p.wantFetches(t, 2)

	// Once he has not answered, nobody waits for him: he may hang as he likes.
	go_ := make(chan struct{})
	p.do(func(w http.ResponseWriter, _ *http.Request) {
		<-go_
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	c.Forward(time.Hour)
	wantGood(t, v, good)
	wantGood(t, v, good)
	eventually(t, "he was asked again", func() bool { return p.fetches.Load() == 3 })
	close(go_)
	eventually(t, "the log says that he does not answer", func() bool {
		return strings.Count(log.String(), "503 Service Unavailable") == 2
	})

	c.Forward(22 * time.Hour) // now a day after they were fetched
	wantGood(t, v, good)
	eventually(t, "he was asked again", func() bool { return p.fetches.Load() == 4 })
	eventually(t, "the log says so", func() bool { return strings.Count(log.String(), "503 Service Unavailable") == 3 })
	c.Forward(1)
	if _, err := verify(v, good); err != auth.ErrUnavailable {
		t.Errorf("a day later: %v, want that keys are unavailable", err)
	}

	p.publish(jwk(t, ecKey().Public(), with{"kid": "known"}))
	c.Forward(30 * time.Second)
	eventually(t, "he is believed again", func() bool {
		_, err := verify(v, good)
		return err == nil
	})
}

func TestPublisherWhoWasNeverThereIsNoFaultOfTheToken(t *testing.T) {
	p := publish(t)
	p.say(500, "")
	v, c := byKeySet(t, p)
	good := signES(t, ecKey(), "known")
	wantBad(t, v, good, unavailable)
	wantBad(t, v, good, unavailable)
	p.wantFetches(t, 1)
	p.publish(jwk(t, ecKey().Public(), with{"kid": "known"}))
	c.Forward(30 * time.Second)
	wantGood(t, v, good)
}

func TestKeyThatIsSetServesWhileThePublisherIsAway(t *testing.T) {
	p := publish(t)
	p.say(500, "")
	v := verifier(t, auth.Config{JWKSURL: p.URL, Key: ecKey().Public(), Secret: secret})
	wantGood(t, v, signES(t, ecKey(), "any"))
	wantGood(t, v, signHS(t, ada()))
}

func TestWhatIsNoKeySetIsNotBelieved(t *testing.T) {
	key := string(jwk(t, ecKey().Public(), with{"kid": "known"}))
	elsewhere := publish(t, []byte(key))
	whole := `{"keys":[` + key + `]}`
	for name, answer := range map[string]http.HandlerFunc{
		"a page":          say(200, "<html>sign in</html>"),
		"nothing":         say(200, ""),
		"another object":  say(200, `{"issuer":"https://id.example"}`),
		"keys: null":      say(200, `{"keys":null}`),
		"keys: a string":  say(200, `{"keys":"none"}`),
		"a list":          say(200, `[`+key+`]`),
		"a single key":    say(200, key),
		"half of it":      say(200, whole[:len(whole)-2]),
		"a 404":           say(404, whole),
		"a 204":           say(204, ""),
		"a 500":           say(500, whole),
		"over a megabyte": say(200, whole+strings.Repeat(" ", 1<<20)),
		"over 100 keys":   say(200, `{"keys":[`+key+strings.Repeat(","+key, 100)+`]}`),
		"a redirect to another host": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		},
		"a line that breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			fmt.Fprint(w, whole)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := publish(t)
			p.do(answer)
			v, _ := byKeySet(t, p)
			wantBad(t, v, signES(t, ecKey(), "known"), unavailable)
		})
	}
	elsewhere.wantFetches(t, 0)
}

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// asked remembers what a verifier asks for.
type asked struct {
	mu   sync.Mutex
	urls []string
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.urls = append(a.urls, r.URL.String())
	a.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

func TestRedirectIsFollowedOnlySoFar(t *testing.T) {
	for name, c := range map[string]struct {
		to   func(r *http.Request) string
		asks int
	}{
		"without end":                  {func(r *http.Request) string { return r.URL.Path + "x" }, 6},
		"to another scheme":            {func(r *http.Request) string { return "https://" + r.Host + r.URL.Path }, 1},
		"to another port":              {func(r *http.Request) string { return "http://127.0.0.1:1" + r.URL.Path }, 1},
		"to the same host by its name": {func(r *http.Request) string { return strings.Replace("http://"+r.Host, "127.0.0.1", "localhost", 1) }, 1},
		"without saying where":         {func(*http.Request) string { return "" }, 1},
		"to what is no address at all": {func(*http.Request) string { return "http://[" }, 1},
		"to the files of this machine": {func(*http.Request) string { return "file:///etc/passwd" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := publish(t)
			p.do(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", c.to(r))
				w.WriteHeader(http.StatusFound)
			})
			asks := new(asked)
			v := verifier(t, auth.Config{JWKSURL: p.URL, HTTP: asks})
			wantBad(t, v, signES(t, ecKey(), "known"), unavailable)
			if len(asks.urls) != c.asks {
				t.Errorf("it asked for %q, want %d", asks.urls, c.asks)
			}
		})
	}
}

func TestRedirectOnTheSameHostIsFollowed(t *testing.T) {
	p := publish(t)
	body := `{"keys":[` + string(jwk(t, ecKey().Public(), with{"kid": "known"})) + `]}`
	p.do(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2" {
			http.Redirect(w, r, "/v2", http.StatusMovedPermanently)
			return
		}
		fmt.Fprint(w, body)
	})
	v, _ := byKeySet(t, p)
	wantGood(t, v, signES(t, ecKey(), "known"))
}

func TestOnlyKeysForSigningAreOfUse(t *testing.T) {
	private, err := jose.JSONWebKey{Key: ecKey(), KeyID: "k"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	weak := newRSA(1024)
	p384 := newEC(elliptic.P384())
	for name, c := range map[string]struct {
		jwk    []byte
		method jwt.SigningMethod
		key    any
		good   bool
	}{
		"plain":                 {jwk(t, ecKey().Public(), with{"kid": "k"}), jwt.SigningMethodES256, ecKey(), true},
		"with use and alg":      {jwk(t, ecKey().Public(), with{"kid": "k", "use": "sig", "alg": "ES256"}), jwt.SigningMethodES256, ecKey(), true},
		"without kid":           {jwk(t, ecKey().Public(), nil), jwt.SigningMethodES256, ecKey(), true},
		"RSA without alg":       {jwk(t, rsaKey().Public(), with{"kid": "k"}), jwt.SigningMethodRS256, rsaKey(), true},
		"Ed25519 without alg":   {jwk(t, edKey().Public(), with{"kid": "k"}), jwt.SigningMethodEdDSA, edKey(), true},
		"with another kid":      {jwk(t, ecKey().Public(), with{"kid": "K"}), jwt.SigningMethodES256, ecKey(), false},
		"for encryption":        {jwk(t, ecKey().Public(), with{"kid": "k", "use": "enc"}), jwt.SigningMethodES256, ecKey(), false},
		"for another algorithm": {jwk(t, rsaKey().Public(), with{"kid": "k", "alg": "PS256"}), jwt.SigningMethodRS256, rsaKey(), false},
		"for key exchange":      {jwk(t, ecKey().Public(), with{"kid": "k", "alg": "ECDH-ES"}), jwt.SigningMethodES256, ecKey(), false},
		"a private key":         {private, jwt.SigningMethodES256, ecKey(), false},
		"RSA of 1024 bits":      {jwk(t, weak.Public(), with{"kid": "k"}), jwt.SigningMethodRS256, weak, false},
		"P-384":                 {jwk(t, p384.Public(), with{"kid": "k"}), jwt.SigningMethodES384, p384, false},
		"a point off the curve": {jwk(t, ecKey().Public(), with{"kid": "k", "x": base64.RawURLEncoding.EncodeToString(make([]byte, 32))}), jwt.SigningMethodES256, ecKey(), false},
		"of an unknown kind":    {jwk(t, ecKey().Public(), with{"kid": "k", "kty": "LMS"}), jwt.SigningMethodES256, ecKey(), false},
		"a secret":              {[]byte(`{"kty":"oct","kid":"k","k":"` + base64.RawURLEncoding.EncodeToString([]byte(secret)) + `"}`), jwt.SigningMethodHS256, []byte(secret), false},
		"a number in its place": {[]byte(`7`), jwt.SigningMethodES256, ecKey(), false},
		"null in its place":     {[]byte(`null`), jwt.SigningMethodES256, ecKey(), false},
	} {
		t.Run(name, func(t *testing.T) {
			// Beside it stands one that is always good: a bad key spoils no other.
			p := publish(t, c.jwk, jwk(t, ecOther().Public(), with{"kid": "beside"}))
			v, _ := byKeySet(t, p)
			wantGood(t, v, signES(t, ecOther(), "beside"))
			_, err := verify(v, sign(t, c.method, c.key, ada(), with{"kid": "k"}))
			if (err == nil) != c.good {
				t.Errorf("%v, want good: %v", err, c.good)
			}
		})
	}
}

func TestSetWithoutAKeyOfUseIsSaidInTheLog(t *testing.T) {
	p := publish(t, jwk(t, ecKey().Public(), with{"use": "enc"}))
	log := new(lockedBuffer)
	v := verifier(t, auth.Config{JWKSURL: p.URL, Log: slog.New(slog.NewTextHandler(log, nil))})
	wantBad(t, v, signES(t, ecKey(), "any"), noKey)
	if !strings.Contains(log.String(), "holds no key that is of use here") {
		t.Errorf("the log: %s", log)
	}
}
