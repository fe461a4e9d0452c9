package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// PgBouncer lends connections to a PostgreSQL server, for a transaction each: the next
// one of the same client may be another connection's.
type PgBouncer struct{ Process }

// StartPgBouncer starts one before the PostgreSQL server at addr, to which it opens as
// many connections as size for each database.
func StartPgBouncer(t testing.TB, addr string, size int) *PgBouncer {
	t.Helper()
	owner := notRoot(t, "postgres")
	b := &PgBouncer{Process{t: t, Addr: FreeAddr(t), Dir: folder(t, owner), owner: owner, name: program(t, "pgbouncer")}}
	users, config := filepath.Join(b.Dir, "users.txt"), filepath.Join(b.Dir, "pgbouncer.ini")
	for name, content := range map[string]string{
		users: "\"postgres\" \"\"\n",
		config: fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = %d
max_client_conn = 200
server_login_retry = 1
`, port(addr), port(b.Addr), users, size),
	} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.args = []string{config}
	b.Start()
	b.endWith(t)
	return b
}

// URL names a database behind it.
func (b *PgBouncer) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", b.Addr, database)
}
