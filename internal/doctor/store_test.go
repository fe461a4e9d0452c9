//go:build e2e

package doctor

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/testserver"
)

// look examines a server of this machine with these settings.
func look(t *testing.T, s config.Serve) visit {
	t.Helper()
	s.Rate = config.Rate{N: 10, Per: 10 * time.Second}
	v := examine(t, Config{Local: true, Settings: s})
	if strings.Contains(v.String(), "hush") {
		t.Errorf("a finding holds a password:\n%s", v)
	}
	return v
}

func TestAPostgresIsLookedAt(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t, "max_connections=20")
	url := server.NewDatabase(t)
	v := look(t, config.Serve{Store: url})
	v.wantNo(t, Fault)
	v.want(t, Store, OK, "is PostgreSQL 15")
	v.want(t, Store, OK, "a commit is on its disk")
	v.want(t, Store, OK, "of 20 connections")
	v.want(t, Store, OK, "the first start makes them")
	v.want(t, Store, OK, "a round trip takes")
	v.want(t, Store, OK, "clock agrees")

	missing := strings.Replace(server.URL("missing"), "postgres@", "postgres:hush@", 1)
	look(t, config.Serve{Store: missing}).want(t, Store, Fault, `database "missing" does not exist`, "createdb")
	look(t, config.Serve{Store: url + "&pool_max_conns=50"}).want(t, Store, Warning, "takes up to 50", "max_connections")
	server.Kill()
	look(t, config.Serve{Store: url}).want(t, Store, Fault, "can't be reached", "connection refused")
}

func TestAPostgresThatMayLoseWhatItAcknowledgedIsFoundOut(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "default_transaction_read_only=on")
	v := look(t, config.Serve{Store: server.URL("postgres")})
	v.want(t, Store, Fault, "fsync is off")
	v.want(t, Store, Fault, "synchronous_commit is off")
	v.want(t, Store, Warning, "full_page_writes is off")
	v.want(t, Store, Fault, "lets nobody write")
}

func TestARedisIsLookedAt(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "100mb")
	v := look(t, config.Serve{Store: server.URL() + "?history=1000"})
	v.wantNo(t, Fault)
	v.wantNo(t, Warning)
	v.want(t, Store, OK, "is Redis 7")
	v.want(t, Store, OK, "appendfsync always")
	v.want(t, Store, OK, "noeviction")
	v.want(t, Store, OK, "clock agrees")

	careless := testserver.StartRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	v = look(t, config.Serve{Store: careless.URL()})
	v.want(t, Store, Warning, "appendonly is off")
	v.want(t, Store, Fault, "allkeys-lru")
	everySecond := testserver.StartRedis(t, "--appendonly", "yes")
	look(t, config.Serve{Store: everySecond.URL()}).want(t, Store, Warning, "appendfsync is everysec")

	replica := testserver.StartRedis(t, append([]string{"--replicaof"}, strings.Split(server.Addr, ":")...)...)
	look(t, config.Serve{Store: replica.URL()}).want(t, Store, Fault, "it is a replica")
}

func TestARedisThatLetsNobodyInIsFoundOut(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t, "--requirepass", "hush-it-is-a-password")
	with := func(password string) string { return strings.Replace(server.URL(), "://", "://:"+password+"@", 1) }
	look(t, config.Serve{Store: server.URL()}).want(t, Store, Fault, "NOAUTH", "password of the URL")
	look(t, config.Serve{Store: with("hush-another")}).want(t, Store, Fault, "WRONGPASS", "password of the URL")
	v := look(t, config.Serve{Store: with("hush-it-is-a-password")})
	v.wantNo(t, Fault)
	server.Kill()
	look(t, config.Serve{Store: server.URL()}).want(t, Store, Fault, "can't be reached", "connection refused")
}

func TestAPoolerInBetweenIsSeen(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t)
	database := filepath.Base(strings.Split(server.NewDatabase(t), "?")[0])
	addr := startPgBouncer(t, server.Addr)
	v := look(t, config.Serve{Store: "postgres://postgres@" + addr + "/" + database + "?sslmode=disable"})
	v.wantNo(t, Fault)
	v.want(t, Store, OK, "through a pooler")
}

// startPgBouncer runs PgBouncer in transaction mode before the PostgreSQL at addr.
func startPgBouncer(t *testing.T, addr string) string {
	t.Helper()
	program, err := exec.LookPath("/usr/sbin/pgbouncer")
	if err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	host, port, _ := strings.Cut(addr, ":")
	at := testserver.FreeAddr(t)
	_, listen, _ := strings.Cut(at, ":")
	dir, err := os.MkdirTemp("", "parley-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // PgBouncer runs as another user
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "pgbouncer.ini")
	text := "[databases]\n* = host=" + host + " port=" + port + "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " + listen +
		"\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\nignore_startup_parameters = extra_float_digits\n"
	text = strings.Replace(text, "* = host", "* = user=postgres host", 1)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
	args := []string{conf}
	if os.Getuid() == 0 {
		args = []string{"-u", "postgres", conf}
	}
	cmd := exec.Command(program, args...)
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			_ = conn.Close()
			return at
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(out.Name())
			t.Fatalf("PgBouncer doesn't listen: %v\n%s", err, said)
		}
	}
}
