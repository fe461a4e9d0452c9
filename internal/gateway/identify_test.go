package gateway_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/protocol"
)

func TestTokenIsTakenFromTheFirstPlaceThatHasOne(t *testing.T) {
	d := openDoor(t, asUsers)
	good, bad := d.token("ada"), d.token("ada")
	bad = bad[:len(bad)-10] + "AAAAAAAAAA"
	for name, c := range map[string]struct {
		path   string
		header []string
		status int
	}{
		"nowhere":                        {"/", nil, 401},
		"header":                         {"/", []string{"Authorization: Bearer " + good}, 101},
		"header in small letters":        {"/", []string{"authorization: bearer " + good}, 101},
		"subprotocol":                    {"/", []string{"Sec-WebSocket-Protocol: parley.token." + good}, 101},
		"subprotocol beside a dialect":   {"/", []string{"Sec-WebSocket-Protocol: chat, parley.token." + good}, 101},
		"subprotocol beside parley.v1":   {"/?name=eve", []string{"Sec-WebSocket-Protocol: parley.v1, parley.token." + good}, 101},
		"a pass":                         {"/", []string{"Authorization: Bearer " + d.pass(ada, 0)}, 401},
		"a pass in the query":            {"/?pass=" + d.pass(ada, 0), nil, 401},
		"query":                          {"/?token=" + good, nil, 101},
		"query of /ws":                   {"/ws?room=lobby&token=" + good, nil, 101},
		"cookie":                         {"/", []string{"Cookie: theme=dark; parley_token=" + good}, 101},
		"bad in the header":              {"/", []string{"Authorization: Bearer " + bad}, 401},
		"bad in the subprotocol":         {"/", []string{"Sec-WebSocket-Protocol: parley.token." + bad}, 401},
		"bad in the query":               {"/?token=" + bad, nil, 401},
		"bad in the cookie":              {"/", []string{"Cookie: parley_token=" + bad}, 401},
		"header before the query":        {"/?token=" + good, []string{"Authorization: Bearer " + bad}, 401},
		"header before the subprotocol":  {"/", []string{"Authorization: Bearer " + bad, "Sec-WebSocket-Protocol: parley.token." + good}, 401},
		"subprotocol before the query":   {"/?token=" + good, []string{"Sec-WebSocket-Protocol: parley.token." + bad}, 401},
		"query before the cookie":        {"/?token=" + bad, []string{"Cookie: parley_token=" + good}, 401},
		"a password of the proxy's":      {"/?token=" + good, []string{"Authorization: Basic YWRhOnNlY3JldA=="}, 101},
		"empty header":                   {"/?token=" + good, []string{"Authorization: Bearer"}, 101},
		"empty subprotocol":              {"/?token=" + good, []string{"Sec-WebSocket-Protocol: parley.token."}, 101},
		"empty query":                    {"/?token=", []string{"Cookie: parley_token=" + good}, 101},
		"twice in the query, bad first":  {"/?token=" + bad + "&token=" + good, nil, 401},
		"under another name":             {"/?Token=" + good, nil, 401},
		"in the path":                    {"/ws/" + good, nil, 404},
		"in a cookie of another name":    {"/", []string{"Cookie: token=" + good}, 401},
		"in a header of our own, no":     {"/", []string{"X-Parley-Token: " + good}, 401},
		"a word":                         {"/?token=hello", nil, 401},
		"10,000 letters":                 {"/?token=" + strings.Repeat("x", 10_000), nil, 401},
		"with a broken escape after it":  {"/?token=" + good + "&x=%zz", nil, 101},
		"behind a semicolon, as one was": {"/?a=1;token=" + good, nil, 401},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.ask(request("GET "+c.path+" HTTP/1.1", c.header...))
			if got.status != c.status {
				t.Errorf("%+v, want %d", got, c.status)
			}
			switch c.status {
			case 101:
				if o := <-d.opened; o.Identity.User != "ada" || o.Identity.Name != "Ada L." || o.Identity.Expires().IsZero() {
					t.Errorf("let in as %+v", o.Identity)
				}
			case 401:
				if got.header.Get("WWW-Authenticate") != "Bearer" || !strings.Contains(got.body, "oken") {
					t.Errorf("%+v, want WWW-Authenticate: Bearer and a text", got)
				}
			}
		})
	}
}

