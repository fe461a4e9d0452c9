package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/parley-chat/parley/internal/redisurl"
)

// redisState is what a Redis says of itself.
type redisState map[string]string

func (s redisState) number(name string) int64 {
	n, _ := strconv.ParseInt(s[name], 10, 64) // 0 for what isn't said
	return n
}

// before reports whether it is older than a version.
func (s redisState) before(major, minor int) bool {
	var is [2]int
	if _, err := fmt.Sscanf(s["redis_version"], "%d.%d", &is[0], &is[1]); err != nil {
		return false // it doesn't say
	}
	return is[0] < major || is[0] == major && is[1] < minor
}

// openRedis connects as somebody who only reads. What goes wrong is told as a finding,
// and not by the driver, which would print it.
func openRedis(raw string) (*redisurl.URL, redis.UniversalClient, error) {
	logging.Disable()
	u, err := redisurl.ParseStore(raw)
	if err != nil {
		return nil, nil, err
	}
	o := u.Options()
	o.MaxRetries, o.DialTimeout, o.ReadTimeout, o.PoolSize = -1, patience, patience, 2
	return u.URL, redis.NewUniversalClient(o), nil
}

// redisStore looks at a Redis that keeps rooms.
func (x *examination) redisStore(ctx context.Context) {
	n, name := x.of(Store), x.Settings.StoreName()
	u, client, err := openRedis(x.Settings.Store)
	if err != nil {
		n.fault(err.Error(), "want redis://USER:PASSWORD@HOST:PORT/DB")
		return
	}
	defer client.Close() //nolint:errcheck // it is done
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	s, _ := x.redisSays(ctx, n, name, u, client)
	if s == nil {
		return
	}
	if s["redis_mode"] == "cluster" {
		n.fault("it is one of a cluster, which keeps no rooms", "a Redis by itself, or --store postgres://…; a cluster may be the --broker")
		return
	}
	s.durable(n)
	if s["rdb_last_bgsave_status"] == "err" && s["stop-writes-on-bgsave-error"] == "yes" && s["save"] != "" {
		n.fault("its last snapshot failed, and until one succeeds nothing can be sent (stop-writes-on-bgsave-error)", "make room on its disk, and look into its log; or save \"\", with appendonly yes")
	}
	s.roomy(n)
	if s["role"] == "slave" {
		n.fault("it is a replica, in which nothing can be written", "name the master, or Sentinel: redis+sentinel://")
	}
	if s.number("connected_slaves") > 0 {
		n.ok("it has replicas; a failover to one that lacks something begins a new epoch in every room")
	}
	if err := x.roundTrips(ctx, n, func(ctx context.Context) (time.Time, error) { return client.Time(ctx).Result() }); err != nil {
		n.fault(fmt.Sprintf("%s stops answering: %v", name, inWords(err)), "look into its log")
	}
}

// redisSays asks a Redis for its state; nil where that isn't told. It reports whether it
// could be reached at all.
func (x *examination) redisSays(ctx context.Context, n notes, name string, u *redisurl.URL, client redis.UniversalClient) (redisState, bool) {
	text, err := client.Info(ctx).Result()
	if err != nil && strings.Contains(err.Error(), "NOPERM") {
		n.unknown(name+" is there, but does not tell this user how it is", "let it ask: ACL SETUSER … +info +config|get")
		return nil, true
	}
	if err != nil {
		n.fault(fmt.Sprintf("%s can't be reached: %v", name, inWords(err)), redisFix(err))
		return nil, false
	}
	s := redisState{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			s[key] = value
		}
	}
	// A hosted Redis may refuse this; what isn't known then isn't told.
	for _, setting := range []string{"appendfsync", "maxclients", "save", "stop-writes-on-bgsave-error"} {
		if values, err := client.ConfigGet(ctx, setting).Result(); err == nil && values[setting] != "" {
			s[setting] = values[setting]
		}
	}
	switch {
	case s["redis_mode"] == "sentinel":
		n.fault(name+" is a Sentinel, and named as the Redis itself", "redis+sentinel://HOST:26379/MASTER")
	case s.before(6, 2):
		n.fault(fmt.Sprintf("%s is Redis %s", name, s["redis_version"]), "Redis 6.2 or newer")
	case u.Kind == redisurl.Cluster && s.before(7, 0):
		n.fault(fmt.Sprintf("%s is a cluster of Redis %s, which has no sharded Pub/Sub", name, s["redis_version"]), "Redis 7.0 or newer")
	default:
		n.ok("%s is Redis %s (%s)", name, s["redis_version"], s["redis_mode"])
	}
	if u.Unverified() {
		n.warn("its certificate is not verified (skip_verify): anybody on the way can pass for it", "leave skip_verify out, and name its authority: ca=FILE")
	}
	if s["loading"] == "1" {
		n.warn("it is still loading what it keeps", "wait until it is done")
	}
	if most, used := s.number("maxclients"), s.number("connected_clients"); most > 0 && used > most*9/10 {
		n.warn(fmt.Sprintf("%d of %d connections are in use", used, most), "raise maxclients, and its limit of open files")
	}
	return s, true
}

