package redisurl

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Kind is what a URL names.
type Kind string

// The kinds. Their names are what stands behind "redis" in a URL.
const (
	Single   Kind = ""
	Sentinel Kind = "+sentinel"
	Cluster  Kind = "+cluster"
)

// URL names a Redis, and says how to get in.
type URL struct {
	Kind   Kind
	Addrs  []string // of the server, of Sentinels, or of some of a cluster's nodes
	Master string   // Sentinel's name of the server
	DB     int

	User, Password                 string
	SentinelUser, SentinelPassword string

	TLS *tls.Config // nil for none
}

const (
	port         = "6379"
	sentinelPort = "26379"
)

// Is reports whether text means to be a URL of this package's.
func Is(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	scheme, _, _ = strings.Cut(scheme, "+")
	return ok && (scheme == "redis" || scheme == "rediss")
}

// Parse reads a URL, and the files that it names.
func Parse(text string) (*URL, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || !Is(text) {
		return nil, fmt.Errorf("the URL of a Redis begins with redis://, rediss://, redis+sentinel:// or redis+cluster://")
	}
	name, kind, _ := strings.Cut(scheme, "+")
	u := &URL{Kind: Kind(strings.TrimPrefix(scheme, name))}
	if u.Kind != Single && u.Kind != Sentinel && u.Kind != Cluster {
		return nil, fmt.Errorf("the URL of Redis: %q is neither sentinel nor cluster", kind)
	}
	rest, query, _ := strings.Cut(rest, "?")
	if strings.Contains(rest, "#") {
		return nil, fmt.Errorf("the URL of Redis: # has to be written %%23")
	}
	authority, path, _ := strings.Cut(rest, "/")
	if err := u.readAuthority(authority); err != nil {
		return nil, err
	}
	if err := u.readPath(path); err != nil {
		return nil, err
	}
	if name == "rediss" {
		u.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if err := u.readOptions(query); err != nil {
		return nil, err
	}
	return u, nil
}

// readAuthority reads user:password@host:port,host:port.
func (u *URL) readAuthority(text string) error {
	hosts := text
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		hosts = text[at+1:]
		user, password, _ := strings.Cut(text[:at], ":")
		var err, err2 error
		u.User, err = url.PathUnescape(user)
		u.Password, err2 = url.PathUnescape(password)
		if err != nil || err2 != nil { // their text would show a part of it
			return fmt.Errorf("the URL of Redis: user or password holds a %% that has to be written %%25")
		}
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := u.addr(host)
		if err != nil {
			return err
		}
		u.Addrs = append(u.Addrs, addr)
	}
	if u.Kind == Single && len(u.Addrs) > 1 {
		return fmt.Errorf("the URL of Redis: several servers want redis+sentinel:// or redis+cluster://")
	}
	return nil
}

// addr completes a host with the port that is usual. What is wrong with it isn't
// repeated: it may be the rest of a password that holds a slash.
func (u *URL) addr(text string) (string, error) {
	usual := port
	if u.Kind == Sentinel {
		usual = sentinelPort
	}
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		host, number, err = net.SplitHostPort(text + ":" + usual)
	}
	if n, nan := strconv.ParseUint(number, 10, 16); err != nil || nan != nil || n == 0 || strings.ContainsAny(host, " \t\r\n%\\") {
		return "", fmt.Errorf("the URL of Redis: behind :// or @ stands host:port (in a password, / ? # and @ have to be written %%2F %%3F %%23 and %%40)")
	}
	if host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(host, number), nil
}

// readPath reads db, or for Sentinel master/db.
func (u *URL) readPath(path string) error {
	db := path
	if u.Kind == Sentinel {
		var err error
		u.Master, db, _ = strings.Cut(path, "/")
		if u.Master, err = url.PathUnescape(u.Master); err != nil || u.Master == "" {
			return fmt.Errorf("the URL of Redis: of Sentinel's it ends with the master's name, as in redis+sentinel://host:26379/mymaster")
		}
	}
	if db == "" {
		return nil
	}
	n, err := strconv.ParseUint(db, 10, 16)
	switch {
	case err != nil:
		return fmt.Errorf("the URL of Redis: what stands at its end is no number of a database")
	case u.Kind == Cluster && n != 0:
		return fmt.Errorf("the URL of Redis: a cluster has only database 0")
	}
	u.DB = int(n)
	return nil
}

// String is the URL without anything that is secret.
func (u *URL) String() string {
	var b strings.Builder
	b.WriteString("redis")
	if u.TLS != nil {
		b.WriteString("s")
	}
	b.WriteString(string(u.Kind) + "://")
	if u.User != "" {
		b.WriteString(url.PathEscape(u.User) + "@")
	}
	b.WriteString(strings.Join(u.Addrs, ","))
	if u.Master != "" {
		b.WriteString("/" + url.PathEscape(u.Master))
	}
	if u.DB != 0 {
		b.WriteString("/" + strconv.Itoa(u.DB))
	}
	return b.String()
}

// GoString keeps %#v from showing more than String does.
func (u *URL) GoString() string { return u.String() }

// quiet keeps the client's own lines from standard error, where ours alone are expected:
// what goes wrong it returns, too.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(quiet{}) }

// Options are what a client is made with by redis.NewUniversalClient. The caller may
// set its bounds in them.
func (u *URL) Options() *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs: u.Addrs, MasterName: u.Master, IsClusterMode: u.Kind == Cluster, DB: u.DB,
		Username: u.User, Password: u.Password,
		SentinelUsername: u.SentinelUser, SentinelPassword: u.SentinelPassword,
		TLSConfig: u.TLS, DisableIdentity: true,
		// A commercial server's own: without it a client asks each server for it.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}
