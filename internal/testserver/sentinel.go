package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Sentinel is a Redis with a replica, watched by a Sentinel which knows the master by
// the name of main.
type Sentinel struct {
	Redis           // the Sentinel itself
	Master, Replica *Redis
}

// StartSentinel starts the three. A master that is gone for a second is taken for dead.
// Where there is a password, all three have it.
func StartSentinel(t testing.TB, password string) *Sentinel {
	t.Helper()
	args, settings := []string{"--repl-diskless-sync-delay", "0"}, []string(nil)
	if password != "" {
		args = append(args, "--requirepass", password, "--masterauth", password)
		settings = []string{"sentinel auth-pass main " + password, "requirepass " + password}
	}
	s := &Sentinel{Master: StartRedis(t, args...)}
	s.Replica = StartRedis(t, append([]string{"--replicaof", "127.0.0.1 " + port(s.Master.Addr)}, args...)...)
	s.Redis = Redis{Password: password, Process: Process{t: t, Addr: FreeAddr(t), Dir: folder(t, nil), name: program(t, "redis-sentinel")}}
	config := filepath.Join(s.Dir, "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor main 127.0.0.1 %s 1\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n%s\n",
		port(s.Addr), s.Dir, port(s.Master.Addr), strings.Join(settings, "\n"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{config}
	s.Start()
	s.endWith(t)
	s.until("replica that Sentinel knows of", func() bool { return strings.Contains(s.Do("INFO", "sentinel"), "slaves=1") })
	return s
}

// URL names the master through Sentinel.
func (s *Sentinel) URL() string { return "redis+sentinel://" + s.Addr + "/main" }
