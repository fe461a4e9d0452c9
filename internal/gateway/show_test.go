package gateway_test

import (
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/gateway"
)

// get is a plain request, without a handshake.
func get(path string, header ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n" + strings.Join(append(header, "\r\n"), "\r\n")
}

func TestMetricsAreForThisMachineOrTheToken(t *testing.T) {
	const metricsToken = "a-token-for-the-metrics"
	withToken := func(c *gateway.Config) { c.MetricsToken = metricsToken }
	proxied := func(c *gateway.Config) { c.TrustedProxies = []string{"127.0.0.1"} }
	for name, c := range map[string]struct {
		change func(*gateway.Config)
		text   string
		status int
	}{
		"direct":                               {withToken, get("/metrics"), 200},
		"direct by address":                    {withToken, strings.Replace(get("/metrics"), "localhost:8080", "127.0.0.1:8080", 1), 200},
		"direct by IPv6":                       {withToken, strings.Replace(get("/metrics"), "localhost:8080", "[::1]:8080", 1), 200},
		"for somebody (X-Forwarded-For)":       {withToken, get("/metrics", "X-Forwarded-For: 127.0.0.1"), 403},
		"for somebody, by a trusted proxy":     {proxied, get("/metrics", "X-Forwarded-For: 127.0.0.1"), 403},
		"for somebody (Forwarded)":             {withToken, get("/metrics", "Forwarded: for=192.0.2.1"), 403},
		"for somebody (Via)":                   {withToken, get("/metrics", "Via: 1.1 proxy"), 403},
		"for somebody (X-Real-IP)":             {withToken, get("/metrics", "X-Real-IP: 192.0.2.1"), 403},
		"for somebody, without saying who":     {withToken, get("/metrics", "X-Forwarded-For:"), 403},
		"by a name that points here":           {withToken, strings.Replace(get("/metrics"), "localhost:8080", "rebound.example:8080", 1), 403},
		"by a name that only sounds like here": {withToken, strings.Replace(get("/metrics"), "localhost:8080", "localhost.example", 1), 403},
		"HTTP/1.0 without a Host":              {withToken, "GET /metrics HTTP/1.0\r\n\r\n", 403},
		"the token, for somebody":              {withToken, get("/metrics", "X-Forwarded-For: 192.0.2.1", "Authorization: Bearer "+metricsToken), 200},
		"the token, scheme in small letters":   {withToken, get("/metrics", "X-Forwarded-For: 192.0.2.1", "Authorization: bearer "+metricsToken), 200},
		"another token":                        {withToken, get("/metrics", "X-Forwarded-For: 192.0.2.1", "Authorization: Bearer a-token-for-the-metricS"), 403},
		"half of the token":                    {withToken, get("/metrics", "X-Forwarded-For: 192.0.2.1", "Authorization: Bearer a-token"), 403},
		"the token as a password":              {withToken, get("/metrics", "X-Forwarded-For: 192.0.2.1", "Authorization: Basic "+metricsToken), 403},
		"the token in the address":             {withToken, get("/metrics?token="+metricsToken, "X-Forwarded-For: 192.0.2.1"), 403},
		"an empty token where none is set":     {func(*gateway.Config) {}, get("/metrics", "X-Forwarded-For: 192.0.2.1", "Authorization: Bearer "), 403},
		"no token where none is set":           {func(*gateway.Config) {}, get("/metrics", "X-Forwarded-For: 192.0.2.1"), 403},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, c.change)
			got := d.ask(c.text)
			shown := strings.Contains(got.body, "parley_sessions")
			if got.status != c.status || shown != (c.status == 200) {
				t.Errorf("status %d, metrics shown: %v; want %d", got.status, shown, c.status)
			}
			if c.status == 403 && !strings.Contains(got.body, "--metrics-token") {
				t.Errorf("%q does not say what would be right", got.body)
			}
		})
	}
}

