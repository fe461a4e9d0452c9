package load

import "time"

// limit says what kept the run from being faster; due is how many deliveries its
// messages should have brought; busy says that some were of a closed loop.
func (r *Result) limit(due uint64, busy bool) Limit {
	cores := func(d time.Duration) float64 { return d.Seconds() / r.Window.Seconds() }
	kept := float64(r.Messages) > 0.98*r.Offered*r.Window.Seconds() && float64(r.Deliveries) > 0.98*float64(due)
	switch {
	case cores(r.GeneratorCPU) > 0.9:
		return LimitGenerator
	case cores(r.OtherCPU) > 0.2:
		return LimitOthers
	case r.Offered > 0 && !busy && kept:
		return LimitRate
	case cores(r.GeneratorCPU+r.ServerCPU) > 0.95*float64(r.Cores):
		return LimitMachine
	}
	return LimitServer
}
