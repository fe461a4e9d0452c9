package gateway

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// Where we speak TLS ourselves, a page of the same host that came without is not
// ours: anybody on the way may have made it.
func TestCookieOverTLSIsForPagesThatCameOverTLS(t *testing.T) {
	for name, c := range map[string]struct {
		tls       bool
		host      string
		origin    string
		publicURL string
		ours      bool
	}{
		"TLS, page over TLS":                    {true, "chat.example", "https://chat.example", "", true},
		"TLS, page over TLS, on its port":       {true, "chat.example:8443", "https://chat.example:8443", "", true},
		"TLS, page without":                     {true, "chat.example", "http://chat.example", "", false},
		"TLS, page without, which is ours":      {true, "chat.example", "http://chat.example", "http://chat.example", true},
		"TLS, no page":                          {true, "chat.example", "", "", true},
		"a proxy has the TLS":                   {false, "chat.example", "https://chat.example", "", true},
		"no TLS anywhere":                       {false, "chat.example", "http://chat.example", "", true},
		"no TLS, page on another port":          {false, "chat.example:8080", "http://chat.example:9090", "", false},
		"a proxy that loses the port":           {false, "chat.example", "https://chat.example:8443", "", false},
		"a proxy that loses the port, but told": {false, "chat.example", "https://chat.example:8443", "https://chat.example:8443", true},
	} {
		g := newGateway(t, Config{PublicURL: c.publicURL})
		r := &http.Request{Host: c.host, Header: http.Header{}}
		if c.tls {
			r.TLS = new(tls.ConnectionState)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := g.origins.exactlyOurs(r); got != c.ours {
			t.Errorf("%s: ours %v, want %v", name, got, c.ours)
		}
	}
}
