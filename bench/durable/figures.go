package durable

import (
	"slices"
	"time"
)

// Delays are how long something took, many times.
type Delays []time.Duration

// Quantile sorts, and gives the one that the share q of all is not above; 0 for none.
func (d Delays) Quantile(q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(int(q*float64(len(d))), len(d)-1)]
}

// rate is how many there were a second.
func rate(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }
