//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/testserver"
)

// What the nodes do while their broker is away is told by their metrics, and what is
// revoked meanwhile is revoked all the same.
func TestClusterSaysThatTheStoreIsAskedInTheBrokersPlace(t *testing.T) {
	t.Parallel()
	f := launch(t, clusterNodes, onPostgresAndRedis(t, testserver.StartPostgres(t), testserver.StartRedis(t)))
	witness := mustDialV1(t, f.nodes[0].server, "witness", "")
	witness.mustDo(t, "join", fields{"room": "lobby"})
	is := func(what string, n *node, want map[string]float64) {
		t.Helper()
		within(t, patience, what, func() bool {
			got := scrape(t, n.server)
			for name, value := range want {
				if got[name] != value {
					return false
				}
			}
			return true
		})
	}
	is("all are heard", f.nodes[0], map[string]float64{"parley_nodes": clusterNodes, "parley_broker_up": 1, "parley_broker_topics": 3})
	rate := func() float64 {
		began, before := time.Now(), scrape(t, f.nodes[0].server)["parley_store_polls_total"]
		lasts(3*time.Second, 1)
		return (scrape(t, f.nodes[0].server)["parley_store_polls_total"] - before) / time.Since(began).Seconds()
	}
	calm := rate()
	f.everyNode(func(n *node) { n.broker.Close() })
	is("the broker is away", f.nodes[0], map[string]float64{"parley_nodes": clusterNodes, "parley_broker_up": 0})
	away := rate()
	t.Logf("the store is asked %.1f times a second, and %.1f without the broker", calm, away)
	if away < 1.5 || away < 2*calm {
		t.Errorf("the store is asked %.1f times a second, and %.1f without the broker", calm, away)
	}
	f.revokes(t, "without the broker", func(c *v1) { c.mustDo(t, "revoke", fields{"user": c.welcome.User.ID}) })
	f.everyNode(func(n *node) { n.broker.Mend() })
	is("the broker is there again", f.nodes[0], map[string]float64{"parley_broker_up": 1, "parley_broker_topics": 3})
}