func TestMetricsNameEveryReasonFromTheStart(t *testing.T) {
	d := openDoor(t)
	for _, reason := range []string{
		"bad_handshake", "unauthenticated", "origin_refused", "too_many_handshakes", "too_many_sessions", "draining", "unavailable",
	} {
		if got := d.refused(reason); got != "0" {
			t.Errorf("%s is %q, want 0", reason, got)
		}
	}
	d.ask(request("GET / HTTP/1.1", "Origin: https://evil.example"))
	d.ask(request("POST / HTTP/1.1"))
	d.ask(request("POST / HTTP/1.1"))
	if origin, bad := d.refused("origin_refused"), d.refused("bad_handshake"); origin != "1" || bad != "2" {
		t.Errorf("origins %s, handshakes %s; want 1 and 2", origin, bad)
	}
}

func TestDrainingDoorTurnsNewcomersAwayAndKeepsTheOthers(t *testing.T) {
	d := openDoor(t)
	if got := d.ask(get("/readyz")); got.status != 200 || got.body != "ready\n" {
		t.Errorf("/readyz: %d %q, want ready", got.status, got.body)
	}
	ada, _, err := d.dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.gateway.Drain()
	for _, path := range []string{"/", "/ws"} {
		got := d.ask(request("GET " + path + " HTTP/1.1"))
		if got.status != 503 || got.header.Get("Retry-After") != "1" || !strings.Contains(got.body, "Try again") {
			t.Errorf("an upgrade at %s: %+v, want 503 with Retry-After", path, got)
		}
	}
	if got := d.refused("draining"); got != "2" {
		t.Errorf("%s refusals are counted, want 2", got)
	}
	if got := d.ask(get("/readyz")); got.status != 503 || got.body != "draining\n" {
		t.Errorf("/readyz: %d %q, want draining", got.status, got.body)
	}
	for path, want := range map[string]string{"/healthz": "alive\n", "/": "the page"} {
		if got := d.ask(get(path)); got.status != 200 || got.body != want {
			t.Errorf("%s: %d %q, want %q", path, got.status, got.body, want)
		}
	}
	if err := ada.Write(t.Context(), websocket.MessageText, []byte(`{"type":"join","username":"ada"}`)); err != nil {
		t.Fatal(err)
	}
	if _, got, err := ada.Read(t.Context()); err != nil || !strings.Contains(string(got), "ada joined #general") {
		t.Errorf("a session that was here before got %s, %v", got, err)
	}
}

func TestHealthTellsInsidersAloneOfTheVersionAndTheAddress(t *testing.T) {
	const metricsToken = "a-token-for-the-metrics"
	const bearer = "Authorization: Bearer " + metricsToken
	for name, c := range map[string]struct {
		proxies []string
		text    string
		address string // empty: nothing is told
	}{
		"a stranger":                         {nil, get("/healthz", "X-Forwarded-For: 203.0.113.9"), ""},
		"a stranger by a trusted proxy":      {[]string{"127.0.0.1"}, get("/healthz", "X-Forwarded-For: 203.0.113.9"), ""},
		"this machine":                       {nil, get("/healthz"), "127.0.0.1"},
		"the token, forged":                  {nil, get("/healthz", "X-Forwarded-For: 203.0.113.9", bearer), "127.0.0.1"},
		"the token, by a trusted proxy":      {[]string{"127.0.0.1"}, get("/healthz", "X-Forwarded-For: 203.0.113.9", bearer), "203.0.113.9"},
		"half of the token, by such a proxy": {[]string{"127.0.0.1"}, get("/healthz", "X-Forwarded-For: 203.0.113.9", bearer[:30]), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, func(g *gateway.Config) {
				g.MetricsToken, g.TrustedProxies = metricsToken, c.proxies
				g.Metrics.Runs("v7")
			})
			got := d.ask(c.text)
			version := ""
			if c.address != "" {
				version = "v7"
			}
			if got.body != "alive\n" || got.header.Get("Parley-Address") != c.address || got.header.Get("Parley-Version") != version {
				t.Errorf("it says %q, address %q, version %q; want address %q, version %q",
					got.body, got.header.Get("Parley-Address"), got.header.Get("Parley-Version"), c.address, version)
			}
		})
	}
}