// A browser adds the cookie to every request for this host, whoever's page it
// comes from.
func TestCookieSignsInOwnPagesAlone(t *testing.T) {
	for name, c := range map[string]struct {
		host, origin string
		publicURL    string
		status       int // 403: not even the origin rule lets it in
	}{
		"no page":                        {"localhost:8080", "", "", 101},
		"our page":                       {"localhost:8080", "http://localhost:8080", "", 101},
		"our page behind TLS":            {"localhost:8080", "https://localhost:8080", "", 101},
		"our page on the usual port":     {"localhost", "http://localhost", "", 101},
		"our page, port said once":       {"localhost:443", "https://localhost", "", 101},
		"our page by address":            {"127.0.0.1:8080", "http://127.0.0.1:8080", "", 101},
		"another port of this host":      {"localhost:8080", "http://localhost:3000", "", 401},
		"another name of this host":      {"localhost:8080", "http://127.0.0.1:8080", "", 401},
		"usual port to another":          {"localhost:8080", "http://localhost", "", 401},
		"a port that a proxy lost":       {"localhost", "https://localhost:8443", "", 401},
		"--public-url":                   {"chat.example", "https://chat.example", "https://chat.example", 101},
		"--public-url, Host lost":        {"127.0.0.1:8080", "https://chat.example", "https://chat.example", 101},
		"a local page to the public URL": {"chat.example", "http://localhost:3000", "https://chat.example", 401},
		"an allowed origin":              {"localhost:8080", "https://app.example", "", 401},
		"null that is allowed":           {"localhost:8080", "null", "", 401},
		"another site":                   {"localhost:8080", "https://evil.example", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, asUsers, func(g *gateway.Config) {
				g.PublicURL, g.AllowOrigins = c.publicURL, []string{"https://app.example", "null"}
			})
			header := []string{"Host: " + c.host, "Cookie: parley_token=" + d.token("ada")}
			if c.origin != "" {
				header = append(header, "Origin: "+c.origin)
			}
			if got := d.ask(request("GET / HTTP/1.1", header...)); got.status != c.status {
				t.Errorf("%+v, want %d", got, c.status)
			}
			if c.status == 401 { // it is the cookie alone that does not count
				header = append(header, "Authorization: Bearer "+d.token("ada"))
				if got := d.ask(request("GET / HTTP/1.1", header...)); got.status != 101 {
					t.Errorf("with the token in the header: %+v, want 101", got)
				}
			}
		})
	}
}

func TestChecksComeInTheirOrder(t *testing.T) {
	d := openDoor(t, asUsers)
	bad, evil, version := "Authorization: Bearer bad", "Origin: https://evil.example", "Sec-WebSocket-Version: 8"
	for _, c := range []struct {
		status int
		header []string
	}{
		{426, []string{version, evil, bad}},
		{403, []string{evil, bad}},
		{401, []string{bad}},
	} {
		if got := d.ask(request("GET / HTTP/1.1", c.header...)); got.status != c.status {
			t.Errorf("%v: %+v, want %d", c.header, got, c.status)
		}
	}
	d.gateway.Drain()
	if got := d.ask(request("GET / HTTP/1.1", version, evil, bad)); got.status != 503 {
		t.Errorf("draining: %+v, want 503", got)
	}
	for _, reason := range []string{"bad_handshake", "origin_refused", "unauthenticated", "draining"} {
		if got := d.refused(reason); got != "1" {
			t.Errorf("%s counted %q, want 1", reason, got)
		}
	}
}

func TestUserHasFiftySessionsAtMost(t *testing.T) {
	onEach(t, func(t *testing.T, way engine.Transport) {
		d := openDoorTo(t, way, asUsers)
		as := func(user string) *websocket.DialOptions {
			return &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + d.token(user)}}}
		}
		var first *websocket.Conn
		for i := range protocol.MaxSessionsPerUser {
			conn, _, err := d.dial(as("ada"))
			if err != nil {
				t.Fatalf("session %d: %v", i+1, err)
			}
			first = conn
		}
		if _, answer, err := d.dial(as("ada")); err == nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
			t.Fatalf("one more: %v, %v; want 429 with Retry-After", answer, err)
		}
		if _, _, err := d.dial(as("grace")); err != nil {
			t.Errorf("another user: %v", err)
		}
		if err := first.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Fatal(err)
		}
		within(t, func() bool { _, _, err := d.dial(as("ada")); return err == nil }, "one who left made room for another")
		if got := d.refused("too_many_sessions"); got == "0" || got == "" {
			t.Errorf("counted %q, want 1 or more", got)
		}
	})
}

