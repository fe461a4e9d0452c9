//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parley-chat/parley/internal/testserver"
)

// How many rooms a party talks in, how often one who talks does, and a bound for its
// return to order; what that took is printed.
const (
	clusterNodes  = 3
	clusterRooms  = 20
	clusterPace   = 500 * time.Millisecond
	recoverWithin = 60 * time.Second
)

// deployment is a fleet, what it stands on, and who talks there.
type deployment struct {
	*fleet
	postgres *testserver.Postgres // nil: it has none
	redis    *testserver.Redis
	party    *party
}

// fault is something that goes wrong for a while. It is over when do returns.
type fault struct {
	name string
	do   func(d *deployment)
}

// TestClusterOnPostgresAndRedis has everything go wrong that can, under the nodes that
// most clusters are.
func TestClusterOnPostgresAndRedis(t *testing.T) {
	db := testserver.StartPostgres(t, "max_connections=60")
	for _, c := range []fault{
		{"nothing goes wrong", func(d *deployment) { d.party.talkOn(200) }},
		{"a node is killed", nodeKilled},
		{"Redis is killed", redisKilled},
		{"PostgreSQL is killed", postgresKilled},
		{"Redis stands still", redisPaused},
		{"PostgreSQL stands still", postgresPaused},
		{"a node's link to Redis is cut", brokerCut},
		{"a node's link to PostgreSQL is cut", storeCut},
		{"links are slow and lossy", linksSlow},
		{"a node stands still for longer than its lease", nodeFrozen},
		{"the slots for connections are used up", slotsUsedUp},
		{"the nodes are restarted one by one", rollingRestart},
		{"clocks jump", clocksJump},
	} {
		t.Run(c.name, func(t *testing.T) {
			redis := testserver.StartRedis(t)
			d := &deployment{postgres: db, redis: redis}
			d.fleet = launch(t, clusterNodes, onPostgresAndRedis(t, db, redis))
			d.endure(t, c.do)
		})
	}
}

// TestClusterOnPostgresAlone is of those who run no Redis.
func TestClusterOnPostgresAlone(t *testing.T) {
	db := testserver.StartPostgres(t)
	for _, c := range []fault{
		{"a node is killed", nodeKilled},
		{"PostgreSQL is killed", postgresKilled},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &deployment{postgres: db}
			d.fleet = launch(t, clusterNodes, onPostgres(t, db))
			d.endure(t, c.do)
		})
	}
}

// TestClusterOnRedisAlone is of those who have nothing else. Their Redis keeps what it
// is told to, and what it lost is said by a new epoch.
func TestClusterOnRedisAlone(t *testing.T) {
	for _, c := range []struct {
		fault
		redis []string
		lost  bool
	}{
		{fault{"a node is killed", nodeKilled}, nil, false},
		{fault{"the nodes are restarted one by one", rollingRestart}, nil, false},
		{fault{"Redis is killed, and keeps nothing", redisKilled}, nil, true},
		{fault{"Redis is killed, and keeps a file", redisKilled}, []string{"--appendonly", "yes"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			redis := testserver.StartRedis(t, c.redis...)
			d := &deployment{redis: redis}
			d.fleet = launch(t, clusterNodes, onRedis(t, redis, 0))
			p := d.setOut(t)
			p.mayReset.Store(strings.HasPrefix(c.name, "Redis is killed"))
			d.endureWith(t, p, c.do)
			if lives := p.lives(); c.lost && lives < 2 {
				t.Errorf("everything was lost, and each log is said to have %d lives", lives)
			}
		})
	}
}

