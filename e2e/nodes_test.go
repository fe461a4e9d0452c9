//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// beforeThree starts a proxy of deploy/nodes at a port, before nodes at 127.0.0.1 with
// these ports.
type beforeThree func(t *testing.T, https string, ports [3]string) certificate

var beforeThrees = map[string]beforeThree{
	"nginx": nginxBeforeThree, "Caddy": caddyBeforeThree, "HAProxy": haproxyBeforeThree,
}

// nodesReplaced is a file of deploy/nodes with what everybody replaces who uses it: the
// nodes, and what oldnew has.
func nodesReplaced(t *testing.T, path string, ports [3]string, oldnew ...string) string {
	t.Helper()
	for i, port := range ports {
		oldnew = append(oldnew, fmt.Sprintf("10.0.0.%d:8080", i+1), "127.0.0.1:"+port)
	}
	return replaced(t, path, oldnew...)
}

// startThree starts three servers with the same settings.
func startThree(t *testing.T, args ...string) (nodes [3]*server, ports [3]string) {
	t.Helper()
	for i := range nodes {
		nodes[i] = startServer(t, args...)
		ports[i] = nodes[i].Port
	}
	return nodes, ports
}

func nginxBeforeThree(t *testing.T, https string, ports [3]string) certificate {
	t.Helper()
	cert, dir := newCertificate(t), t.TempDir()
	runNginx(t, dir, https, nodesReplaced(t, "../deploy/nodes/nginx.conf", ports, nginxHere(t, https, dir, cert)...))
	return cert
}

func caddyBeforeThree(t *testing.T, https string, ports [3]string) certificate {
	t.Helper()
	cert, dir := newCertificate(t), t.TempDir()
	conf := filepath.Join(dir, "Caddyfile")
	writeFile(t, conf, "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n"+nodesReplaced(t, "../deploy/nodes/Caddyfile", ports,
		"{$SITE:chat.example} {", fmt.Sprintf("https://chat.example:%s {\n\ttls %s %s", https, cert.Cert, cert.Key)))
	cmd := exec.Command(need(t, "caddy"), "run", "--config", conf)
	cmd.Env = []string{"HOME=" + dir}
	untilItListens(t, https, run(t, cmd))
	return cert
}

func haproxyBeforeThree(t *testing.T, https string, ports [3]string) certificate {
	t.Helper()
	cert, plain, dir := newCertificate(t), freePort(t), t.TempDir()
	both := filepath.Join(dir, "chat.example.pem")
	writeFile(t, both, readFile(t, cert.Cert)+readFile(t, cert.Key))
	conf := filepath.Join(dir, "haproxy.cfg")
	writeFile(t, conf, nodesReplaced(t, "../deploy/nodes/haproxy.cfg", ports,
		"bind :80\n", "bind 127.0.0.1:"+plain+"\n",
		"bind :443 ssl", "bind 127.0.0.1:"+https+" ssl",
		"/etc/haproxy/chat.example.pem", both,
		"maxconn 100000", "maxconn 1000",
	))
	if out, err := exec.Command(need(t, "haproxy"), "-c", "-f", conf).CombinedOutput(); err != nil || strings.Contains(string(out), "WARNING") {
		t.Fatalf("haproxy -c: %v\n%s", err, out)
	}
	untilItListens(t, https, run(t, exec.Command(need(t, "haproxy"), "-db", "-f", conf)))
	return cert
}

