//go:build e2e

package engine_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAutobahnThroughNginx(t *testing.T) {
	for _, transport := range transports {
		t.Run(string(transport), func(t *testing.T) { runAutobahn(t, startNginx(t, startEcho(t, transport))) })
	}
}

// startNginx runs deploy/nginx.conf in front of a server, without TLS: what goes to
// and fro is cut as the client cuts it.
func startNginx(t *testing.T, to target) target {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Fatalf("%v; scripts/install.sh installs what this test needs", err)
	}
	dir, addr := t.TempDir(), freeAddr(t)
	conf := filepath.Join(dir, "nginx.conf")
	config := fmt.Sprintf(`
daemon off;
pid %[1]s/nginx.pid;
worker_processes 1;
events { worker_connections 1024; }
http {
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	%[2]s
}`, dir, deployed(t, to.addr, addr, dir))
	if err := os.WriteFile(conf, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-e", "stderr", "-p", dir, "-c", conf)
	var log strings.Builder
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has a worker
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // it is killed
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // or it has ended
		<-ended
		if t.Failed() {
			t.Logf("nginx says:\n%s", log.String())
		}
	})
	untilItListens(t, addr, ended)
	return target{addr: addr, proxied: true}
}

// deployed is the site of deploy/nginx.conf, listening at addr.
func deployed(t *testing.T, to, addr, dir string) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	changes := []string{
		"127.0.0.1:8080", to,
		"listen 443 ssl;", "listen " + addr + ";",
		"listen [::]:443 ssl;", "",
		"listen 80;", "listen unix:" + dir + "/plain.sock;", // nobody asks there
		"listen [::]:80;", "",
		"ssl_certificate     /etc/ssl/chat.example/fullchain.pem;", "",
		"ssl_certificate_key /etc/ssl/chat.example/privkey.pem;", "",
		"/var/log/nginx/parley.log", dir + "/access.log",
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			t.Fatalf("deploy/nginx.conf does not hold %q", changes[i])
		}
	}
	return strings.NewReplacer(changes...).Replace(string(text))
}

// freeAddr is one that nobody listens on at this moment.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func untilItListens(t *testing.T, addr string, ended <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(10 * time.Second); ; {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatal("nginx has ended")
		case <-late:
			t.Fatal("nginx does not listen")
		}
	}
}
