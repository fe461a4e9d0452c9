package load

import (
	"testing"
	"time"
)

func TestARunSaysWhatLimitedIt(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		res  Result
		busy bool
		want Limit
	}{
		"the generator, whatever else":  {Result{GeneratorCPU: 950 * time.Millisecond, OtherCPU: second, Offered: 10, Messages: 10}, false, LimitGenerator},
		"others":                        {Result{OtherCPU: 300 * time.Millisecond, Offered: 10, Messages: 10, Deliveries: 100}, false, LimitOthers},
		"the rate":                      {Result{Offered: 10, Messages: 10, Deliveries: 100}, false, LimitRate},
		"a rate that was not delivered": {Result{Offered: 10, Messages: 10, Deliveries: 90}, false, LimitServer},
		"a rate beside a busy room":     {Result{Offered: 10, Messages: 100, Deliveries: 100}, true, LimitServer},
		"the machine":                   {Result{GeneratorCPU: 800 * time.Millisecond, ServerCPU: 1150 * time.Millisecond}, false, LimitMachine},
		"the server":                    {Result{GeneratorCPU: 400 * time.Millisecond, ServerCPU: second}, false, LimitServer},
	} {
		c.res.Window, c.res.Cores = second, 2
		if got := c.res.limit(100, c.busy); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
