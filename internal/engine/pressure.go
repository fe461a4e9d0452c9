package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// Who writes faster than those in the room can be given it isn't read from, and looks
// again each slowFor. Once that has lasted slowLimit, what it sends is refused.
const (
	slowFor   = 20 * time.Millisecond
	slowLimit = 10 * time.Second
)

// How long one who is refused with unavailable is told to wait: as long as it has been
// so, within these.
const (
	minRetry = time.Second
	maxRetry = 30 * time.Second
)

// pressure is what the engine knows of a store that fails.
type pressure struct{ failing atomic.Pointer[time.Time] }

func (p *pressure) fails(failing bool) {
	if !failing {
		p.failing.Store(nil)
		return
	}
	now := time.Now()
	p.failing.Store(&now)
}

func (p *pressure) failed(now time.Time) time.Duration {
	if since := p.failing.Load(); since != nil {
		return now.Sub(*since)
	}
	return 0
}

// unavailable is the refusal for what has been so for that long.
func unavailable(lasted time.Duration) *protocol.Error {
	retry := min(max(lasted, minRetry), maxRetry).Truncate(time.Millisecond)
	return &protocol.Error{Code: protocol.CodeUnavailable, Retry: retry}
}

// refusal is what a client is told of an error: what has no code is the store's.
func (e *Engine) refusal(err error) *protocol.Error {
	if refusal, ok := errors.AsType[*protocol.Error](err); ok {
		return refusal
	}
	stood, _ := e.writer.Full()
	return unavailable(max(stood, e.pressure.failed(time.Now())))
}

// mayTake says why nothing that is to be written in r can be taken now.
func (e *Engine) mayTake(r *liveRoom) error {
	if stood, full := e.writer.Full(); full {
		return unavailable(stood)
	}
	if behind := r.log.Outrun(); behind >= slowLimit {
		return unavailable(behind)
	}
	return nil
}

// pause has the session read nothing before then.
func (x *strain) pause(until time.Time) {
	if until.After(x.paused) {
		x.paused = until
	}
}

// wrote slows down one who wrote in a room that it is ahead of.
func (s *session) wrote(r *liveRoom, now time.Time) {
	if !isAhead(r.log) {
		return
	}
	if x := s.strains(); x.ahead == nil {
		x.ahead, x.aheadAt = r.log, now
		x.pause(now.Add(slowFor))
		s.engine.metrics.Slowed.Inc()
	}
}

// goOn has a paused session go on if it may.
func (s *session) goOn(now time.Time) {
	x := s.strain
	if x == nil || x.paused.IsZero() || now.Before(x.paused) {
		return
	}
	x.paused = time.Time{}
	if x.ahead != nil && isAhead(x.ahead) && now.Sub(x.aheadAt) < slowLimit {
		x.paused = now.Add(slowFor)
		return
	}
	x.ahead = nil
}

// isAhead reports whether more is written in a room than is read, or stored.
func isAhead(l *roomlog.Log) bool { return l.Outrun() > 0 || l.Waiting() > roomlog.LateBytes }

// awaitReaders waits, on behalf of one who writes without a session, as those who have
// one do.
func (e *Engine) awaitReaders(ctx context.Context, r *liveRoom) error {
	for tries := 0; ; tries++ {
		if behind := r.log.Outrun(); behind == 0 || behind >= slowLimit {
			return nil
		}
		if tries == 0 {
			e.metrics.Slowed.Inc()
		}
		select {
		case <-time.After(slowFor):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
