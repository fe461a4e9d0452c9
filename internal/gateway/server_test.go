package gateway_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/web"
)

// serveToo opens a second server on the same door, with changes, and gives its
// address.
func (d *door) serveToo(change func(*http.Server)) string {
	d.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	server := gateway.Server(d.gateway)
	change(server)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(l) }()
	d.t.Cleanup(func() { server.Close(); <-served })
	return l.Addr().String()
}

func TestEveryWaitForAPeerHasItsEnd(t *testing.T) {
	server := gateway.Server(openDoor(t).gateway)
	for name, got := range map[string]time.Duration{
		"header": server.ReadHeaderTimeout, "request": server.ReadTimeout, "answer": server.WriteTimeout, "next request": server.IdleTimeout,
	} {
		if got <= 0 || got > 2*time.Minute {
			t.Errorf("the %s may take %v", name, got)
		}
	}
}

func TestSessionOutlivesTheDeadlinesOfItsHandshake(t *testing.T) {
	d := openDoor(t)
	const short = 100 * time.Millisecond
	addr := d.serveToo(func(s *http.Server) { s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout = short, short, short })
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := d.askOn(conn, request("GET /ws HTTP/1.1")); got.status != 101 {
		t.Fatalf("%+v, want 101", got)
	}
	_ = conn.SetReadDeadline(time.Now().Add(3 * short))
	if n, err := conn.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes, %v; want silence", n, err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write(frame.AppendMaskedFrame(nil, frame.Text, []byte(`{"type":"join","username":"ada"}`), [4]byte{1, 2, 3, 4})); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 200)
	if n, err := conn.Read(got); err != nil || !strings.Contains(string(got[:n]), "ada joined #general") {
		t.Errorf("got %q, %v; want to have joined", got[:n], err)
	}
}

func TestPlainRequestsAreAnsweredAsHTTPHasIt(t *testing.T) {
	d := openDoor(t, func(c *gateway.Config) { c.Page = web.Handler() })
	plain := func(first string) string {
		return first + " HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"
	}
	for first, want := range map[string]int{
		"GET /":                               200,
		"HEAD /":                              200,
		"GET /?room=lobby":                    200,
		"POST /":                              405,
		"DELETE /":                            405,
		"GET /favicon.ico":                    404,
		"GET /index.html":                     404,
		"GET /wss":                            404,
		"GET /ws/":                            404,
		"GET /WS":                             404,
		"GET /api/v1":                         404,
		"GET /api/v1/rooms":                   404,
		"GET /debug/pprof/":                   404,
		"GET /assets/":                        404,
		"GET /assets/../main.go":              307,
		"GET //ws":                            307,
		"GET //evil.example/..":               307,
		"GET /%2e%2e/%2e%2e/etc/passwd":       404,
		"GET /healthz":                        200,
		"HEAD /healthz":                       200,
		"GET /readyz":                         200,
		"GET http://localhost:8080/":          200,
		"CONNECT evil.example:443":            404,
		"OPTIONS *":                           200,
		"GET *":                               400,
		"GET":                                 400,
		"GET /" + strings.Repeat("a", 30_000): 431,
	} {
		got := d.ask(plain(first))
		if len(first) > 60 {
			first = first[:60] + "…"
		}
		if got.status != want {
			t.Errorf("%s: status %d, want %d", first, got.status, want)
		}
		if to := got.header.Get("Location"); strings.Contains(to, "//") || strings.Contains(to, "evil.example:") {
			t.Errorf("%s: sent to %s", first, to)
		}
	}
}

func TestPageComesWithItsPolicy(t *testing.T) {
	d := openDoor(t, func(c *gateway.Config) { c.Page = web.Handler() })
	for _, method := range []string{"GET", "HEAD"} {
		conn := d.connect()
		if _, err := io.WriteString(conn, method+" / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil || (len(body) > 0) != (method == "GET") {
			t.Errorf("%s: a body of %d bytes, %v", method, len(body), err)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8",
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache",
		} {
			if !strings.HasPrefix(got.Header.Get(name), want) {
				t.Errorf("%s: %s is %q, want %s…", method, name, got.Header.Get(name), want)
			}
		}
	}
}

func TestFaultOfOursIsInTheLog(t *testing.T) {
	d := openDoor(t)
	if got := d.ask(get("/panic")); got.status != 0 {
		t.Errorf("a request that we failed at: status %d, want none", got.status)
	}
	if d.log.count("level=ERROR") != 1 || d.log.count("a fault of ours") == 0 {
		t.Errorf("the log does not hold our fault:\n%s", d.log)
	}
	d.wantServes()
}
