package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// Postgres is a PostgreSQL server of the test's own, whose superuser is postgres, let
// in without a password.
type Postgres struct {
	Process
	databases atomic.Int64
}

// StartPostgres starts a new server; settings are as in postgresql.conf, such as
// "max_connections=20".
func StartPostgres(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	owner := notRoot(t, "postgres")
	p := &Postgres{Process: Process{
		t: t, Addr: FreeAddr(t), Dir: folder(t, owner), owner: owner,
		name: program(t, "postgres", postgresFolder+"postgres"),
	}}
	data := filepath.Join(p.Dir, "data")
	run(t, owner, p.Dir, program(t, "initdb", postgresFolder+"initdb"),
		"--pgdata", data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")
	p.args = []string{"-D", data, "-p", port(p.Addr), "-k", p.Dir, "-c", "listen_addresses=127.0.0.1"}
	for _, s := range settings {
		p.args = append(p.args, "-c", s)
	}
	p.Start()
	p.endWith(t)
	return p
}

// Start starts the server, and waits until it lets clients in, after it was killed too.
func (p *Postgres) Start() {
	p.t.Helper()
	p.Process.Start()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ready := exec.Command(program(p.t, "pg_isready", postgresFolder+"pg_isready"), "-q", "-U", "postgres", "-h", "127.0.0.1", "-p", port(p.Addr)).Run()
		if ready == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("PostgreSQL lets nobody in: %v\n%s", ready, p.Output())
		}
	}
}

const postgresFolder = "/usr/lib/postgresql/*/bin/"

// URL names a database of the server.
func (p *Postgres) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", p.Addr, database)
}

// NewDatabase makes an empty database, and gives its URL.
func (p *Postgres) NewDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), p.databases.Add(1))
	run(t, nil, p.Dir, program(t, "createdb", postgresFolder+"createdb"), "-h", "127.0.0.1", "-p", port(p.Addr), "-U", "postgres", name)
	return p.URL(name)
}
