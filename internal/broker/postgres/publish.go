package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/broker"
)

// channel is a topic's: an identifier has at most 63 bytes, and a topic is any text. What
// is in a message tells whether it was meant for this topic.
func channel(topic string) string {
	sum := sha256.Sum256([]byte(topic))
	return "parley_" + hex.EncodeToString(sum[:16])
}

// markSize is how long the mark is that stands before a payload: of two messages of one
// transaction that are the same, PostgreSQL delivers one.
const markSize = 2

const marks = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

func encode(mark int, payload []byte) string {
	b := make([]byte, 0, markSize+base64.RawStdEncoding.EncodedLen(len(payload)))
	b = append(b, marks[mark/len(marks)%len(marks)], marks[mark%len(marks)])
	return string(base64.RawStdEncoding.AppendEncode(b, payload))
}

func decode(text string) (payload []byte, ok bool) {
	if len(text) < markSize {
		return nil, false
	}
	payload, err := base64.RawStdEncoding.DecodeString(text[markSize:])
	return payload, err == nil
}

// beatAgain has a beat published if none was for beatEvery. Called by who listens.
func (b *Broker) beatAgain() {
	if now := time.Now(); now.Sub(b.lastBeat) >= beatEvery {
		b.lastBeat = now
		b.sendBeat()
	}
}

// publish sends a batch in one round trip, and gives what has to be sent again. Where no
// answer came it may be said twice, which is better than not at all.
func (b *Broker) publish(ctx context.Context, batch []*broker.Message) (again []*broker.Message, err error) {
	beat := b.beat.Swap(false)
	if !beat && len(batch) == 0 {
		return nil, nil
	}
	var channels, payloads []string
	if beat {
		channels, payloads = append(channels, channel(b.name)), append(payloads, encode(0, nil))
	}
	for _, m := range batch {
		b.mark++
		channels, payloads = append(channels, channel(m.Topic)), append(payloads, encode(b.mark, m.Payload))
	}
	err = b.notify(ctx, channels, payloads)
	b.failed.Store(failure{err})
	if err != nil {
		if beat {
			b.sendBeat()
		}
		return batch, err
	}
	for _, m := range batch {
		b.count.Publish(len(m.Payload))
	}
	return nil, nil
}

func (b *Broker) notify(ctx context.Context, channels, payloads []string) (err error) {
	if b.speaks == nil || b.speaks.IsClosed() {
		if b.speaks, err = dial(ctx, b.config); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result := b.speaks.ExecParams(ctx, "select pg_notify(c, p) from unnest($1::text[], $2::text[]) as message(c, p)",
		[][]byte{array(channels), array(payloads)}, nil, nil, nil).Read()
	if result.Err != nil {
		b.hangUp() // the next may be answered by another server
		return fmt.Errorf("notify: %w", result.Err)
	}
	return nil
}

// array writes a text[] of texts that hold neither quotes nor backslashes.
func array(texts []string) []byte { return []byte(`{"` + strings.Join(texts, `","`) + `"}`) }

// hangUp ends the session that publishes.
func (b *Broker) hangUp() {
	if b.speaks != nil {
		closeSoon(b.speaks)
		b.speaks = nil
	}
}
