//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
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
	name  string
	do    func(d *deployment)
	apart bool // it does nothing to what clusters share, here PostgreSQL: two may go wrong at once
}

// clusterFaults is everything that goes wrong.
var clusterFaults = []fault{
	{"nothing goes wrong", func(d *deployment) { d.party.talkOn(100) }, true},
	{"a node is killed", nodeKilled, true},
	{"Redis is killed", redisKilled, true},
	{"PostgreSQL is killed", postgresKilled, false},
	{"Redis stands still", redisPaused, true},
	{"PostgreSQL stands still", postgresPaused, false},
	{"a node's link to Redis is cut", brokerCut, true},
	{"a node's link to PostgreSQL is cut", storeCut, true},
	{"links are slow and lossy", linksSlow, true},
	{"a node stands still for longer than its lease", nodeFrozen, true},
	{"the slots for connections are used up", slotsUsedUp, false},
	{"the nodes are restarted one by one", rollingRestart, true},
	{"clocks jump", clocksJump, true},
}

// TestClusterOnPostgresAndRedis has everything go wrong that can, under the nodes that
// most clusters are.
func TestClusterOnPostgresAndRedis(t *testing.T) {
	db := testserver.StartPostgres(t)
	for _, c := range clusterFaults {
		t.Run(c.name, func(t *testing.T) {
			if c.apart {
				t.Parallel()
			}
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
		{"a node is killed", nodeKilled, false},
		{"PostgreSQL is killed", postgresKilled, false},
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
		{fault{"a node is killed", nodeKilled, true}, nil, false},
		{fault{"the nodes are restarted one by one", rollingRestart, true}, nil, false},
		{fault{"Redis is killed, and keeps nothing", redisKilled, true}, nil, true},
		{fault{"Redis is killed, and keeps a file", redisKilled, true}, []string{"--appendonly", "yes"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.apart {
				t.Parallel()
			}
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
		p.talkOn(100) // which the standby never hears of
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
		}, false},
		{"has its clock jump", func(d *deployment) {
			for _, by := range []time.Duration{time.Hour, -time.Hour} {
				shiftClock(d.t, d.nodes[0], by)
				d.party.talkOn(100)
			}
		}, false},
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
	p.talkOn(100)
	began := time.Now()
	do(d)
	lasted := time.Since(began)
	recovered := p.recover(recoverWithin)
	p.talkOn(100)
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

// silences has the fault last, during which nothing can be acknowledged: else there is
// none.
func (d *deployment) silences(short time.Duration, longer int) {
	d.t.Helper()
	<-time.After(200 * time.Millisecond) // what was written before it is on its way
	before := d.party.acked.Load()
	lasts(short, longer)
	if more := d.party.acked.Load() - before; more > 0 {
		d.t.Errorf("%d messages were acknowledged meanwhile: by whom?", more)
	}
}

// moves has a fault make those at the first node go elsewhere.
func (d *deployment) moves(do func()) {
	d.t.Helper()
	before, there := d.party.sessions.Load(), d.party.at(0)
	do()
	eventually(d.t, fmt.Sprintf("%d go to another node", there), func() bool { return d.party.sessions.Load()-before >= there })
}

const notHeard = "other nodes can't be heard"

func nodeKilled(d *deployment) {
	d.moves(func() {
		d.nodes[0].Kill()
		d.party.talkOn(100)
		d.nodes[0].start()
	})
}

func redisKilled(d *deployment) {
	d.redis.Kill()
	if d.postgres == nil {
		d.silences(time.Second, 15)
	} else {
		d.everyNode(func(n *node) { n.WaitLog(notHeard) })
		d.party.talkOn(100) // all the same
		lasts(time.Second, 15)
	}
	d.redis.Start()
}

func postgresKilled(d *deployment) {
	d.postgres.Kill()
	d.silences(time.Second, 15)
	d.postgres.Start()
}

func redisPaused(d *deployment) {
	d.redis.Signal(syscall.SIGSTOP)
	lasts(3*time.Second, 30)
	d.party.talkOn(100)
	d.redis.Signal(syscall.SIGCONT)
}

func postgresPaused(d *deployment) {
	d.postgres.Signal(syscall.SIGSTOP)
	d.silences(3*time.Second, 30)
	d.postgres.Signal(syscall.SIGCONT)
}

func brokerCut(d *deployment) {
	d.nodes[0].broker.Cut()
	d.nodes[1].broker.Close()
	d.nodes[1].WaitLog(notHeard)
	lasts(3*time.Second, 30)
	d.nodes[0].broker.Mend()
	d.nodes[1].broker.Mend()
}

func storeCut(d *deployment) {
	d.nodes[0].store.Cut()
	d.nodes[1].store.Close()
	got := d.nodes[0].store.Got()
	lasts(3*time.Second, 30)
	if more := d.nodes[0].store.Got() - got; more > 64<<10 { // what was read before it may still go through
		d.t.Errorf("%d bytes went through a link that is cut", more)
	}
	d.nodes[0].store.Mend()
	d.nodes[1].store.Mend()
}

func linksSlow(d *deployment) {
	d.everyNode(func(n *node) {
		n.store.Slow(2*time.Millisecond, 5)
		n.broker.Slow(20*time.Millisecond, 20)
	})
	lasts(3*time.Second, 30)
	lost := int64(0)
	d.everyNode(func(n *node) {
		lost += n.store.Lost() + n.broker.Lost()
		n.store.Mend()
		n.broker.Mend()
	})
	d.t.Logf("%d connections were lost on the way", lost)
	if lost == 0 {
		d.t.Error("nothing was lost: there was no fault")
	}
}

func nodeFrozen(d *deployment) {
	d.moves(func() {
		d.nodes[0].Signal(syscall.SIGSTOP)
		lasts(12*time.Second, 40)
		d.nodes[0].Signal(syscall.SIGCONT)
	})
}

func slotsUsedUp(d *deployment) {
	d.everyNode(func(n *node) { n.store.Close() })
	all := d.fillSlots()
	d.everyNode(func(n *node) { n.store.Mend() })
	d.silences(2*time.Second, 15)
	for _, c := range all {
		if err := c.Close(context.Background()); err != nil {
			d.t.Error(err)
		}
	}
}

// fillSlots takes every connection that PostgreSQL lets anybody have.
func (d *deployment) fillSlots() (all []*pgx.Conn) {
	t := d.t
	t.Helper()
	for full := 0; full < 20; { // those of the nodes may still be on their way out
		c, err := pgx.Connect(t.Context(), d.postgres.URL("postgres"))
		var refused *pgconn.PgError
		switch {
		case err == nil:
			all, full = append(all, c), 0
		case errors.As(err, &refused) && refused.Code == "53300": // too_many_connections
			full++
			<-time.After(10 * time.Millisecond)
		default:
			t.Fatalf("after %d connections: %v", len(all), err)
		}
	}
	return all
}

func rollingRestart(d *deployment) {
	d.moves(func() {
		for _, n := range d.nodes {
			if code, took := n.Stop(); code != 0 {
				d.t.Errorf("a node ends with %d after %v", code, took)
			}
			n.start()
		}
	})
}

// clocksJump has one node's clock be an hour ahead, and another's an hour behind.
func clocksJump(d *deployment) {
	shiftClock(d.t, d.nodes[0], time.Hour)
	shiftClock(d.t, d.nodes[1], -time.Hour)
	d.party.talkOn(200)
	lasts(0, 15)
}
