//go:build e2e

package e2e

import (
	"crypto/tls"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestDrainTellsEverybodyAndExits(t *testing.T) {
	onEach(t, func(t *testing.T, args ...string) {
		t.Parallel()
		s := startServer(t, args...)
		ada := dial(t, s.WS, nil)
		ada.join("ada", "lobby")
		wantDrain(t, s, &front{URL: s.URL, WS: s.WS, Client: http.DefaultClient}, ada)
	})
}

// wantDrain sends SIGTERM to s, which must then do what it promises to those
// who look through f: c is told to go elsewhere, newcomers are refused, /readyz
// says why, and the process exits with 0 within ten seconds, although one
// session never answers.
func wantDrain(t *testing.T, s *server, f *front, c *client) {
	t.Helper()
	openDeafSession(t, s)
	if got := f.status(t, "/readyz"); got != http.StatusOK {
		t.Errorf("GET /readyz before the drain: status %d, want 200", got)
	}
	began := time.Now()
	s.Signal(syscall.SIGTERM)
	c.wantClose(websocket.StatusGoingAway)
	if got := f.status(t, "/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("GET /readyz in the drain: status %d, want 503", got)
	}
	f.dialRefused(t, http.StatusServiceUnavailable)
	if code := s.Wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the drain took %v, want 10 s at most", took)
	}
}

// openDeafSession upgrades a connection to s itself, since a proxy would answer
// for it, that nobody reads from then on, not even a close frame.
func openDeafSession(t *testing.T, s *server) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/ws", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}
	anyCertificate := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	answer, err := anyCertificate.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: status %d, want 101", answer.StatusCode)
	}
}

func TestSignalsEndTheServerWithZero(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			s.Signal(sig)
			if code := s.Wait(); code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
		})
	}
}