// TestClusterSaysByANewEpochWhatAFailoverLost has a standby take over that was not told
// of the last messages, though they were acknowledged.
func TestClusterSaysByANewEpochWhatAFailoverLost(t *testing.T) {
	db, redis := testserver.StartPostgres(t), testserver.StartRedis(t)
	d := &deployment{postgres: db, redis: redis}
	backing := onPostgresAndRedis(t, db, redis) // so that the standby has the database, too
	standby, replication := db.StartStandby(t)
	d.fleet = launch(t, clusterNodes, backing)
	p := d.setOut(t)
	p.mayReset.Store(true)
	d.endureWith(t, p, func(d *deployment) {
		replication.Cut()
		p.talkOn(200) // which the standby never hears of
		db.Kill()
		standby.Promote()
		d.everyNode(func(n *node) {
			n.store.Lead(standby.Addr)
			n.store.Drop()
		})
	})
	if lives := p.lives(); lives < 2 {
		t.Errorf("what was acknowledged is lost, and each log is said to have %d lives", lives)
	}
}

// TestClusterOfOneNode is one node alone, which is held to the same.
func TestClusterOfOneNode(t *testing.T) {
	for _, c := range []fault{
		{"is killed", func(d *deployment) {
			d.nodes[0].Kill()
			d.nodes[0].start()
		}},
		{"has its clock jump", func(d *deployment) {
			for _, by := range []time.Duration{time.Hour, -time.Hour} {
				shiftClock(d.t, d.nodes[0], by)
				d.party.talkOn(100)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &deployment{fleet: launch(t, 1, onSQLite(t))}
			d.endure(t, c.do)
		})
	}
}

// endure has a party talk through a fault, and holds what everybody was told against the
// log.
func (d *deployment) endure(t *testing.T, do func(*deployment)) {
	t.Helper()
	d.endureWith(t, d.setOut(t), do)
}

// setOut has the clients of a cluster's test set out.
func (d *deployment) setOut(t *testing.T) *party {
	t.Helper()
	return depart(t, number(t, "PARLEY_CLIENTS", 500), clusterRooms, clusterPace, d.ws()...)
}

func (d *deployment) endureWith(t *testing.T, p *party, do func(*deployment)) {
	t.Helper()
	d.party = p
	arrived := p.recover(recoverWithin)
	p.talkOn(200)
	began := time.Now()
	do(d)
	lasted := time.Since(began)
	recovered := p.recover(recoverWithin)
	p.talkOn(200)
	counted := p.counted(20 * time.Second)
	verdict := p.judge(recoverWithin)
	t.Logf("%d clients had arrived after %v; the fault lasted %v; %v after it all were shown what was said after it, %v later all nodes counted the same; %d sessions, %d sends refused, %d acknowledgements came again",
		len(p.travellers), arrived.Round(time.Millisecond), lasted.Round(time.Millisecond), recovered.Round(time.Millisecond), counted.Round(time.Millisecond),
		p.sessions.Load(), p.refused.Load(), p.repeated.Load())
	t.Log(verdict.String())
	if len(verdict.Wrong) > 0 || verdict.Acked == 0 {
		t.Error("the log and what its clients were told differ")
	}
}

// lasts lets time pass: how long a fault lasts is what it is about. longer counts in the
// long runs, in seconds.
func lasts(d time.Duration, longer int) {
	if long() {
		d = time.Duration(longer) * time.Second
	}
	<-time.After(d)
}

func nodeKilled(d *deployment) {
	d.nodes[0].Kill()
	d.party.talkOn(100)
	d.nodes[0].start()
}

func redisKilled(d *deployment) {
	d.redis.Kill()
	if d.postgres != nil {
		d.party.talkOn(100) // without it, too
	}
	lasts(time.Second, 15)
	d.redis.Start()
}

func postgresKilled(d *deployment) {
	d.postgres.Kill()
	lasts(time.Second, 15)
	d.postgres.Start()
}

func redisPaused(d *deployment) {
	d.redis.Signal(syscall.SIGSTOP)
	lasts(3*time.Second, 30)
	d.redis.Signal(syscall.SIGCONT)
}

func postgresPaused(d *deployment) {
	d.postgres.Signal(syscall.SIGSTOP)
	lasts(3*time.Second, 30)
	d.postgres.Signal(syscall.SIGCONT)
}

func brokerCut(d *deployment) {
	d.nodes[0].broker.Cut()
	d.nodes[1].broker.Close()
	lasts(3*time.Second, 30)
	d.nodes[0].broker.Mend()
	d.nodes[1].broker.Mend()
}

func storeCut(d *deployment) {
	d.nodes[0].store.Cut()
	d.nodes[1].store.Close()
	lasts(3*time.Second, 30)
	d.nodes[0].store.Mend()
	d.nodes[1].store.Mend()
}

func linksSlow(d *deployment) {
	d.everyNode(func(n *node) {
		n.store.Slow(2*time.Millisecond, 2)
		n.broker.Slow(20*time.Millisecond, 5)
	})
	lasts(3*time.Second, 30)
	d.everyNode(func(n *node) {
		n.store.Mend()
		n.broker.Mend()
	})
}

func nodeFrozen(d *deployment) {
	d.nodes[0].Signal(syscall.SIGSTOP)
	lasts(12*time.Second, 40)
	d.nodes[0].Signal(syscall.SIGCONT)
}

func slotsUsedUp(d *deployment) {
	t := d.t
	d.everyNode(func(n *node) { n.store.Close() })
	var all []*pgx.Conn
	for {
		c, err := pgx.Connect(t.Context(), d.postgres.URL("postgres"))
		if err == nil {
			all = append(all, c)
			continue
		}
		var full *pgconn.PgError
		if !errors.As(err, &full) || full.Code != "53300" {
			t.Fatalf("after %d connections: %v", len(all), err)
		}
		if len(all) > 50 { // those of the nodes may still be on their way out
			break
		}
		<-time.After(10 * time.Millisecond) // no wait for a thing: it is tried again
	}
	d.everyNode(func(n *node) { n.store.Mend() })
	lasts(3*time.Second, 15)
	for _, c := range all {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func rollingRestart(d *deployment) {
	for _, n := range d.nodes {
		if code, took := n.Stop(); code != 0 {
			d.t.Errorf("a node ends with %d after %v", code, took)
		}
		n.start()
	}
}

// clocksJump has one node's clock be an hour ahead, and another's an hour behind.
func clocksJump(d *deployment) {
	shiftClock(d.t, d.nodes[0], time.Hour)
	shiftClock(d.t, d.nodes[1], -time.Hour)
	d.party.talkOn(200)
	lasts(0, 15)
}

// TestClusterOfTwoVersions has nodes of this version and the last one that was released
// side by side, each for a while. It is one of the long runs.
func TestClusterOfTwoVersions(t *testing.T) {
	if !long() {
		t.Skip("one of the long runs: scripts/soak.sh")
	}
	former := buildFormer(t)
	db, redis := testserver.StartPostgres(t), testserver.StartRedis(t)
	d := &deployment{postgres: db, redis: redis}
	backing := onPostgresAndRedis(t, db, redis)
	d.fleet = launch(t, clusterNodes, func(n *node) {
		backing(n)
		n.binary = former
	})
	d.endure(t, func(d *deployment) {
		for _, n := range d.nodes {
			n.Stop()
			n.binary = parley
			n.start()
			d.party.talkOn(300)
		}
	})
}

// buildFormer builds the version before this one: of the newest tag, or PARLEY_FORMER.
func buildFormer(t *testing.T) string {
	t.Helper()
	git := func(args ...string) string {
		out, err := exec.Command("git", args...).Output()
		if err != nil {
			t.Fatalf("git %q: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	revision := formerRevision()
	if revision == "" {
		if tags := strings.Fields(git("tag", "--sort=-v:refname")); len(tags) > 0 {
			revision = tags[0]
		}
	}
	if revision == "" {
		t.Skip("no version has been released yet, and PARLEY_FORMER names no revision: there is no former version with a cluster")
	}
	tree, binary := t.TempDir()+"/tree", t.TempDir()+"/parley"
	git("worktree", "add", "--detach", tree, revision)
	t.Cleanup(func() { git("worktree", "remove", "--force", tree) })
	build := exec.Command("go", "build", "-o", binary, "./cmd/parley")
	build.Dir = tree
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", revision, err, out)
	}
	return binary
}
