//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

func TestPeopleMeetThroughAProxy(t *testing.T) {
	throughEach(t, nil, func(t *testing.T, s *server, f *front, _ proxySetup) {
		ada := f.dial(t)
		ada.join("ada", "lobby")
		grace := dial(t, s.WS, nil)
		grace.join("grace", "lobby")
		ada.want(message{Type: "system", Text: "grace joined #lobby", Users: []string{"ada", "grace"}})
		ada.chat("hello")
		for _, c := range []*client{ada, grace} {
			c.want(message{Type: "chat", Username: "ada", Text: "hello"})
		}
		ada.leave()
		grace.want(message{Type: "system", Text: "ada left #lobby", Users: []string{"grace"}})
	})
}

func TestFiveMegabytesPassAProxyInOrder(t *testing.T) {
	const messages, size = 1300, 4000
	text := func(i int) string { return fmt.Sprintf("%0*d", size, i) }
	throughEach(t, []string{"--rate", "off"}, func(t *testing.T, _ *server, f *front, _ proxySetup) {
		ada, grace := f.dial(t), f.dial(t)
		ada.join("ada", "lobby")
		grace.join("grace", "lobby")
		ada.want(message{Type: "system", Text: "grace joined #lobby"})
		go func() {
			for i := range messages {
				frame := fmt.Sprintf(`{"type":"chat","text":"%s"}`, text(i))
				if err := ada.conn.Write(t.Context(), websocket.MessageText, []byte(frame)); err != nil {
					t.Errorf("send message %d: %v", i, err)
					return
				}
			}
		}()
		received := make(chan struct{})
		go func() {
			defer close(received)
			wantAll(grace, messages, text)
		}()
		wantAll(ada, messages, text)
		<-received
	})
}

// wantAll reads n messages of ada's, and reports the first that is not as text
// says. It may be called from any goroutine.
func wantAll(c *client, n int, text func(int) string) {
	for i := range n {
		m, err := c.read(patience)
		if err != nil || m.Username != "ada" || m.Text != text(i) {
			c.t.Errorf("message %d: %v, %s %s: %d bytes that begin with %.20q", i, err, m.Type, m.Username, len(m.Text), m.Text)
			return
		}
	}
}

func TestLogNamesTheClientAndNotTheProxy(t *testing.T) {
	const forged = "203.0.113.9"
	throughEach(t, nil, func(t *testing.T, s *server, f *front, setup proxySetup) {
		ada := f.dial(t, "X-Forwarded-For", forged)
		ada.join("ada", "lobby")
		seen := "127.0.0.1" // the proxy's
		if setup.forwards {
			seen = fromAddress.String()
		}
		f.dialRefused(t, http.StatusForbidden, "X-Forwarded-For", forged, "Origin", "https://evil.example")
		s.WaitLog("addr=" + seen)
		if strings.Contains(s.Log(), forged) {
			t.Errorf("the log holds the forged address %s", forged)
		}
	})
}

func TestOriginRuleHoldsThroughAProxy(t *testing.T) {
	throughEach(t, nil, func(t *testing.T, s *server, f *front, _ proxySetup) {
		f.dial(t, "Origin", f.Origin).join("ada", "lobby")
		for _, origin := range []string{"https://evil.example", "https://chat.example.evil.example"} {
			f.dialRefused(t, http.StatusForbidden, "Origin", origin)
			s.WaitLog(origin)
		}
		s.WaitLog("--allow-origin")
	})
}

// dialRefused tries to open a session through f, which must be refused with
// status.
func (f *front) dialRefused(t *testing.T, status int, header ...string) {
	t.Helper()
	if _, got, err := tryDial(t, f.WS, f.options(header...)); err == nil || got != status {
		t.Errorf("an upgrade with %q: status %d, %v; want %d", header, got, err, status)
	}
}

func TestDrainReachesPeopleBehindAProxy(t *testing.T) {
	throughEach(t, nil, func(t *testing.T, s *server, f *front, _ proxySetup) {
		ada := f.dial(t)
		ada.join("ada", "lobby")
		wantDrain(t, s, f, ada)
	})
}

func TestDeployedProxiesHideMetrics(t *testing.T) {
	throughEach(t, nil, func(t *testing.T, _ *server, f *front, setup proxySetup) {
		if setup.forwards { // the tutorial's has nothing to hide: it passes on /ws alone
			if got := f.status(t, "/metrics"); got != http.StatusNotFound {
				t.Errorf("GET /metrics: status %d, want 404", got)
			}
		}
		if got := f.status(t, "/healthz"); got != http.StatusOK {
			t.Errorf("GET /healthz: status %d, want 200", got)
		}
	})
}
