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
// be lost with the other.
func TestClusterKnowsWhoIsThere(t *testing.T) {
	t.Parallel()
	for name, backing := range map[string]func(t *testing.T) func(*node){
		"PostgreSQL and Redis": func(t *testing.T) func(*node) {
			return onPostgresAndRedis(t, testserver.StartPostgres(t), testserver.StartRedis(t))
		},
		"PostgreSQL": func(t *testing.T) func(*node) { return onPostgres(t, testserver.StartPostgres(t)) },
		"Redis":      func(t *testing.T) func(*node) { return onRedis(t, testserver.StartRedis(t), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			knowsWhoIsThere(t, launch(t, clusterNodes, backing(t)))
		})
	}
}

func knowsWhoIsThere(t *testing.T, f *fleet) {
	witness := mustDialV1(t, f.nodes[2].server, "witness", "")
	witness.mustDo(t, "join", fields{"room": "lobby"})
	want := func(what string, count int, limit time.Duration) {
		t.Helper()
		began := time.Now()
		within(t, limit, fmt.Sprintf("%s: %d are there", what, count), func() bool {
			for _, r := range witness.mustDo(t, "rooms", nil).Rooms {
				if r.Name == "lobby" {
					return r.Count == count
				}
			}
			return false
		})
		t.Logf("%s: counted after %v", what, time.Since(began).Round(time.Millisecond))
	}
	var people [2][]*v1
	for i := range people {
		for k := range peopleEach {
			c := mustDialV1(t, f.nodes[i].server, fmt.Sprint("guest ", i, k), "")
			c.mustDo(t, "join", fields{"room": "lobby"})
			people[i] = append(people[i], c)
		}
	}
	want("all have come", 1+2*peopleEach, peopleWithin)
	for _, c := range people[0] {
		c.hangUp()
	}
	want("those of one node have gone", 1+peopleEach, peopleWithin)
	f.nodes[1].Kill()
	want("the other node is dead", 1, goneWithin)
}
