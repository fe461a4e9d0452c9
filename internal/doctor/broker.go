package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/redisurl"
)

// broker looks whether what one node publishes is heard.
func (x *examination) broker(ctx context.Context) {
	if !x.Local || x.Settings.Broker == "" {
		return
	}
	s, n := &x.Settings, x.of(Broker)
	switch s.BrokerKind() {
	case config.Redis:
		x.doing(s.BrokerName())
		x.redisBroker(ctx)
	case config.Memory:
		if s.Shared() {
			n.ok("there is none: each node asks the store what is new, so that others' messages come a moment later")
		}
	}
}

// redisBroker looks at the Redis itself. It reports whether it is worth going on.
func (x *examination) redisBroker(ctx context.Context) bool {
	n, name := x.of(Broker), x.Settings.BrokerName()
	u, client, err := openRedis(x.Settings.Broker)
	if err != nil {
		n.fault(err.Error(), "want redis://USER:PASSWORD@HOST:PORT, rediss://, redis+sentinel:// or redis+cluster://")
		return false
	}
	defer client.Close() //nolint:errcheck // it is done
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	s, ok := x.redisSays(ctx, n, name, u, client)
	if !ok {
		return strings.Contains(fmt.Sprint(s), "NOPERM")
	}
	if s["role"] == "slave" && u.Kind == redisurl.Single {
		n.fault("it is a replica: what is published there, the nodes at the master don't hear", "name the master, or Sentinel: redis+sentinel://")
	}
	switch clustered := s["redis_mode"] == "cluster"; {
	case clustered && u.Kind != redisurl.Cluster:
		n.warn("it is one of a cluster, and all that is published passes through every server of it", "redis+cluster:// uses sharded Pub/Sub")
	case u.Kind == redisurl.Cluster && !clustered:
		n.fault("it is no cluster", "redis:// for one server")
	case u.Kind == redisurl.Sentinel:
		n.ok("Sentinel names the master")
	}
	return true
}
