package config

import (
	"strings"
	"testing"
	"time"
)

func TestStoreAndBrokerAreNamedWithoutTheirSecrets(t *testing.T) {
	t.Setenv("PGHOST", "")
	t.Setenv("PGPORT", "")
	for value, want := range map[string]string{
		"sqlite":                           "sqlite sqlite",
		"memory":                           "memory memory",
		"postgres://ada:hunter2@db/parley": "postgres postgres://db:5432/parley",
		"postgresql://ada:hunter2@db/p?pool_max_conns=4":                               "postgres postgres://db:5432/p",
		"postgres://a:hunter2@db1:1,db2:2/p?target_session_attrs=read-write":           "postgres postgres://db1:1,db2:2/p",
		"postgres:///parley?host=/var/run/postgresql&password=hunter2":                 "postgres postgres://[/var/run/postgresql]/parley",
		"redis://ada:hunter2@cache:6380/2":                                             "redis redis://cache:6380/2",
		"redis://:hunter2@h?history=500&prefix=a:":                                     "redis redis://h:6379",
		"rediss://:hunter2@cache":                                                      "redis rediss://cache:6379",
		"redis+sentinel://:hunter2@s1:26379,s2:26379/main/2?sentinel_password=hunter2": "redis redis+sentinel://s1:26379,s2:26379/main/2",
	} {
		s := mustRead(t, "--store", value)
		if got := s.StoreKind() + " " + s.StoreName(); got != want {
			t.Errorf("%s: got %s, want %s", value, got, want)
		}
		if shared := strings.Contains(value, "://"); s.Shared() != shared {
			t.Errorf("%s: shared is %v", value, s.Shared())
		}
	}
	for value, want := range map[string]string{
		"memory":                       "memory memory",
		"postgres":                     "postgres postgres",
		"redis://:hunter2@cache":       "redis redis://cache:6379",
		"redis+cluster://:x@c1:1,c2:2": "redis redis+cluster://c1:1,c2:2",
	} {
		s := mustRead(t, "--store", "postgres://db/parley", "--broker", value)
		if got := s.BrokerKind() + " " + s.BrokerName(); got != want {
			t.Errorf("%s: got %s, want %s", value, got, want)
		}
	}
}

func TestStoreAndBrokerAreReadFromFiles(t *testing.T) {
	s := mustRead(t, "--store=@"+write(t, "store", "postgres://ada:hunter2@db/parley\n"), "--broker=@"+write(t, "broker", "rediss://cache\n"))
	if s.Store != "postgres://ada:hunter2@db/parley" || s.Broker != "rediss://cache" {
		t.Errorf("store is %q, broker %q", s.Store, s.Broker)
	}
}

func TestANodeBesideOthersDrainsSlowly(t *testing.T) {
	for args, want := range map[string]time.Duration{
		"--store=memory": 0, "--store=sqlite": 0, "--store=postgres://h/d": 3 * time.Second, "--store=redis://h": 3 * time.Second,
		"--store=postgres://h/d --drain=0": 0, "--drain=8s": 8 * time.Second, "--drain=auto": 0,
	} {
		if got := mustRead(t, strings.Fields(args)...).Drain; got != want {
			t.Errorf("%s: drains over %v, want %v", args, got, want)
		}
	}
}
