package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
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
