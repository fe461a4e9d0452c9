//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/testserver"
)

// badProxy is an nginx that somebody has set up wrong.
type badProxy struct {
	lines string   // of its location
	serve []string // flags of the node behind it
	args  []string // flags of the doctor
	part  string   // what is wrong, as the doctor says it
	level string
	found string
	fix   string
}

const (
	upgrades = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
	itsHost  = "proxy_set_header Host $http_host;"
)

func TestDoctorSaysWhatAProxyDoesWrong(t *testing.T) {
	t.Parallel()
	const token = "a-token-for-the-metrics"
	for name, c := range map[string]badProxy{
		"it passes no upgrade on": {
			lines: "proxy_http_version 1.1;" + itsHost,
			part:  "proxy", level: "fault", found: "426", fix: "proxy_set_header Upgrade $http_upgrade",
		},
		"it speaks HTTP/1.0": {
			lines: itsHost,
			part:  "proxy", level: "fault", found: "HTTP/1.1", fix: "proxy_http_version 1.1",
		},
		"it is impatient": {
			lines: upgrades + itsHost + "proxy_read_timeout 1s;",
			serve: []string{"--heartbeat", "5s"}, args: []string{"--heartbeat", "5s", "--long"},
			part: "proxy", level: "fault", found: "a silent session is cut off after 1", fix: "proxy_read_timeout",
		},
		"it drops the subprotocol": {
			lines: upgrades + itsHost + `proxy_set_header Sec-WebSocket-Protocol "";`,
			part:  "proxy", level: "fault", found: "Sec-WebSocket-Protocol", fix: "pass that header on",
		},
		"it drops the extensions": {
			lines: upgrades + itsHost + `proxy_set_header Sec-WebSocket-Extensions "";`,
			part:  "proxy", level: "warning", found: "compression", fix: "Sec-WebSocket-Extensions",
		},
		"it drops the origin": {
			lines: upgrades + itsHost + `proxy_set_header Origin "";`,
			part:  "origin", level: "fault", found: "pages of any site are let in", fix: "pass Origin on",
		},
		"it passes on what anybody says of their address": {
			lines: upgrades + itsHost + "proxy_set_header X-Forwarded-For $http_x_forwarded_for;",
			serve: []string{"--trusted-proxy", "127.0.0.1", "--metrics-token", token}, args: []string{"--metrics-token", token},
			part: "proxy", level: "fault", found: "believes what anybody says", fix: "X-Forwarded-For $remote_addr",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, listen := startServer(t, c.serve...), freePort(t)
			runNginx(t, t.TempDir(), listen, fmt.Sprintf("server { listen 127.0.0.1:%s; location / { proxy_pass http://127.0.0.1:%s; %s } }", listen, s.Port, c.lines))
			code, found := examined(t, append(c.args, "http://127.0.0.1:"+listen)...)
			wantFinding(t, found, c.part, c.level, c.found, c.fix)
			if want := map[string]int{"fault": 1, "warning": 0}[c.level]; code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
		})
	}
}

func TestDoctorFindsNothingWrongWithWhatIsInDeploy(t *testing.T) {
	t.Parallel()
	const token = "a-token-for-the-metrics"
	for name, start := range map[string]func(t *testing.T, port, https string) certificate{"nginx": nginxAt, "Caddy": caddyAt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			https := freePort(t)
			url := "https://localhost:" + https
			settings := []string{"--store", "memory", "--trusted-proxy", "127.0.0.1", "--public-url", url, "--metrics-token", token, "--heartbeat", "1s"}
			s := startServer(t, settings...)
			cert := start(t, s.Port, https)
			code, found := examined(t, append(settings, "--ca", cert.Cert, "--long", "--node", s.URL)...)
			if code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			for _, f := range found {
				// The certificate is good for an hour, and the store forgets.
				if f.Level == "warning" && f.Part != "tls" && f.Part != "settings" {
					t.Errorf("%+v", f)
				}
			}
			wantFinding(t, found, "nodes", "ok", "is ready, version", "")
			wantFinding(t, found, "proxy", "ok", "a silent session stays open", "")
			wantFinding(t, found, "proxy", "ok", "takes us for 127.0.0.1", "")
			wantFinding(t, found, "tls", "warning", "less than a day", "renew")
		})
	}
}

func TestDoctorFindsNothingWrongWithProxiesBeforeThreeNodes(t *testing.T) {
	t.Parallel()
	const token = "a-token-for-the-metrics"
	for _, name := range []string{"nginx", "HAProxy"} { // Caddy's has no other name than chat.example
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			https := freePort(t)
			url := "https://localhost:" + https
			redis := testserver.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
			settings := []string{
				"--store", redis.URL(), "--broker", redis.URL(), "--trusted-proxy", "127.0.0.1", "--public-url", url,
				"--metrics-token", token, "--heartbeat", "1s",
			}
			var ports [3]string
			doctor := settings
			for i := range ports {
				s := startServer(t, settings...)
				ports[i], doctor = s.Port, append(doctor, "--node", s.URL)
			}
			cert := beforeThrees[name](t, https, ports)
			var found []finding
			eventually(t, "all nodes know of three", func() bool {
				_, found = examined(t, append(doctor, "--ca", cert.Cert)...)
				return strings.Count(fmt.Sprint(found), "knows of 3 with itself") == 3
			})
			code, found := examined(t, append(doctor, "--ca", cert.Cert, "--long")...)
			if code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			for _, f := range found {
				if f.Level == "fault" || f.Level == "warning" && f.Part != "tls" { // the certificate is good for an hour
					t.Errorf("%+v", f)
				}
			}
			wantFinding(t, found, "store", "ok", "appendfsync always", "")
			wantFinding(t, found, "broker", "ok", "what is published is heard", "")
			wantFinding(t, found, "nodes", "ok", "the 3 nodes share one store", "")
			wantFinding(t, found, "proxy", "ok", "a silent session stays open", "")
			wantFinding(t, found, "proxy", "ok", "a message of 65536 bytes goes through", "")
		})
	}
}

// finding is a line of `parley doctor --json`.
type finding struct{ Part, Level, Found, Fix string }

// examined runs `parley doctor`.
func examined(t *testing.T, args ...string) (code int, found []finding) {
	t.Helper()
	cmd := start{}.command(t, append([]string{"doctor", "--json"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	code = run(t, cmd).Wait()
	for line := range strings.Lines(out.String()) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		found = append(found, f)
	}
	return code, found
}

func wantFinding(t *testing.T, found []finding, part, level, text, fix string) {
	t.Helper()
	for _, f := range found {
		if f.Part == part && f.Level == level && strings.Contains(f.Found, text) && strings.Contains(f.Fix, fix) {
			return
		}
	}
	t.Errorf("no %s of %s says %q and %q: %+v", level, part, text, fix, found)
}
