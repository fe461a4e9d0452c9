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
	p := newPostgres(t, settings)
	run(t, p.owner, p.Dir, program(t, "initdb", postgresFolder+"initdb"),
		"--pgdata", p.data(), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")
	p.Start()
	p.endWith(t)
	return p
}

// StartStandby starts a server that follows p through a link, and that p doesn't wait
// for: it may lack what p has committed last.
func (p *Postgres) StartStandby(t testing.TB, settings ...string) (standby *Postgres, link *Link) {
	t.Helper()
	link = NewLink(t, p.Addr)
	standby = newPostgres(t, settings)
	run(t, standby.owner, standby.Dir, program(t, "pg_basebackup", postgresFolder+"pg_basebackup"),
		"-D", standby.data(), "-h", "127.0.0.1", "-p", port(link.Addr), "-U", "postgres", "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	standby.Start()
	standby.endWith(t)
	return standby, link
}

// Promote has a standby be a server of its own, and waits until it is.
func (p *Postgres) Promote() {
	p.t.Helper()
	run(p.t, p.owner, p.Dir, program(p.t, "pg_ctl", postgresFolder+"pg_ctl"), "promote", "--wait", "-D", p.data())
}

func newPostgres(t testing.TB, settings []string) *Postgres {
	t.Helper()
	owner := notRoot(t, "postgres")
	p := &Postgres{Process: Process{
		t: t, Addr: FreeAddr(t), Dir: folder(t, owner), owner: owner,
		name: program(t, "postgres", postgresFolder+"postgres"),
	}}
	p.args = []string{"-D", p.data(), "-p", port(p.Addr), "-k", p.Dir, "-c", "listen_addresses=127.0.0.1"}
	for _, s := range settings {
		p.args = append(p.args, "-c", s)
	}
	return p
}

func (p *Postgres) data() string { return filepath.Join(p.Dir, "data") }

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
