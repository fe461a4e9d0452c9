package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// talkative is fanout, rooms and the frame of the others: warm up, measure, and
// wait for the last delivery.
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
	return l.drain(ctx)
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
	if res.Ready, err = readProcess(l.cfg.PID); err != nil {
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
	if l.cfg.PID == 0 {
		return nil
	}
	l.tell(Progress{Phase: Settling}, true)
	began := l.now()
	for least, most, since := int64(0), int64(0), began; ; {
		rss, err := rssOf(l.cfg.PID)
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
		if err := l.survive(s, l.read(s)); err != nil {
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
	return l.drain(ctx)
}

// storm cuts many off at once, and watches how they come back.
func (l *loop) storm(ctx context.Context, res *Result) error {
	usual, err := l.usual(ctx)
	if err != nil {
		return err
	}
	cut := l.sessions[len(l.sessions)-l.cfg.Cut:]
	w, err := l.open()
	if err != nil {
		return err
	}
	l.forgives = true
	l.refuses = 0
	for _, s := range cut {
		l.leave(s)
	}
	back := returns{loop: l, cut: len(cut), began: w.began}
	l.onBack = back.joined
	if err := l.watch(ctx, w, l.cfg.Window); err != nil {
		return err
	}
	for !back.all() {
		if l.now()-w.began > int64(l.cfg.Window+2*patience) {
			return fmt.Errorf("storm: %d of %d came back within %v: %w", back.count, back.cut, l.cfg.Window+2*patience, l.refusal)
		}
		if err := l.watch(ctx, w, time.Duration(l.now()-w.began)+calm); err != nil {
			return err
		}
	}
	if err := l.shutWindow(w, res); err != nil {
		return err
	}
	res.Storm = &StormResult{Cut: len(cut), HalfBack: back.halfAt, AllBack: back.allAt, Refused: l.refuses, Usual: usual}
	return l.drain(ctx)
}

// usual measures those who will stay before anybody is cut off: for a quarter of
// the window.
func (l *loop) usual(ctx context.Context) (Latency, error) {
	if err := l.warmUp(ctx); err != nil {
		return Latency{}, err
	}
	l.reset()
	if err := l.drive(ctx, l.now()+int64(l.cfg.Window/4)); err != nil {
		return Latency{}, err
	}
	return l.quiet.latency(), nil
}

// returns counts those who came back.
type returns struct {
	loop          *loop
	cut, count    int
	began         int64
	halfAt, allAt time.Duration
}

func (r *returns) all() bool { return r.allAt > 0 }

func (r *returns) joined() {
	r.count++
	if r.count == (r.cut+1)/2 {
		r.halfAt = time.Duration(r.loop.now() - r.began)
	}
	if r.count == r.cut {
		r.allAt = time.Duration(r.loop.now() - r.began)
	}
}

// history has all sessions read pages of one room, each its next when it has one.
func (l *loop) history(ctx context.Context, res *Result) error {
	l.pages.another = rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same pages in each run
	now := l.now()
	for _, s := range l.sessions {
		if err := l.ask(s, now); err != nil {
			return err
		}
	}
	l.pages.asking = true
	l.tell(Progress{Phase: Warming}, true)
	if err := l.drive(ctx, now+int64(l.cfg.Warmup)); err != nil {
		return err
	}
	w, err := l.open()
	if err != nil {
		return err
	}
	l.pages.got, l.pages.events = 0, 0
	l.pages.took.reset()
	if err := l.watch(ctx, w, l.cfg.Window); err != nil {
		return err
	}
	res.History = &HistoryResult{Pages: l.pages.got, Events: l.pages.events, Took: l.pages.took.latency()}
	if err := l.shutWindow(w, res); err != nil {
		return err
	}
	l.pages.asking = false
	return l.until(ctx, Draining, len(l.sessions), func() int { return len(l.sessions) - l.pages.asked })
}
