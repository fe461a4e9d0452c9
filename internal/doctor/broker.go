package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/broker"
	"github.com/parley-chat/parley/internal/broker/postgres"
	"github.com/parley-chat/parley/internal/broker/redis"
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
		if x.redisBroker(ctx) {
			x.heard(ctx, func(ear broker.Ear) (broker.Broker, error) { return redis.Open(s.Broker, ear, x.log) })
		}
	case config.Postgres:
		x.doing("NOTIFY at " + s.StoreName())
		x.heard(ctx, func(ear broker.Ear) (broker.Broker, error) { return postgres.Open(s.Store, ear, x.log) })
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
	if s == nil {
		return ok
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

// heard publishes something on a topic of its own, and waits until it is heard.
func (x *examination) heard(ctx context.Context, open func(broker.Ear) (broker.Broker, error)) {
	n := x.of(Broker)
	e := &listener{said: make(chan string, 64), listens: make(chan struct{}, 64), away: make(chan error, 64)}
	b, err := open(e)
	if err != nil {
		n.fault(fmt.Sprintf("it can't be used: %v", inWords(err)), "look at --broker")
		return
	}
	defer b.Close() //nolint:errcheck // it is done
	topic, text := "parley/doctor/"+rand.Text(), rand.Text()
	b.Subscribe(topic)
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var away error
	var began time.Time
	for {
		select {
		case <-e.listens:
			began = time.Now()
			b.Publish(topic, []byte(text))
		case said := <-e.said:
			if said == text {
				n.ok("what is published is heard, after %s", short(time.Since(began)))
				return
			}
		case away = <-e.away:
		case <-timeout.C:
			x.notHeard(n, away, began)
			return
		case <-ctx.Done():
			return
		}
	}
}

func (x *examination) notHeard(n notes, away error, began time.Time) {
	const rights = "let its user publish and subscribe (ACL SETUSER … resetchannels &parley/* +@pubsub +@connection; of a cluster, &{parley-* instead)"
	const pooled = "LISTEN needs a connection of its own: a pooler in transaction mode lets none through, so have it in session mode, or use a Redis"
	fix := rights
	if x.Settings.BrokerKind() == config.Postgres {
		fix = pooled
	}
	switch {
	case away != nil:
		n.fault(fmt.Sprintf("it can't be listened to: %v", inWords(away)), fix)
	case began.IsZero():
		n.fault("it can't be listened to", fix)
	default:
		n.fault("what is published is not heard in "+short(patience), fix)
	}
}

// listener implements broker.Ear. It never waits: what is more than has a place, nobody needs.
type listener struct {
	said    chan string
	listens chan struct{}
	away    chan error
}

func (l *listener) Heard(_ string, payload []byte) { offer(l.said, string(payload)) }
func (l *listener) Listens([]string)               { offer(l.listens, struct{}{}) }
func (l *listener) Away(err error)                 { offer(l.away, err) }

func offer[T any](to chan T, v T) {
	select {
	case to <- v:
	default:
	}
}
