package load

import (
	"context"
	"time"
)

// talkative is fanout and rooms.
func (l *loop) talkative(ctx context.Context, res *Result) error {
	if err := l.warmUp(ctx); err != nil {
		return err
	}
	w, err := l.open()
	if err != nil {
		return err
	}
	if err := l.watch(ctx, w, l.cfg.Window); err != nil {
		return err
	}
	if err := l.shutWindow(w, res); err != nil {
		return err
	}
	return l.end(ctx, res)
}

func (l *loop) warmUp(ctx context.Context) error {
	l.tell(Progress{Phase: Warming}, true)
	if err := l.begin(); err != nil {
		return err
	}
	return l.drive(ctx, l.now()+int64(l.cfg.Warmup))
}

// idle only answers pings.
func (l *loop) idle(ctx context.Context, res *Result) error {
	if err := l.settleMemory(ctx); err != nil {
		return err
	}
	var err error
	if res.Ready, err = readProcess(l.cfg.pids()...); err != nil {
		return err
	}
	l.gather = 0
	w, err := l.open()
	if err != nil {
		return err
	}
	if err := l.watch(ctx, w, l.cfg.Window); err != nil {
		return err
	}
	return l.shutWindow(w, res)
}

const (
	settleFor   = 5 * time.Second  // memory that stays for so long within a hundredth has settled
	settleUntil = 90 * time.Second // at most
)

// settleMemory waits until the server's memory no longer changes: what it needed
// for the handshakes goes back to the system bit by bit.
func (l *loop) settleMemory(ctx context.Context) error {
	if len(l.cfg.pids()) == 0 {
		return nil
	}
	l.tell(Progress{Phase: Settling}, true)
	began := l.now()
	for least, most, since := int64(0), int64(0), began; ; {
		rss, err := rssOf(l.cfg.pids()...)
		if err != nil {
			return err
		}
		now := l.now()
		least, most = min(least, rss), max(most, rss)
		if most-least > most/100 {
			least, most, since = rss, rss, now
		}
		if now-since >= int64(settleFor) || now-began >= int64(settleUntil) {
			return nil
		}
		if err := l.drive(ctx, now+int64(settleFor/20)); err != nil {
			return err
		}
	}
}

// slow is fanout in which some read nothing for the first half of the window.
func (l *loop) slow(ctx context.Context, res *Result) error {
	if err := l.warmUp(ctx); err != nil {
		return err
	}
	w, err := l.open()
	if err != nil {
		return err
	}
	stopped := l.sessions[len(l.sessions)-l.cfg.Stopped:]
	l.forgives = true
	for _, s := range stopped {
		s.deaf = true
	}
	if err := l.watch(ctx, w, l.cfg.Window/2); err != nil {
		return err
	}
	for _, s := range stopped {
		s.deaf = false
		if s.state <= dialling {
			continue
		}
		if err := l.survive(s, l.readOut(s)); err != nil {
			return err
		}
	}
	if err := l.watch(ctx, w, l.cfg.Window); err != nil {
		return err
	}
	if err := l.shutWindow(w, res); err != nil {
		return err
	}
	if err := l.until(ctx, Draining, len(l.sessions), func() int { return l.present }); err != nil {
		return err
	}
	return l.end(ctx, res)
}
