package redis

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/broker"
)

// publish sends a batch in one go, and gives what has to be sent again. Where no answer
// came it may be said twice, which is better than not at all: who listens doesn't know
// that we couldn't speak.
func (l *line) publish(ctx context.Context, batch []*broker.Message) (again []*broker.Message, err error) {
	beat := l.beat.Swap(false)
	if !beat && len(batch) == 0 {
		return nil, nil
	}
	pipe := l.broker.client.Pipeline()
	if beat {
		l.add(ctx, pipe, "parley/beat/"+l.broker.name, nil)
	}
	sent := make([]*redis.IntCmd, len(batch))
	for i, m := range batch {
		sent[i] = l.add(ctx, pipe, m.Topic, m.Payload)
	}
	_, err = pipe.Exec(ctx)
	l.failed.Store(failure{err})
	if beat && err != nil {
		l.sendBeat()
	}
	for i, m := range batch {
		switch err := sent[i].Err(); {
		case err == nil:
			l.broker.count.Publish(len(m.Payload))
		case hopeless(err):
			l.broker.count.Drop(broker.Refused, 1)
			l.broker.refused.Do(func() {
				l.broker.log.Warn("Redis refuses what this node says to others", "topic", m.Topic, "err", err)
			})
		default:
			again = append(again, m)
		}
	}
	if len(again) == 0 && len(batch) > 0 {
		return nil, nil
	}
	return again, err
}

func (l *line) add(ctx context.Context, pipe redis.Pipeliner, topic string, payload []byte) *redis.IntCmd {
	if l.broker.sharded() {
		return pipe.SPublish(ctx, l.prefix+topic, payload)
	}
	return pipe.Publish(ctx, l.prefix+topic, payload)
}

// hopeless reports whether Redis would refuse a message each time.
func hopeless(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return false
	}
	text := reply.Error()
	return strings.HasPrefix(text, "NOPERM ") || strings.HasPrefix(text, "ERR ") && !strings.HasPrefix(text, "ERR max number of clients")
}