func TestWhoamiSaysWhoOneIsOrWhyNot(t *testing.T) {
	d := openDoor(t, asUsers)
	good := d.token("ada")
	const forbidden, unauthenticated = "origin_refused", "unauthenticated"
	for name, c := range map[string]struct {
		path, header string
		status       int
		code         string
	}{
		"header":         {"", "Authorization: Bearer " + good, 200, ""},
		"query":          {"?token=" + good, "X: y", 200, ""},
		"cookie":         {"", "Cookie: parley_token=" + good, 200, ""},
		"no token":       {"", "X: y", 401, unauthenticated},
		"bad token":      {"", "Authorization: Bearer bad", 401, unauthenticated},
		"foreign origin": {"", "Origin: https://evil.example", 403, forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.ask("POST /api/v1/whoami" + c.path + " HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 0\r\n" + c.header + "\r\n\r\n")
			var body struct {
				Type, Code, Text string
				User             *struct{ ID, Name, Role string }
			}
			if err := json.Unmarshal([]byte(got.body), &body); err != nil || got.status != c.status || got.header.Get("Content-Type") != "application/json" {
				t.Fatalf("%+v, %v; want JSON and %d", got, err, c.status)
			}
			if c.status == 200 {
				if body.User == nil || body.User.ID != "ada" || body.User.Name != "Ada L." || body.User.Role != "admin" {
					t.Errorf("got %s", got.body)
				}
			} else if body.Type != "error" || body.Code != c.code || body.Text == "" || body.User != nil {
				t.Errorf("got %s, want an error of code %s", got.body, c.code)
			}
			if got.header.Get("Cache-Control") != "no-store" || (c.status == 401) != (got.header.Get("WWW-Authenticate") == "Bearer") {
				t.Errorf("header %v", got.header)
			}
		})
	}
}

func TestWhoamiAnswersPagesThatMayAsk(t *testing.T) {
	d := openDoor(t, asUsers, func(c *gateway.Config) { c.AllowOrigins = []string{"https://app.example"} })
	for origin, passes := range map[string]bool{"https://app.example": true, "http://localhost:3000": true, "https://evil.example": false} {
		before := d.ask("OPTIONS /api/v1/whoami HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: " + origin +
			"\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n")
		then := d.ask("POST /api/v1/whoami HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: " + origin + "\r\nContent-Length: 0\r\n\r\n")
		want := ""
		if passes {
			want = origin
			if before.status != http.StatusNoContent || before.header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type" {
				t.Errorf("%s may not ask: %+v", origin, before)
			}
		}
		for _, got := range []answer{before, then} {
			if got.header.Get("Access-Control-Allow-Origin") != want || got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: %+v, want Access-Control-Allow-Origin: %s", origin, got, want)
			}
		}
	}
	got := d.ask("GET /api/v1/whoami HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
	if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("GET: %+v, want 405", got)
	}
}

// Keys that can't be fetched are no reason to send anybody to the sign-in page.
func TestTokenThatCannotBeCheckedNowIsNotRefused(t *testing.T) {
	d := openDoor(t, func(c *gateway.Config) {
		c.Verifier, _ = auth.New(auth.Config{JWKSURL: "https://id.example/keys", HTTP: noNetwork{}, Log: c.Log})
	})
	token := d.token("ada")
	// The algorithm of a published key, so that it is looked for.
	es256 := "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ" + token[strings.IndexByte(token, '.'):]
	if got := d.ask(request("GET / HTTP/1.1", "Authorization: Bearer "+es256)); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("%+v, want 503 with Retry-After", got)
	}
	if got := d.refused("unavailable"); got != "1" {
		t.Errorf("counted %q, want 1", got)
	}
}

type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route to host")
}
