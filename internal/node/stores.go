package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/parley-chat/parley/internal/broker"
	postgresbroker "github.com/parley-chat/parley/internal/broker/postgres"
	redisbroker "github.com/parley-chat/parley/internal/broker/redis"
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/internal/store/postgres"
	"github.com/parley-chat/parley/internal/store/redis"
	"github.com/parley-chat/parley/internal/store/sqlite"
)

// openTimeout is how long a store elsewhere may take until it can be used.
const openTimeout = 30 * time.Second

// openStore opens where the settings want the logs kept.
func openStore(cfg *config.Serve, log *slog.Logger) (store.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	switch cfg.StoreKind() {
	case config.Memory:
		return memory.New(memory.DefaultBudget), nil
	case config.Postgres:
		s, err := postgres.Open(ctx, cfg.Store, log)
		return elsewhere(s, err, log)
	case config.Redis:
		s, err := redis.Open(ctx, cfg.Store, log)
		return elsewhere(s, err, log)
	default:
		s, err := sqlite.Open(cfg.Data, log)
		if err != nil {
			return nil, fmt.Errorf("--data: %w", err)
		}
		return s, nil
	}
}

// elsewhere is a store that others run, which the log tells what to think of.
func elsewhere[S interface {
	store.Store
	Warnings() []string
}](s S, err error, log *slog.Logger) (store.Store, error) {
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	for _, warning := range s.Warnings() {
		log.Warn(warning)
	}
	return s, nil
}

// newCluster is the node's place among others; nil where the store is its own.
func newCluster(cfg *config.Serve, s store.Store, log *slog.Logger) *cluster.Cluster {
	shared, ok := s.(store.Shared)
	if !ok || !cfg.Shared() {
		return nil
	}
	c := cluster.Config{Store: shared, Log: log}
	switch cfg.BrokerKind() {
	case config.Postgres:
		c.Broker = func(ear broker.Ear) (broker.Broker, error) {
			b, err := postgresbroker.Open(cfg.Store, ear, log)
			return among(b, err)
		}
	case config.Redis:
		c.Broker = func(ear broker.Ear) (broker.Broker, error) {
			b, err := redisbroker.Open(cfg.Broker, ear, log)
			return among(b, err)
		}
	}
	return cluster.New(c)
}

// among is a broker, or why there is none.
func among[B broker.Broker](b B, err error) (broker.Broker, error) {
	if err != nil {
		return nil, fmt.Errorf("--broker: %w", err)
	}
	return b, nil
}
