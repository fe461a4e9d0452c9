package testserver

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// RedisCluster is a Redis Cluster of the test's own.
type RedisCluster struct {
	Masters  []*Redis // the slots are spread over them, in their order
	Replicas []*Redis // one of each, if there are
}

// slots is how many slots a Redis Cluster has.
const slots = 16384

// StartRedisCluster starts a cluster of so many masters, with a replica each or none.
// A master that is gone for two seconds is taken for dead.
func StartRedisCluster(t testing.TB, masters int, replicas bool, args ...string) *RedisCluster {
	t.Helper()
	c := &RedisCluster{}
	start := func() *Redis {
		bus := FreeAddr(t) // its usual place, 10000 above, may not be there
		return StartRedis(t, append([]string{
			"--cluster-enabled", "yes", "--cluster-port", port(bus), "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0",
			"--cluster-announce-ip", "127.0.0.1", "--cluster-announce-bus-port", port(bus),
		}, args...)...)
	}
	for i := range masters {
		r := start()
		c.Masters = append(c.Masters, r)
		r.Do("CLUSTER", "ADDSLOTSRANGE", fmt.Sprint(i*slots/masters), fmt.Sprint((i+1)*slots/masters-1))
		r.Do("CLUSTER", "SET-CONFIG-EPOCH", fmt.Sprint(i+1))
		if replicas {
			c.Replicas = append(c.Replicas, start())
		}
	}
	all := append(append([]*Redis{}, c.Masters...), c.Replicas...)
	for _, r := range all[1:] {
		first := all[0]
		r.Do("CLUSTER", "MEET", "127.0.0.1", port(first.Addr), first.setting("--cluster-port"))
	}
	for _, r := range all {
		r.until("a cluster of all", func() bool {
			info := r.Do("CLUSTER", "INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d\r", len(all)))
		})
	}
	for i, r := range c.Replicas {
		r.Do("CLUSTER", "REPLICATE", c.Masters[i].Do("CLUSTER", "MYID"))
		r.until("a replica in step", func() bool { return strings.Contains(r.Do("INFO", "replication"), "master_link_status:up") })
	}
	return c
}

// URL names the cluster by its masters.
func (c *RedisCluster) URL() string {
	var addrs []string
	for _, r := range c.Masters {
		addrs = append(addrs, r.Addr)
	}
	return "redis+cluster://" + strings.Join(addrs, ",")
}

// Owner is which of the masters has a key's slot.
func (c *RedisCluster) Owner(key string) (owner *Redis, slot string) {
	slot = c.Masters[0].Do("CLUSTER", "KEYSLOT", key)
	for _, r := range c.Masters {
		if n := r.Do("CLUSTER", "COUNTKEYSINSLOT", slot); n == "" {
			continue
		}
		if reply := r.try("GET", key); !strings.HasPrefix(reply, "-MOVED") {
			return r, slot
		}
	}
	return nil, slot
}

// Move moves an empty slot to another master.
func (c *RedisCluster) Move(slot string, from, to *Redis) {
	source, target := from.Do("CLUSTER", "MYID"), to.Do("CLUSTER", "MYID")
	to.Do("CLUSTER", "SETSLOT", slot, "IMPORTING", source)
	from.Do("CLUSTER", "SETSLOT", slot, "MIGRATING", target)
	to.Do("CLUSTER", "SETSLOT", slot, "NODE", target)
	for _, r := range c.Masters {
		r.Do("CLUSTER", "SETSLOT", slot, "NODE", target)
	}
}

// setting is a value that the server was started with.
func (r *Redis) setting(name string) string {
	for i, arg := range r.args {
		if arg == name {
			return r.args[i+1]
		}
	}
	return ""
}

// until waits until something is so of the server.
func (r *Redis) until(what string, so func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("Redis on %s: no %s\n%s", r.Addr, what, r.Output())
		}
	}
}
