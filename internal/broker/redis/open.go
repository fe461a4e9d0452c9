package redis

import (
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/broker"
)

// Broker is a broker on Redis Pub/Sub.
type Broker struct {
	client redis.UniversalClient
	ear    broker.Ear
	log    *slog.Logger
}

// Open opens the Redis that url names.
func Open(url string, ear broker.Ear, log *slog.Logger) (*Broker, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return &Broker{client: redis.NewClient(o), ear: ear, log: log}, nil
}
