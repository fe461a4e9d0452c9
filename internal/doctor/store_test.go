//go:build e2e

package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/testserver"
)

// look examines a server of this machine with these settings.
func look(t *testing.T, s config.Serve) visit {
	t.Helper()
	s.Rate = config.Rate{N: 10, Per: 10 * time.Second}
	v := examine(t, Config{Local: true, Settings: s})
	if strings.Contains(v.String(), "hush") {
		t.Errorf("a finding holds a password:\n%s", v)
	}
	return v
}

func TestAPostgresIsLookedAt(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t, "max_connections=20")
	url := server.NewDatabase(t)
	v := look(t, config.Serve{Store: url})
	v.wantNo(t, Fault)
	v.want(t, Store, OK, "is PostgreSQL 15")
	v.want(t, Store, OK, "a commit is on its disk")
	v.want(t, Store, OK, "of 20 connections")
	v.want(t, Store, OK, "the first start makes them")
	v.want(t, Store, OK, "a round trip takes")
	v.want(t, Store, OK, "clock agrees")

	missing := strings.Replace(server.URL("missing"), "postgres@", "postgres:hush@", 1)
	look(t, config.Serve{Store: missing}).want(t, Store, Fault, `database "missing" does not exist`, "createdb")
	look(t, config.Serve{Store: url + "&pool_max_conns=50"}).want(t, Store, Warning, "takes up to 50", "max_connections")
	server.Kill()
	look(t, config.Serve{Store: url}).want(t, Store, Fault, "can't be reached", "connection refused")
}

func TestOfSeveralPostgresTheOneThatTakesWritesIsLookedAt(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t)
	standby, _ := server.StartStandby(t)
	look(t, config.Serve{Store: standby.URL("postgres")}).want(t, Store, Fault, "it is a standby")
	both := strings.Replace(server.URL("postgres"), server.Addr, standby.Addr+","+server.Addr, 1)
	v := look(t, config.Serve{Store: both, Broker: "postgres"})
	v.wantNo(t, Fault)
	v.want(t, Broker, OK, "what is published is heard")
}

func TestAPostgresThatMayLoseWhatItAcknowledgedIsFoundOut(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "default_transaction_read_only=on")
	v := look(t, config.Serve{Store: server.URL("postgres")})
	v.want(t, Store, Fault, "fsync is off")
	v.want(t, Store, Fault, "synchronous_commit is off")
	v.want(t, Store, Warning, "full_page_writes is off")
	v.want(t, Store, Fault, "lets nobody write")
}

func TestARedisIsLookedAt(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "100mb")
	v := look(t, config.Serve{Store: server.URL() + "?history=1000"})
	v.wantNo(t, Fault)
	v.wantNo(t, Warning)
	v.want(t, Store, OK, "is Redis 7")
	v.want(t, Store, OK, "appendfsync always")
	v.want(t, Store, OK, "noeviction")
	v.want(t, Store, OK, "clock agrees")

	careless := testserver.StartRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	v = look(t, config.Serve{Store: careless.URL()})
	v.want(t, Store, Warning, "appendonly is off")
	v.want(t, Store, Fault, "allkeys-lru")
	careless.Do("CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction")
	look(t, config.Serve{Store: careless.URL()}).want(t, Store, Fault, "it is full", "raise maxmemory")
	everySecond := testserver.StartRedis(t, "--appendonly", "yes")
	look(t, config.Serve{Store: everySecond.URL()}).want(t, Store, Warning, "appendfsync is everysec")

	replica := testserver.StartRedis(t, append([]string{"--replicaof"}, strings.Split(server.Addr, ":")...)...)
	look(t, config.Serve{Store: replica.URL()}).want(t, Store, Fault, "it is a replica")
}

