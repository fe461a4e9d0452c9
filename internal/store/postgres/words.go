package postgres

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// inWords says what is wrong when the database can't be opened, and what would be right.
// It names no password: neither do the errors of pgx, which name user and database.
func inWords(err error, c *pgx.ConnConfig) error {
	at := net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
	if strings.HasPrefix(c.Host, "/") {
		at = fmt.Sprintf("%s/.s.PGSQL.%d", c.Host, c.Port)
	}
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case errors.Is(err, errTooOld), errors.Is(err, errStandby):
		return fmt.Errorf("the PostgreSQL at %s: %w", at, err)
	case errors.As(err, &server):
		if text := said(server, c); text != "" {
			return fmt.Errorf("%s (%s, at %s)", text, server.Message, at)
		}
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return fmt.Errorf("the PostgreSQL at %s takes no TLS: switch it on there, or, where nobody can listen, say sslmode=disable", at)
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return fmt.Errorf("the TLS certificate of the PostgreSQL at %s is not believed: name its authority with sslrootcert=FILE, and the host as the certificate does: %w", at, err)
	case errors.As(err, &connect), pgconn.Timeout(err):
		return fmt.Errorf("no PostgreSQL answers at %s: is it running, and is this its address? %w", at, err)
	}
	return fmt.Errorf("open the PostgreSQL at %s: %w", at, err)
}

// said is what to do about what a server said, empty for what has no help of its own
// (PostgreSQL's manual, appendix A).
func said(err *pgconn.PgError, c *pgx.ConnConfig) string {
	switch err.Code {
	case "3D000": // invalid_catalog_name
		return fmt.Sprintf("database %q does not exist: createdb %s", c.Database, c.Database)
	case "28P01", "28000": // invalid_password, invalid_authorization_specification
		return fmt.Sprintf("PostgreSQL doesn't let user %q into database %q: look at the password, and at its pg_hba.conf", c.User, c.Database)
	case "42501", "3F000": // insufficient_privilege, invalid_schema_name: none that may be written to
		return fmt.Sprintf("user %q may not do what is needed: let it own the database, alter database %s owner to %s", c.User, c.Database, c.User)
	case "53300": // too_many_connections
		return "all of PostgreSQL's connections are taken: raise its max_connections, or lower pool_max_conns of the nodes"
	case "42P07": // duplicate_table
		return fmt.Sprintf("database %q holds tables of another program: give parley one of its own", c.Database)
	case "08P01": // protocol_violation: what a PgBouncer says
		return "a pooler in between refuses"
	}
	return ""
}
