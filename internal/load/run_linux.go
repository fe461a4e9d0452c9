package load

import (
	"context"
	"errors"
)

// Run connects the sessions, lets them join their rooms, does what the scenario
// says, and measures. It fails with ErrBroken where a message was lost, repeated
// or out of order, and with ErrBehind where the rate was too much. It wants one
// thread for itself; a process has one run at a time.
func Run(ctx context.Context, cfg Config) (Result, error) {
	if _, err := cfg.withDefaults(); err != nil {
		return Result{}, err
	}
	_ = ctx
	return Result{}, errors.New("not there yet")
}