func TestARedisThatCanTakeNoSnapshotIsFoundOut(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t)
	server.Do("CONFIG", "SET", "save", "3600 1")
	if err := os.Mkdir(filepath.Join(server.Dir, "dump.rdb"), 0o755); err != nil { // in the way of the file
		t.Fatal(err)
	}
	server.Do("BGSAVE")
	until(t, "its snapshot failed", func() visit { return look(t, config.Serve{Store: server.URL()}) },
		func(v visit) bool { return strings.Contains(v.String(), "its last snapshot failed") }).
		want(t, Store, Fault, "nothing can be sent", "make room")
	server.Do("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
	look(t, config.Serve{Store: server.URL()}).wantNo(t, Fault)
}

func TestARedisThatLetsNobodyInIsFoundOut(t *testing.T) {
	t.Parallel()
	server := testserver.StartRedis(t, "--requirepass", "hush-it-is-a-password")
	with := func(password string) string { return strings.Replace(server.URL(), "://", "://:"+password+"@", 1) }
	look(t, config.Serve{Store: server.URL()}).want(t, Store, Fault, "NOAUTH", "password of the URL")
	look(t, config.Serve{Store: with("hush-another")}).want(t, Store, Fault, "WRONGPASS", "password of the URL")
	v := look(t, config.Serve{Store: with("hush-it-is-a-password")})
	v.wantNo(t, Fault)
	server.Kill()
	look(t, config.Serve{Store: server.URL()}).want(t, Store, Fault, "can't be reached", "connection refused")
}

func TestAPoolerInBetweenIsSeenAndIsNoBroker(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t)
	direct := server.NewDatabase(t)
	database := filepath.Base(strings.Split(direct, "?")[0])
	pooled := testserver.StartPgBouncer(t, server.Addr, 5).URL(database)
	v := look(t, config.Serve{Store: pooled})
	v.wantNo(t, Fault)
	v.want(t, Store, OK, "through a pooler")

	look(t, config.Serve{Store: direct, Broker: "postgres"}).want(t, Broker, OK, "what is published is heard")
	look(t, config.Serve{Store: pooled, Broker: "postgres"}).want(t, Broker, Fault, "a pooler in transaction mode")
}

func TestABrokerOnRedisIsHeard(t *testing.T) {
	t.Parallel()
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		server := testserver.StartRedis(t)
		v := look(t, config.Serve{Broker: server.URL()})
		v.wantNo(t, Fault)
		v.want(t, Broker, OK, "what is published is heard")
		look(t, config.Serve{Broker: strings.Replace(server.URL(), "redis://", "redis+cluster://", 1)}).want(t, Broker, Fault, "cluster")
	})
	t.Run("behind Sentinel", func(t *testing.T) {
		t.Parallel()
		s := testserver.StartSentinel(t, "")
		v := look(t, config.Serve{Broker: s.URL()})
		v.wantNo(t, Fault)
		v.want(t, Broker, OK, "Sentinel names the master")
		look(t, config.Serve{Store: "redis://" + s.Addr}).want(t, Store, Fault, "is a Sentinel", "redis+sentinel://")
		v.want(t, Broker, OK, "what is published is heard")
	})
	t.Run("a cluster", func(t *testing.T) {
		t.Parallel()
		c := testserver.StartRedisCluster(t, 3, false)
		v := look(t, config.Serve{Broker: c.URL()})
		v.wantNo(t, Fault)
		v.want(t, Broker, OK, "what is published is heard")
		look(t, config.Serve{Broker: c.Masters[0].URL()}).want(t, Broker, Warning, "redis+cluster://")
		look(t, config.Serve{Store: c.Masters[0].URL()}).want(t, Store, Fault, "one of a cluster")
	})
	t.Run("a user without rights", func(t *testing.T) {
		t.Parallel()
		server := testserver.StartRedis(t)
		server.Do("ACL", "SETUSER", "ada", "on", ">hush-hush", "~*", "resetchannels", "&other/*", "+@all")
		v := look(t, config.Serve{Broker: strings.Replace(server.URL(), "://", "://ada:hush-hush@", 1)})
		v.want(t, Broker, Fault, "can't be listened to", "&parley/*")
	})
	t.Run("a user who may do no more than is needed", func(t *testing.T) {
		t.Parallel()
		server := testserver.StartRedis(t)
		server.Do("ACL", "SETUSER", "ada", "on", ">hush-hush", "resetchannels", "&parley/*", "-@all", "+@pubsub", "+@connection")
		v := look(t, config.Serve{Broker: strings.Replace(server.URL(), "://", "://ada:hush-hush@", 1)})
		v.wantNo(t, Fault)
		v.want(t, Broker, Unknown, "how it is", "+info")
		v.want(t, Broker, OK, "what is published is heard")
	})
}

