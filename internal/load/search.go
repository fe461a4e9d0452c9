package load

import (
	"context"
	"errors"
	"time"
)

// Search looks for the highest rate at which all is delivered and the p99 stays
// within the bound: from cfg.Rate (100 a second unless given) up in doublings, or
// down in halves, then in between, until the highest that was kept and the lowest
// that was not are within 5 %. Each step is a run of its own, and another one where
// that was not kept. progress, which may be nil, is told each step as it ends. err
// is of a run that failed for another reason than its rate; the steps until then
// are given with it.
func Search(ctx context.Context, cfg Config, bound time.Duration, progress func(Step)) ([]Step, error) {
	if cfg.Rate == 0 {
		cfg.Rate = 100
	}
	if bound <= 0 {
		return nil, errors.New("bound: want more than 0")
	}
	return search(cfg.Rate, progress, func(rate float64) (step Step, err error) {
		for range tries {
			if step, err = try(ctx, cfg, rate, bound); err != nil || step.Kept {
				return step, err
			}
		}
		return step, nil
	})
}

// A rate must fail as often as this to count as failed: the machine may have been
// busy with something else.
const tries = 2

// try is one run of a search.
func try(ctx context.Context, cfg Config, rate float64, bound time.Duration) (Step, error) {
	cfg.Rate = rate
	res, err := Run(ctx, cfg)
	switch {
	case errors.Is(err, ErrBehind):
		return Step{Offered: rate, Result: res}, nil
	case err != nil:
		return Step{}, err
	}
	kept := res.Latency.P99 <= bound && res.Limit != LimitGenerator
	return Step{Offered: rate, Kept: kept, Result: res}, nil
}

const (
	near    = 1.05 // how close to the limit a search goes
	slowest = 0.1  // messages a second: below it nothing is worth finding
	steps   = 40   // no search takes more
)

func search(rate float64, progress func(Step), try func(rate float64) (Step, error)) (all []Step, err error) {
	kept, failed := 0.0, 0.0 // the highest that was, the lowest that was not; 0 for none yet
	for len(all) < steps && rate >= slowest {
		step, err := try(rate)
		if err != nil {
			return all, err
		}
		all = append(all, step)
		if progress != nil {
			progress(step)
		}
		if step.Kept {
			kept = rate
		} else {
			failed = rate
		}
		switch {
		case failed == 0:
			rate *= 2
		case kept == 0:
			rate /= 2
		case failed <= kept*near:
			return all, nil
		default:
			rate = (kept + failed) / 2
		}
	}
	return all, nil
}
