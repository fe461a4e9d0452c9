//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/testserver"
)

// How soon all nodes know who is where, and that a dead node's people are gone.
const (
	peopleWithin = 2 * time.Second
	goneWithin   = 15 * time.Second
	peopleEach   = 20
)

// TestClusterKnowsWhoIsThere has people come to two nodes' rooms, leave one of them, and
// be lost with the other: with every store and broker, of which the last takes all the
// same time.
func TestClusterKnowsWhoIsThere(t *testing.T) {
	t.Parallel()
	db, redis := testserver.StartPostgres(t), testserver.StartRedis(t)
	var all []*witness
	for _, c := range []struct {
		name    string
		backing func(*node)
	}{
		{"PostgreSQL and Redis", onPostgresAndRedis(t, db, redis)},
		{"PostgreSQL", onPostgres(t, db)},
		{"Redis", onRedis(t, redis, 0)},
	} {
		all = append(all, seesPeople(t, c.name, launch(t, clusterNodes, c.backing)))
	}
	for _, w := range all {
		w.wants(t, 1, goneWithin)
		t.Logf("%s: a dead node's people are gone after %v", w.name, time.Since(w.began).Round(time.Millisecond))
	}
}

// witness counts who is in a room, from a node where they are not.
type witness struct {
	*v1
	name  string
	began time.Time // when a node was killed
}

// seesPeople has people come and go, and kills their node.
func seesPeople(t *testing.T, name string, f *fleet) *witness {
	t.Helper()
	w := &witness{v1: mustDialV1(t, f.nodes[2].server, "witness", ""), name: name}
	w.mustDo(t, "join", fields{"room": "lobby"})
	var people [2][]*v1
	for i := range people {
		for k := range peopleEach {
			c := mustDialV1(t, f.nodes[i].server, fmt.Sprint("guest ", i, k), "")
			c.mustDo(t, "join", fields{"room": "lobby"})
			people[i] = append(people[i], c)
		}
	}
	w.began = time.Now()
	w.wants(t, 1+2*peopleEach, peopleWithin)
	came := time.Since(w.began)
	for _, c := range people[0] {
		c.hangUp()
	}
	w.began = time.Now()
	w.wants(t, 1+peopleEach, peopleWithin)
	t.Logf("%s: those who came are counted after %v, those who went after %v", name, came, time.Since(w.began))
	f.nodes[1].Kill()
	w.began = time.Now()
	return w
}

// wants waits until so many are there.
func (w *witness) wants(t *testing.T, count int, limit time.Duration) {
	t.Helper()
	within(t, limit-time.Since(w.began), fmt.Sprintf("%s: %d are there", w.name, count), func() bool {
		for _, r := range w.mustDo(t, "rooms", nil).Rooms {
			if r.Name == "lobby" {
				return r.Count == count
			}
		}
		return false
	})
}