// durable looks whether what was acknowledged stays.
func (s redisState) durable(n notes) {
	switch {
	case s["aof_enabled"] == "":
		n.unknown("whether it writes what it keeps to disk is not told", "ask whoever runs it: appendonly yes, appendfsync always")
	case s["aof_enabled"] != "1":
		n.warn("appendonly is off: whatever came since its last snapshot is lost when it dies", "appendonly yes and appendfsync always; or --store postgres://…")
	case s["aof_last_write_status"] == "err":
		n.fault("it can't write to its disk (aof_last_write_status)", "make room there, and look into its log")
	case s["appendfsync"] == "":
		n.unknown("when it syncs what it writes is not told", "ask whoever runs it: appendfsync always")
	case s["appendfsync"] != "always":
		n.warn("appendfsync is "+s["appendfsync"]+": what was acknowledged in the last second or more is lost when its machine dies", "appendfsync always; or --store postgres://…")
	default:
		n.ok("what is acknowledged is on its disk (appendfsync always)")
	}
}

// roomy looks at its memory, in which all that it keeps must have its place.
func (s redisState) roomy(n notes) {
	most, used, policy := s.number("maxmemory"), s.number("used_memory"), s["maxmemory_policy"]
	evicts := strings.HasPrefix(policy, "allkeys-") // others throw away what has its end, as no part of a log does
	switch {
	case evicts && most > 0:
		n.fault("maxmemory_policy is "+policy+": when it is full it throws rooms away", "maxmemory-policy noeviction")
	case evicts:
		n.warn("maxmemory_policy is "+policy+": once it has a maxmemory it throws rooms away", "maxmemory-policy noeviction")
	case most > 0 && used >= most:
		n.fault(fmt.Sprintf("it is full: %s of %s are in use, and nothing can be sent", size(uint64(used)), size(uint64(most))), "raise maxmemory, or keep less (history in the URL, --retain)")
	case most > 0 && used > most*8/10:
		n.warn(fmt.Sprintf("%s of %s are in use: when it is full nothing can be sent", size(uint64(used)), size(uint64(most))), "raise maxmemory, or keep less (history in the URL, --retain)")
	default:
		n.ok("it throws no rooms away (%s), and uses %s", policy, size(uint64(used)))
	}
}

func redisFix(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "WRONGPASS"), strings.Contains(text, "NOAUTH"), strings.Contains(text, "invalid username-password"):
		return "look at user and password of the URL"
	case strings.Contains(text, "NOPERM"):
		return "let that user do it (ACL SETUSER)"
	case strings.Contains(text, "x509:"), strings.Contains(text, "tls:"):
		return "name the authority of its certificate with ca=FILE, and rediss:// if it speaks TLS"
	case strings.Contains(text, "sentinel"):
		return "is the master's name right, and do the Sentinels see it?"
	}
	return "is it running there, and may this machine come in (bind, protected-mode, firewall)?"
}
