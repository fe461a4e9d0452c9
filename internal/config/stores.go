package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
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

var (
	postgresSchemes = []string{"postgres", "postgresql"}
	redisSchemes    = []string{"redis", "rediss", "redis+sentinel"}
	clusterScheme   = "redis+cluster"
)

// kindOf is the kind of what a setting names.
func kindOf(value string) string {
	scheme, _, isURL := strings.Cut(value, "://")
	switch {
	case !isURL:
		return value
	case slices.Contains(postgresSchemes, scheme):
		return Postgres
	default:
		return Redis
	}
}

func parseStore(s string) (string, error) {
	const want = "want sqlite, which keeps messages on disk in --data, memory, which forgets them," +
		" or the URL of what several nodes share: postgres://USER:PASSWORD@HOST/DATABASE, or redis://HOST"
	scheme, _, isURL := strings.Cut(s, "://")
	switch {
	case s == Memory, s == SQLite:
		return s, nil
	case isURL && slices.Contains(postgresSchemes, scheme):
		return s, checkPostgres(s)
	case isURL && slices.Contains(redisSchemes, scheme):
		return s, checkURL(s)
	case isURL && scheme == clusterScheme:
		return "", errors.New("a Redis Cluster keeps no rooms, it only wakes nodes: give it as --broker, and here postgres://… or redis://…")
	}
	return "", errors.New(want)
}

func parseBroker(s string) (string, error) {
	const want = "want memory for a node alone, postgres, which is the PostgreSQL of --store, or the URL of a Redis:" +
		" redis://USER:PASSWORD@HOST, rediss:// for TLS, redis+sentinel:// or redis+cluster://"
	scheme, _, isURL := strings.Cut(s, "://")
	switch {
	case s == Memory, s == Postgres:
		return s, nil
	case isURL && (slices.Contains(redisSchemes, scheme) || scheme == clusterScheme):
		return s, checkURL(s)
	case isURL && slices.Contains(postgresSchemes, scheme):
		return "", errors.New("as a broker PostgreSQL is the one of --store: want postgres alone, without a URL")
	}
	return "", errors.New(want)
}

// checkURL wants a URL whose parts can be told from one another. What is wrong with it is
// said without any of it.
func checkURL(s string) error {
	u, err := url.Parse(s)
	// Whoever puts a password there as it is cuts the URL in the wrong place, and what
	// is taken for host or path is a piece of the password.
	if err != nil || u.Fragment != "" || strings.Contains(u.Path+u.RawQuery, "@") {
		return errors.New("that can't be read as a URL: write :, @, /, ?, # and % of a password as %3A, %40, %2F, %3F, %23 and %25")
	}
	if u.Host == "" && !slices.Contains(postgresSchemes, u.Scheme) {
		return fmt.Errorf("want a host after %s://", u.Scheme)
	}
	return nil
}

func checkPostgres(s string) error {
	if err := checkURL(s); err != nil {
		return err
	}
	_, err := pgxpool.ParseConfig(s)
	if err == nil {
		return nil
	}
	const want = "want postgres://USER:PASSWORD@HOST:PORT/DATABASE with parameters that libpq knows"
	// Its errors quote the URL, without the passwords that it recognises.
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) && parse.Unwrap() != nil && !tells(parse.Unwrap().Error(), s) {
		return fmt.Errorf("%w; %s", parse.Unwrap(), want)
	}
	return errors.New(want)
}

// tells reports whether a text holds something of a URL that may be secret.
func tells(text, raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || strings.Contains(text, raw) {
		return true
	}
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
	if !isURL {
		return value
	}
	if checkURL(value) != nil {
		return scheme + "://…"
	}
	if kindOf(value) == Postgres {
		if c, err := pgxpool.ParseConfig(value); err == nil {
			return postgresName(c.ConnConfig)
		}
	}
	u, _ := url.Parse(value)
	return u.Scheme + "://" + u.Host + u.Path
}

// postgresName is as the driver understood it: host and database may stand among the
// parameters, or in libpq's variables.
func postgresName(c *pgx.ConnConfig) string {
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
