package gateway

import (
	"bufio"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/metrics"
)

// hangUp is an engine that ends each session at once.
type hangUp struct{}

func (hangUp) Open(o engine.Opening) {
	o.Closed()
	_ = o.Conn.Close()
}

// entrance is a gateway with its admission, on a loopback socket.
type entrance struct {
	t         *testing.T
	addr      string
	admission *admission
	gateway   *Gateway
}

func openEntrance(t *testing.T, above func(net.Listener) net.Listener) *entrance {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") })
	log := slog.New(slog.DiscardHandler)
	g, err := New(Config{Sessions: hangUp{}, Metrics: metrics.New(), Log: log, Page: page, Listen: "localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	server := Server(g)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(above(g.Listener(l)))
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return &entrance{t: t, addr: l.Addr().String(), admission: g.admission, gateway: g}
}

func plain(l net.Listener) net.Listener { return l }

const knock = "GET /ws HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// ask writes a request, and gives the connection that its answer comes on.
func (e *entrance) ask(request string) net.Conn {
	e.t.Helper()
	c, err := net.Dial("tcp", e.addr)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, request); err != nil {
		e.t.Fatal(err)
	}
	return c
}

func (e *entrance) want(c net.Conn, status int) *http.Response {
	e.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		e.t.Fatal(err)
	}
	if r.StatusCode != status {
		e.t.Fatalf("status %d, want %d", r.StatusCode, status)
	}
	return r
}

// until waits for what must come.
func (e *entrance) until(what string, is func() bool) {
	e.t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			e.t.Fatalf("not so: %s", what)
		}
	}
}

// fill takes every slot, until the returned function gives them back.
func (e *entrance) fill() (empty func()) {
	for range cap(e.admission.slots) {
		e.admission.slots <- struct{}{}
	}
	return func() {
		for range cap(e.admission.slots) {
			<-e.admission.slots
		}
	}
}

func TestHandshakesWaitForThoseBeforeThemAndNothingElseDoes(t *testing.T) {
	e := openEntrance(t, plain)
	empty := e.fill()
	var newcomers []net.Conn
	for range 50 {
		newcomers = append(newcomers, e.ask(knock))
	}
	e.until("all wait", func() bool { return e.admission.waiting.Load() == 50 })
	for _, path := range []string{"/", "/healthz", "/readyz", "/metrics"} {
		r := e.want(e.ask("GET "+path+" HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"), http.StatusOK)
		text, err := io.ReadAll(r.Body)
		if err != nil || path == "/metrics" && !strings.Contains(string(text), "parley_handshakes_waiting 50") {
			t.Errorf("%s: %v: %s", path, err, text)
		}
	}
	empty()
	for _, c := range newcomers {
		e.want(c, http.StatusSwitchingProtocols)
	}
	e.until("all slots are back", func() bool { return len(e.admission.slots) == 0 && e.admission.waiting.Load() == 0 })
}

func TestWhoeverFindsNoPlaceInTheLineIsToldToWait(t *testing.T) {
	e := openEntrance(t, plain)
	e.admission.waiting.Store(maxLine)
	r := e.want(e.ask(knock), http.StatusServiceUnavailable)
	text, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Retry-After") != "5" || !strings.HasPrefix(string(text), "Too many") {
		t.Errorf("%v, %v: %s", err, r.Header, text)
	}
	counted, err := io.ReadAll(e.ask("GET /metrics HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"))
	if err != nil || !strings.Contains(string(counted), `parley_refusals_total{reason="overloaded"} 1`) {
		t.Errorf("it isn't counted: %v", err)
	}
	e.admission.waiting.Store(0)
	e.want(e.ask(knock), http.StatusSwitchingProtocols)
}

// A handshake that doesn't come to its end, and one that is refused, hold up nobody.
func TestASlotIsHeldByWorkAlone(t *testing.T) {
	e := openEntrance(t, plain)
	for range 3 * cap(e.admission.slots) {
		e.ask(knock[:len(knock)-2])
		e.want(e.ask(strings.Replace(knock, "Version: 13", "Version: 12", 1)), http.StatusUpgradeRequired)
	}
	for range 3 * cap(e.admission.slots) {
		e.want(e.ask(knock), http.StatusSwitchingProtocols)
	}
	e.until("all slots are back", func() bool { return len(e.admission.slots) == 0 })
}

func TestHandshakesOverTLSWaitToo(t *testing.T) {
	certificates := httptest.NewTLSServer(nil) // for its certificate
	certificates.Close()
	config := &tls.Config{Certificates: certificates.TLS.Certificates}
	e := openEntrance(t, func(l net.Listener) net.Listener { return tls.NewListener(l, config) })
	empty := e.fill()
	client := tls.Client(e.ask(""), &tls.Config{InsecureSkipVerify: true})
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(client, knock)
		sent <- err
	}()
	e.until("it waits", func() bool { return e.admission.waiting.Load() == 1 })
	empty()
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	e.want(client, http.StatusSwitchingProtocols)
	e.until("all slots are back", func() bool { return len(e.admission.slots) == 0 })
}

// Those who are in come first, but not for ever: a crowd of newcomers comes in at a
// pace that can be told.
func TestACrowdComesInByAPaceWhileTheLoopsAreBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := true
		a := newAdmission(func() bool { return busy }, metrics.New())
		come := func(n int) time.Duration {
			start := time.Now()
			came := make(chan struct{})
			for range n {
				go func() {
					a.enter()
					a.leave()
					came <- struct{}{}
				}()
			}
			for range n {
				<-came
			}
			return time.Since(start)
		}
		const patient, impatient = int(patience / yieldFor), 25
		want := patience + impatient*yieldLess
		if took := come((patient + impatient) * cap(a.slots)); took != want {
			t.Errorf("they came in within %v, want %v", took, want)
		}
		if busy = false; come(1000) != 0 {
			t.Error("nobody is in their way, and they waited")
		}
	})
}

func TestWhatWaitsAtTheDoorIsAHandshake(t *testing.T) {
	for text, want := range map[string]bool{
		knock:                  true,
		strings.ToLower(knock): false, // no HTTP
		strings.Replace(knock, "Sec-WebSocket-Key", "sec-websocket-key", 1): true,
		knock[:len(knock)-1]:                             false,
		"GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n": false,
		"POST /api/v1/send HTTP/1.1\r\n":                 false,
		"G":                                              false,
	} {
		if got := isHandshake([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
