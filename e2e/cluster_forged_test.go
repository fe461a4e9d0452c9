//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/testserver"
)

// forgeries are how many of each kind somebody publishes who may use the Redis.
const forgeries = 500

// TestClusterBelievesNoForgedMessage has somebody else publish on the nodes' channels
// while they talk: noise, pieces of what nodes said, what they said with a bit turned,
// what they said once more, and what they said elsewhere.
func TestClusterBelievesNoForgedMessage(t *testing.T) {
	redis := testserver.StartRedis(t)
	d := &deployment{redis: redis}
	d.fleet = launch(t, clusterNodes, onPostgresAndRedis(t, testserver.StartPostgres(t), redis))
	d.endure(t, func(d *deployment) {
		heard := overhear(t, redis.Addr, 1000)
		channels := map[string]bool{}
		for _, m := range heard {
			channels[m.Channel] = true
		}
		t.Logf("%d messages were overheard on %d channels", len(heard), len(channels))
		forge(t, redis.Addr, heard)
		d.party.talkOn(200)
		d.everyNode(func(n *node) {
			forged := scrape(t, n.server)["parley_broker_forged_total"]
			t.Logf("a node has noticed %.0f of them", forged)
			if forged == 0 {
				t.Error("none was noticed: were they heard at all?")
			}
		})
	})
}

// overhear listens to n messages that nodes send each other.
func overhear(t *testing.T, addr string, n int) (all []*redis.Message) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	ear := c.PSubscribe(t.Context(), "*")
	defer ear.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(all) < n {
		m, err := ear.ReceiveMessage(ctx)
		if err != nil {
			t.Fatalf("after %d messages: %v", len(all), err)
		}
		if m.Payload != "" { // else a broker tries whether it is heard
			all = append(all, m)
		}
	}
	return all
}

// forge publishes what no node does.
func forge(t *testing.T, addr string, heard []*redis.Message) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	some := func() *redis.Message { return heard[rand.IntN(len(heard))] }
	for name, forged := range map[string]func() (channel string, payload []byte){
		"noise": func() (string, []byte) {
			noise := make([]byte, rand.IntN(2000))
			for i := range noise {
				noise[i] = byte(rand.Uint32())
			}
			return some().Channel, noise
		},
		"a piece": func() (string, []byte) {
			m := some()
			return m.Channel, []byte(m.Payload[:rand.IntN(len(m.Payload))])
		},
		"a bit is turned": func() (string, []byte) {
			m := some()
			b := []byte(m.Payload)
			b[rand.IntN(len(b))] ^= 1 << rand.IntN(8)
			return m.Channel, b
		},
		"something is behind it": func() (string, []byte) {
			m := some()
			return m.Channel, slices.Concat([]byte(m.Payload), []byte(some().Payload))
		},
		"once more": func() (string, []byte) {
			m := some()
			return m.Channel, []byte(m.Payload)
		},
		"elsewhere": func() (string, []byte) { return some().Channel, []byte(some().Payload) },
	} {
		began := time.Now()
		for range forgeries {
			channel, payload := forged()
			if err := c.Publish(t.Context(), channel, payload).Err(); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d times %s, in %v", forgeries, name, time.Since(began).Round(time.Millisecond))
	}
}
