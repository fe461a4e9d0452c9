//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// front is what a client meets: a proxy before a server, or the server itself.
type front struct {
	URL, WS string
	Origin  string       // of a page that comes from here
	Client  *http.Client // reaches it, from fromAddress
}

// fromAddress is where the clients of a front come from: it is loopback, and
// yet another address than the proxy's.
var fromAddress = net.IPv4(127, 0, 0, 2)

// dial opens a session through f, with the header given as name and value.
func (f *front) dial(t *testing.T, header ...string) *client {
	t.Helper()
	return dial(t, f.WS, f.options(header...))
}

func (f *front) options(header ...string) *websocket.DialOptions {
	opts := &websocket.DialOptions{HTTPClient: f.Client, HTTPHeader: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		opts.HTTPHeader.Set(header[i], header[i+1])
	}
	return opts
}

// status is the answer's to a GET of path.
func (f *front) status(t *testing.T, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := f.Client.Do(request)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// clientFor reaches any name at 127.0.0.1:port, and trusts cert.
func clientFor(port string, cert certificate) *http.Client {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: fromAddress}}
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, "127.0.0.1:"+port)
		},
		TLSClientConfig: &tls.Config{RootCAs: cert.Pool, NextProtos: []string{"http/1.1"}},
	}}
}

// A proxySetup is a way to put Parley on the network.
type proxySetup struct {
	args  []string // of the server behind it
	start func(t *testing.T, port string) *front
	// forwards: it tells the server the client's address.
	forwards bool
}

var proxySetups = map[string]proxySetup{
	"deploy/nginx.conf": {
		args:     []string{"--trusted-proxy", "127.0.0.1", "--public-url", "https://chat.example"},
		start:    startNginx,
		forwards: true,
	},
	"deploy/Caddyfile": {
		args:     []string{"--trusted-proxy", "127.0.0.1", "--public-url", "https://chat.example"},
		start:    startCaddy,
		forwards: true,
	},
	"the tutorial's nginx": {
		start: startTutorialNginx,
	},
}

// throughEach runs test for each setup, with a server and its proxy.
func throughEach(t *testing.T, args []string, test func(t *testing.T, s *server, f *front, setup proxySetup)) {
	t.Parallel()
	for name, setup := range proxySetups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, append(args, setup.args...)...)
			test(t, s, setup.start(t, s.Port), setup)
		})
	}
}

// startNginx runs deploy/nginx.conf. What the test replaces is what everybody
// has to replace who uses it: ports, certificate, the place of the log.
func startNginx(t *testing.T, port string) *front {
	t.Helper()
	https := freePort(t)
	return deployed(https, nginxAt(t, port, https))
}

// deployed is a front of deploy's, by the name that stands in there.
func deployed(https string, cert certificate) *front {
	return &front{
		URL: "https://chat.example", WS: "wss://chat.example/ws", Origin: "https://chat.example",
		Client: clientFor(https, cert),
	}
}

func nginxAt(t *testing.T, port, https string) certificate {
	t.Helper()
	cert, dir := newCertificate(t), t.TempDir()
	here := append(nginxHere(t, https, dir, cert), "127.0.0.1:8080", "127.0.0.1:"+port)
	runNginx(t, dir, https, replaced(t, "../deploy/nginx.conf", here...))
	return cert
}

// nginxHere is what a test replaces in every nginx.conf of ours, each followed by what
// stands in its place: addresses and files of the test's own.
func nginxHere(t *testing.T, https, dir string, cert certificate) []string {
	t.Helper()
	return []string{
		"listen 443 ssl;", "listen 127.0.0.1:" + https + " ssl;",
		"listen [::]:443 ssl;", "",
		"listen 80;", "listen 127.0.0.1:" + freePort(t) + ";",
		"listen [::]:80;", "",
		"/etc/ssl/chat.example/fullchain.pem", cert.Cert,
		"/etc/ssl/chat.example/privkey.pem", cert.Key,
		"/var/log/nginx/parley.log", filepath.Join(dir, "access.log"),
	}
}

// tutorialNginx is the tutorial's, word for word but for the port.
const tutorialNginx = `
server {
    listen 127.0.0.1:LISTEN;
    location /ws {
        proxy_pass http://127.0.0.1:8080;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header Host $host;
        proxy_read_timeout 86400;
    }
    location / { # the tutorial's page is a file; here the other paths are for the tests to look at
        proxy_pass http://127.0.0.1:8080;
    }
}`

func startTutorialNginx(t *testing.T, port string) *front {
	t.Helper()
	listen := freePort(t)
	runNginx(t, t.TempDir(), listen, strings.NewReplacer("LISTEN", listen, "8080", port).Replace(tutorialNginx))
	return &front{
		URL: "http://localhost:" + listen, WS: "ws://localhost:" + listen + "/ws", Origin: "http://localhost:" + listen,
		Client: clientFor(listen, certificate{}),
	}
}

// runNginx runs nginx with one site, which listens on port, in dir.
func runNginx(t *testing.T, dir, port, site string) {
	t.Helper()
	conf := filepath.Join(dir, "nginx.conf")
	writeFile(t, conf, fmt.Sprintf(`
daemon off;
pid %[1]s/nginx.pid;
worker_processes 1;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	%[2]s
}`, dir, site))
	untilItListens(t, port, run(t, exec.Command(need(t, "nginx"), "-e", "stderr", "-p", dir, "-c", conf)))
}

// startCaddy runs deploy/Caddyfile with another port and a certificate that
// nobody has to be asked for.
func startCaddy(t *testing.T, port string) *front {
	t.Helper()
	https := freePort(t)
	return deployed(https, caddyAt(t, port, https))
}

func caddyAt(t *testing.T, port, https string) certificate {
	t.Helper()
	cert := newCertificate(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "Caddyfile")
	writeFile(t, conf, "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n"+replaced(t, "../deploy/Caddyfile",
		"chat.example {", fmt.Sprintf("https://chat.example:%[1]s, https://localhost:%[1]s {\n\ttls %[2]s %[3]s", https, cert.Cert, cert.Key),
		"127.0.0.1:8080", "127.0.0.1:"+port,
	))
	cmd := exec.Command(need(t, "caddy"), "run", "--config", conf)
	cmd.Env = []string{"HOME=" + dir}
	untilItListens(t, https, run(t, cmd))
	return cert
}

// replaced is the file with each old text, which must stand in it, replaced by
// the new one that follows it.
func replaced(t *testing.T, path string, oldnew ...string) string {
	t.Helper()
	text := readFile(t, path)
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("%s does not hold %q", path, oldnew[i])
		}
	}
	return strings.NewReplacer(oldnew...).Replace(text)
}

// freePort is a port that nobody listens on at this moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// untilItListens waits until p accepts connections on port.
func untilItListens(t *testing.T, port string, p *process) {
	t.Helper()
	eventually(t, p.name+" listens", func() bool {
		select {
		case <-p.exited:
			t.Fatalf("%s ended: %v", p.name, p.cmd.ProcessState)
		default:
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
}
