package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/internal/redisurl"
)

// What --store and --broker may be: the two that a node has by itself, and those that
// run elsewhere, which are given as URLs.
const (
	Memory   = "memory"
	SQLite   = "sqlite"
	Postgres = "postgres"
	Redis    = "redis"
)

// StoreKind is which kind of store keeps the rooms.
func (s *Serve) StoreKind() string { return kindOf(s.Store) }

// BrokerKind is which kind of broker wakes other nodes.
func (s *Serve) BrokerKind() string { return kindOf(s.Broker) }

// StoreName says where rooms are kept, as a log line may: without user, password and
// parameters.
func (s *Serve) StoreName() string { return nameOf(s.Store) }

// BrokerName is the same of what wakes other nodes.
func (s *Serve) BrokerName() string { return nameOf(s.Broker) }

// Shared reports whether several nodes may use the store at once.
func (s *Serve) Shared() bool { return s.StoreKind() == Postgres || s.StoreKind() == Redis }

// ReadStore reads what a --store outside these settings names; an error says it all.
func ReadStore(value string) (string, error) {
	s, err := orFile(parseStore)(value)
	if err != nil {
		return "", fmt.Errorf("--store is %s: %w", shown("store", value), err)
	}
	return s, nil
}

// isPostgres reports whether a value means to be the URL of a PostgreSQL.
func isPostgres(value string) bool {
	return strings.HasPrefix(value, "postgres://") || strings.HasPrefix(value, "postgresql://")
}

// kindOf is the kind of what a setting names.
func kindOf(value string) string {
	switch {
	case isPostgres(value):
		return Postgres
	case redisurl.Is(value):
		return Redis
	}
	return value
}

func parseStore(s string) (string, error) {
	const want = "want sqlite, which keeps messages on disk in --data, memory, which forgets them," +
		" or the URL of what several nodes share: postgres://USER:PASSWORD@HOST/DATABASE, or redis://HOST"
	switch {
	case s == Memory, s == SQLite:
		return s, nil
	case isPostgres(s):
		return s, checkPostgres(s)
	case !redisurl.Is(s):
		return "", errors.New(want)
	}
	u, err := redisurl.ParseStore(s)
	if err == nil && u.Kind == redisurl.Cluster {
		return "", errors.New("a Redis Cluster keeps no rooms, it only wakes nodes: give it as --broker, and here postgres://… or redis://…")
	}
	return s, err
}

func parseBroker(s string) (string, error) {
	const want = "want memory for a node alone, postgres, which is the PostgreSQL of --store, or the URL of a Redis:" +
		" redis://USER:PASSWORD@HOST, rediss:// for TLS, redis+sentinel:// or redis+cluster://"
	switch {
	case s == Memory, s == Postgres:
		return s, nil
	case isPostgres(s):
		return "", errors.New("as a broker PostgreSQL is the one of --store: want postgres alone, without a URL")
	case !redisurl.Is(s):
		return "", errors.New(want)
	}
	_, err := redisurl.Parse(s)
	return s, err
}

// postgresURL reads a URL whose parts can be told from one another. What is wrong with it
// is said without any of it.
func postgresURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	// Whoever puts a password there as it is cuts the URL in the wrong place, and what
	// is taken for host or path is a piece of the password.
	if err != nil || u.Fragment != "" || strings.Contains(u.Path+u.RawQuery, "@") {
		return nil, errors.New("that can't be read as a URL: write :, @, /, ?, # and % of a password as %3A, %40, %2F, %3F, %23 and %25")
	}
	return u, nil
}

func checkPostgres(s string) error {
	u, err := postgresURL(s)
	if err != nil {
		return err
	}
	if _, err = pgxpool.ParseConfig(s); err == nil {
		return nil
	}
	const want = "want postgres://USER:PASSWORD@HOST:PORT/DATABASE with parameters that libpq knows"
	// Its errors quote the URL, without the passwords that it recognises.
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) && parse.Unwrap() != nil && !tells(parse.Unwrap().Error(), u) {
		return fmt.Errorf("%w; %s", parse.Unwrap(), want)
	}
	return errors.New(want)
}

// tells reports whether a text holds something of a URL that is secret.
func tells(text string, u *url.URL) bool {
	password, _ := u.User.Password()
	secrets := []string{password}
	for key, values := range u.Query() {
		if strings.Contains(strings.ToLower(key), "pass") {
			secrets = append(secrets, values...)
		}
	}
	return slices.ContainsFunc(secrets, func(s string) bool { return s != "" && strings.Contains(text, s) })
}

// nameOf is what a setting names, without what must not be seen: of a URL scheme, hosts
// and database.
func nameOf(value string) string {
	scheme, _, isURL := strings.Cut(value, "://")
	switch {
	case !isURL:
		return value
	case isPostgres(value):
		if u, err := postgresURL(value); err == nil {
			return postgresName(value, u)
		}
	default:
		if u, err := redisurl.ParseStore(value); err == nil { // of a broker, nothing more is in it
			u.User = "" // some put a password in its place
			return u.String()
		}
	}
	return scheme + "://…"
}

// postgresName is as the driver understood it: host and database may stand among the
// parameters, or in libpq's variables.
func postgresName(value string, u *url.URL) string {
	pool, err := pgxpool.ParseConfig(value)
	if err != nil {
		return u.Scheme + "://" + u.Host + u.Path
	}
	c := pool.ConnConfig
	hosts := []string{hostName(c.Host, c.Port)}
	for _, other := range c.Fallbacks {
		if h := hostName(other.Host, other.Port); !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return "postgres://" + strings.Join(hosts, ",") + "/" + c.Database
}

func hostName(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return "[" + host + "]" // the folder of a socket
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// shownURL is a value of --store or --broker as an error may show it.
func shownURL(value string) string {
	name := nameOf(value)
	letters := strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789") == ""
	if _, _, isURL := strings.Cut(value, "://"); isURL || letters && len(name) <= 16 {
		return strconv.Quote(name)
	}
	return hidden(value)
}

// nodes checks that store and broker go together.
func (c *checks) nodes(s Serve) {
	if s.Store == "" || s.Broker == "" {
		return // reported
	}
	switch kind := s.BrokerKind(); {
	case kind != Memory && !s.Shared():
		c.say("broker", fmt.Sprintf("is %q, but --store is %q: several nodes need a store that they share: --store postgres://… or redis://…; on one node leave --broker out",
			s.BrokerName(), s.StoreName()))
	case kind == Postgres && s.StoreKind() != Postgres:
		c.say("broker", fmt.Sprintf("is %q, the PostgreSQL of --store, but --store is %q: want a redis://… here too, or --store postgres://…",
			s.BrokerName(), s.StoreName()))
	}
}
