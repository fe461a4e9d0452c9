//go:build e2e

package e2e

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
)

func TestTLSByFlagsServesWSS(t *testing.T) {
	t.Parallel()
	cert := newCertificate(t)
	s := startServer(t, "--tls-cert", cert.Cert, "--tls-key", cert.Key)
	f := &front{URL: s.URL, WS: s.WS, Client: clientFor(s.Port, cert)}
	if !strings.HasPrefix(s.WS, "wss://") {
		t.Errorf("the server says that it listens on %s, want https://", s.URL)
	}
	ada, grace := f.dial(t), f.dial(t)
	ada.join("ada", "lobby")
	grace.join("grace", "lobby")
	ada.want(message{Type: "system", Text: "grace joined #lobby", Users: []string{"ada", "grace"}})
	long := strings.Repeat("words ", 600) // more than one TLS record takes with its neighbours
	ada.chat(long)
	grace.want(message{Type: "chat", Username: "ada", Text: long})
	if got := f.status(t, "/healthz"); got != http.StatusOK {
		t.Errorf("GET /healthz: status %d, want 200", got)
	}
	wantDrain(t, s, f, ada)
}

func TestTLSOffersHTTP11Alone(t *testing.T) {
	t.Parallel()
	cert := newCertificate(t)
	s := startServer(t, "--tls-cert", cert.Cert, "--tls-key", cert.Key)
	for name, c := range map[string]struct {
		offered []string
		want    string // empty: no connection
	}{
		"a browser": {[]string{"h2", "http/1.1"}, "http/1.1"},
		"HTTP/2":    {[]string{"h2"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := tls.Dial("tcp", "127.0.0.1:"+s.Port, &tls.Config{RootCAs: cert.Pool, NextProtos: c.offered})
			got := ""
			if err == nil {
				defer conn.Close()
				got = conn.ConnectionState().NegotiatedProtocol
			}
			if got != c.want {
				t.Errorf("offered %q, agreed on %q (%v); want %q", c.offered, got, err, c.want)
			}
		})
	}
}