func TestAProxyBeforeThreeNodesLeavesOutTheOneThatGoes(t *testing.T) {
	t.Parallel()
	for name, start := range beforeThrees {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{"--trusted-proxy", "127.0.0.1", "--public-url", "https://chat.example"}
			nodes, ports := startThree(t, args...)
			https := freePort(t)
			f := deployed(https, start(t, https, ports))
			spread := func() bool {
				f.dial(t)
				return sessions(t, nodes[0]) > 0 && sessions(t, nodes[1]) > 0 && sessions(t, nodes[2]) > 0
			}
			eventually(t, "each node has sessions", spread)
			f.dialRefused(t, http.StatusForbidden, "Origin", "https://evil.example")
			eventually(t, "a log names the client's address", func() bool {
				return strings.Contains(nodes[0].Log()+nodes[1].Log()+nodes[2].Log(), "addr="+fromAddress.String())
			})

			const newcomers = 12
			if code, _ := nodes[0].Stop(); code != 0 {
				t.Errorf("the node ends with %d, want 0", code)
			}
			for range newcomers {
				f.dial(t) // it fails the test if it is refused
				if status := f.post(t, "/api/v1/whoami"); status != http.StatusOK {
					t.Errorf("a command gets %d, want 200: it was never sent to the node that is gone", status)
				}
			}
			nodes[0] = startServer(t, append(args, "--listen", "127.0.0.1:"+ports[0])...)
			eventually(t, "the node that came back has sessions", spread)
			if status := f.status(t, "/metrics"); status != http.StatusNotFound {
				t.Errorf("GET /metrics: status %d, want 404", status)
			}
		})
	}
}

// A node that drains answers, but takes nobody. nginx and HAProxy try elsewhere what it
// refuses; Caddy finds out when it looks the next time.
func TestAProxyBeforeThreeNodesSendsNobodyToOneThatDrains(t *testing.T) {
	t.Parallel()
	for name, start := range beforeThrees {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			draining := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/healthz" {
					return
				}
				w.Header().Set("Retry-After", "1")
				http.Error(w, "draining", http.StatusServiceUnavailable)
			}))
			t.Cleanup(draining.Close)
			u, err := url.Parse(draining.URL)
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"--trusted-proxy", "127.0.0.1", "--public-url", "https://chat.example"}
			one, other := startServer(t, args...), startServer(t, args...)
			https := freePort(t)
			f := deployed(https, start(t, https, [3]string{u.Port(), one.Port, other.Port}))
			if name == "Caddy" {
				eventually(t, "it has looked", func() bool {
					for range 4 {
						if _, _, err := tryDial(t, f.WS, f.options()); err != nil {
							return false
						}
					}
					return true
				})
			}
			const newcomers = 12
			for range newcomers {
				f.dial(t)
			}
			if got := sessions(t, one) + sessions(t, other); got < newcomers {
				t.Errorf("%d sessions are at the other two, want at least %d", got, newcomers)
			}
		})
	}
}

// sessions is how many a node has now.
func sessions(t *testing.T, s *server) int {
	t.Helper()
	answer, err := http.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(wantMatch(t, string(body), `(?m)^parley_sessions (\d+)$`)[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// post is the status of the answer to a command.
func (f *front) post(t *testing.T, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.URL+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := f.Client.Do(request)
	if err != nil {
		t.Fatalf("POST %s: %v", path, err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// A command whose answer never came may have been done. A proxy that tried it elsewhere
// would do it twice, where it has no key.
func TestAProxyBeforeThreeNodesRepeatsNoCommand(t *testing.T) {
	t.Parallel()
	for name, start := range beforeThrees {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var commands, looks atomic.Int32
			dying := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/readyz":
					return
				case r.Method == http.MethodPost:
					commands.Add(1)
				default:
					looks.Add(1)
				}
				conn, _, err := w.(http.Hijacker).Hijack() // it dies before it answers
				if err == nil {
					conn.Close()
				}
			})
			var ports [3]string
			for i := range ports {
				s := httptest.NewServer(dying)
				t.Cleanup(s.Close)
				u, err := url.Parse(s.URL)
				if err != nil {
					t.Fatal(err)
				}
				ports[i] = u.Port()
			}
			https := freePort(t)
			f := deployed(https, start(t, https, ports))
			if status := f.post(t, "/api/v1/send"); status < 500 {
				t.Errorf("the command gets %d", status)
			}
			if n := commands.Load(); n != 1 {
				t.Errorf("the command was sent %d times, want 1", n)
			}
			f.status(t, "/healthz")
			if n := looks.Load(); n < 1 {
				t.Errorf("the GET was sent %d times, want at least 1", n)
			}
		})
	}
}
