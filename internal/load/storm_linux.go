package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

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
			err := fmt.Errorf("storm: %d of %d came back within %v", back.count, back.cut, l.cfg.Window+2*patience)
			return errors.Join(err, l.refusal)
		}
		if err := l.watch(ctx, w, time.Duration(l.now()-w.began)+calm); err != nil {
			return err
		}
	}
	if err := l.shutWindow(w, res); err != nil {
		return err
	}
	res.Storm = &StormResult{Cut: len(cut), HalfBack: back.halfAt, AllBack: back.allAt, Refused: l.refuses, Usual: usual}
	return l.end(ctx, res)
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
