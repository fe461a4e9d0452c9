package load

import (
	"testing"
	"time"
)

func TestARunSaysWhatLimitedIt(t *testing.T) {
	const second = time.Second
	kept := Result{Offered: 10, Messages: 10, Deliveries: 100}
	with := func(r Result, generator, others time.Duration) Result {
		r.GeneratorCPU, r.OtherCPU = generator, others
		return r
	}
	for name, c := range map[string]struct {
		res  Result
		busy bool
		want Limit
	}{
		"the generator, whatever else":  {with(kept, 950*time.Millisecond, second), false, LimitGenerator},
		"others":                        {with(kept, 0, 300*time.Millisecond), false, LimitOthers},
		"the rate":                      {kept, false, LimitRate},
		"a rate that was not delivered": {Result{Offered: 10, Messages: 10, Deliveries: 90}, false, LimitServer},
		"a rate beside a busy room":     {Result{Offered: 10, Messages: 100, Deliveries: 100}, true, LimitServer},
		"the machine":                   {with(Result{ServerCPU: 1150e6}, 800e6, 0), false, LimitMachine},
		"the server":                    {with(Result{ServerCPU: second}, 400*time.Millisecond, 0), false, LimitServer},
	} {
		c.res.Window, c.res.Cores = second, 2
		if got := c.res.limit(100, c.busy); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
