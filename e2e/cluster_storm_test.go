//go:build e2e && long

package e2e

import (
	"math/rand/v2"
	"testing"

	"github.com/parley-chat/parley/internal/testserver"
)

// TestClusterInAStorm has one thing after the other go wrong, in any order, as often as
// PARLEY_STORM says. It is one of the long runs.
func TestClusterInAStorm(t *testing.T) {
	db, redis := testserver.StartPostgres(t, "max_connections=60"), testserver.StartRedis(t)
	d := &deployment{postgres: db, redis: redis}
	d.fleet = launch(t, clusterNodes, onPostgresAndRedis(t, db, redis))
	d.endure(t, func(d *deployment) {
		for range number(t, "PARLEY_STORM", 20) {
			c := clusterFaults[rand.IntN(len(clusterFaults))]
			t.Log(c.name)
			c.do(d)
			if rand.IntN(2) == 0 { // else the next comes while nodes still recover
				d.party.recover(recoverWithin)
			}
		}
	})
}