func TestNodesOnOneStoreAreSeenToShareIt(t *testing.T) {
	t.Parallel()
	redis := testserver.StartRedis(t)
	for name, store := range map[string]string{"PostgreSQL": testserver.StartPostgres(t).NewDatabase(t), "Redis": redis.URL()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var nodes []string
			for range 3 {
				nodes = append(nodes, start(t, func(s *config.Serve) { s.Store, s.Broker = store, redis.URL() }))
			}
			v := until(t, "all know of three", func() visit { return examine(t, Config{Nodes: nodes}) },
				func(v visit) bool { return strings.Count(v.String(), "knows of 3 with itself") == 3 })
			v.wantNo(t, Fault)
			v.wantNo(t, Warning)
			v.want(t, Nodes, OK, "the 3 nodes share one store")
			v.want(t, Nodes, OK, "the 3 nodes are of one version")
			v.want(t, Nodes, OK, "hears other nodes, and knows of 3 with itself")
			examine(t, Config{Nodes: nodes[:2]}).want(t, Nodes, Warning, "knows of 3 with itself, and 2 were given")
			alone := start(t, func(s *config.Serve) { s.Store, s.Broker = store, "memory" })
			examine(t, Config{Nodes: []string{alone}}).want(t, Nodes, Warning, "has no broker, and is one of 4 nodes")
			v = examine(t, Config{Local: true, Settings: config.Serve{Store: store}})
			if name == "PostgreSQL" {
				v.want(t, Store, OK, "Parley's tables are there")
			}
		})
	}
}

func TestNodesWhoseBrokerIsAwaySaySo(t *testing.T) {
	t.Parallel()
	redis, broker := testserver.StartRedis(t), testserver.StartRedis(t)
	var nodes []string
	for range 2 {
		nodes = append(nodes, start(t, func(s *config.Serve) { s.Store, s.Broker = redis.URL(), broker.URL() }))
	}
	examine(t, Config{Nodes: nodes}).want(t, Nodes, OK, "hears other nodes")
	broker.Kill()
	until(t, "they say so", func() visit { return examine(t, Config{Nodes: nodes}) },
		func(v visit) bool { return strings.Contains(v.String(), "does not hear other nodes") }).
		want(t, Nodes, Fault, "does not hear other nodes")
}

// until looks again and again, until what it sees is right.
func until(t *testing.T, what string, look func() visit, right func(visit) bool) visit {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		v := look()
		if right(v) {
			return v
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is not so that %s:\n%s", what, v)
		}
	}
}

func TestAPostgresUserOfFewRightsSeesEnough(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t)
	url := server.NewDatabase(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "create role ada login"); err != nil {
		t.Fatal(err)
	}
	ada := strings.Replace(url, "postgres@", "ada@", 1)
	v := look(t, config.Serve{Store: ada})
	v.want(t, Store, Fault, `may make none in the schema "public"`, "grant create")
	v.want(t, Store, OK, "of 100 connections")
	if _, err := conn.Exec(t.Context(), "grant create on schema public to ada"); err != nil {
		t.Fatal(err)
	}
	look(t, config.Serve{Store: ada}).wantNo(t, Fault)

	for _, sql := range []string{"create table migration ()", "create table life ()", "create table writer ()"} {
		look(t, config.Serve{Store: ada}).want(t, Store, OK, "the first start makes them")
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	look(t, config.Serve{Store: ada}).want(t, Store, Fault, "its user may not write in them", "their owner")
	look(t, config.Serve{Store: url}).want(t, Store, OK, "Parley's tables are there")
}
