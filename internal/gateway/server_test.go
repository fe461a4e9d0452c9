package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/web"
)

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
	synctest.Test(t, func(t *testing.T) {
		l := make(pipes)
		openDoorAt(t, l)
		ours, theirs := net.Pipe()
		l <- theirs
		go io.WriteString(ours, request("GET / HTTP/1.1")) //nolint:errcheck // the answer tells
		if got := readUntil(ours, "\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 101 ") {
			t.Fatalf("got %q", got)
		}
		begun := time.Now()
		if got := readUntil(ours, "\x89\x00"); got != "\x89\x00" {
			t.Errorf("got %q, want a ping", got)
		}
		_, _ = io.ReadAll(ours) // no pong: cut off by the second one, not by a deadline of the handshake
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("cut off after %v, want a minute", took)
		}
		ours.Close()
	})
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
		"GET /api/v1/rooms":                   405,
		"GET /api/v1/rooms/lobby":             404,
		"POST /api/v1/":                       404,
		"POST /api/v1/nothing":                404,
		"POST /api/v1/rooms":                  415,
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
