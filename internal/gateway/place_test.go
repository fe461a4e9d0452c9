package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/protocol"
)

func TestWhoIsTurnedAwayTakesNoPlace(t *testing.T) {
	const secret = "a secret of the tests, long enough to be one"
	verifier, err1 := auth.New(auth.Config{Secret: secret})
	good, err2 := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "ada", "exp": time.Now().Add(time.Hour).Unix()}).SignedString([]byte(secret))
	g, err3 := New(Config{Verifier: verifier, Metrics: metrics.New(), Log: slog.New(slog.DiscardHandler), Page: http.NotFoundHandler(), Listen: ":8080"})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path, header, value string
		status                      int
	}{
		"bad handshake":             {"GET", "/ws", "Sec-Websocket-Version", "8", http.StatusUpgradeRequired},
		"foreign origin":            {"GET", "/ws", "Origin", "https://evil.example", http.StatusForbidden},
		"no token":                  {"GET", "/ws", "X-Nothing", "", http.StatusUnauthorized},
		"bad token":                 {"GET", "/ws", "Authorization", "Bearer bad", http.StatusUnauthorized},
		"a connection not for us":   {"GET", "/ws", "Authorization", "Bearer " + good, http.StatusHTTPVersionNotSupported}, // httptest's can't be taken over
		"whoami":                    {"POST", "/api/v1/whoami", "Authorization", "Bearer " + good, http.StatusOK},
		"whoami without a token":    {"POST", "/api/v1/whoami", "X-Nothing", "", http.StatusUnauthorized},
		"whoami by a foreign page":  {"POST", "/api/v1/whoami", "Origin", "https://evil.example", http.StatusForbidden},
		"whoami by another method":  {"GET", "/api/v1/whoami", "X-Nothing", "", http.StatusMethodNotAllowed},
		"a command":                 {"POST", "/api/v1/rooms", "Authorization", "Bearer " + good, http.StatusUnsupportedMediaType},
		"a command by another page": {"POST", "/api/v1/rooms", "Origin", "https://evil.example", http.StatusForbidden},
		"the page, no place either": {"GET", "/", "Upgrade", "", http.StatusNotFound},
	} {
		r := httptest.NewRequest(c.method, c.path, http.NoBody)
		r.RemoteAddr = "192.0.2.1:1234"
		if c.path == "/ws" {
			r.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
				"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"13"}}
		}
		r.Header.Set(c.header, c.value)
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.status)
		}
		if n := g.crowd.addresses[netip.PrefixFrom(here, 32)]; n != nil && n.sessions != 0 || len(g.crowd.users) != 0 {
			t.Errorf("%s: %+v and users %v are counted, want nobody", name, n, g.crowd.users)
		}
	}
	g.crowd.wantEmpty(t, time.Now())
}

func TestCommandsOverHTTPCountAsHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose clock stands
		g := newGateway(t, Config{})
		ask := func() *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/rooms", http.NoBody)
			r.RemoteAddr = netip.AddrPortFrom(here, 1234).String()
			w := httptest.NewRecorder()
			g.Handler().ServeHTTP(w, r)
			return w
		}
		for i := range protocol.MaxHandshakesPerAddr {
			if got := ask(); got.Code != http.StatusUnsupportedMediaType {
				t.Fatalf("call %d: status %d", i+1, got.Code)
			}
		}
		if got := ask(); got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") != "1" || !strings.Contains(got.Body.String(), `"retry_ms":1000`) {
			t.Errorf("one more: status %d, %v, %s; want 429", got.Code, got.Header(), got.Body)
		}
	})
}
