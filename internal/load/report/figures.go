package report

import (
	"math"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// none stands for a figure that a run does not have.
var none = math.NaN()

func known(v float64) bool { return !math.IsNaN(v) && math.Abs(v) < 1e100 }

// per is a ÷ b, and none where either isn't there.
func per(a, b float64) float64 {
	if a <= 0 || b <= 0 {
		return none
	}
	return a / b
}

// positive is v, and none where nothing was measured.
func positive[T int | int64 | uint64 | float64 | time.Duration](v T) float64 {
	if v <= 0 {
		return none
	}
	return float64(v)
}

func messagesPerSecond(r load.Result) float64 {
	return per(float64(r.Messages), r.Window.Seconds())
}

func deliveriesPerSecond(r load.Result) float64 {
	return per(float64(r.Deliveries), r.Window.Seconds())
}

func deliveriesPerRead(r load.Result) float64 {
	return per(float64(r.Deliveries), float64(r.Reads))
}

// cpuPerDelivery is of the server, in nanoseconds.
func cpuPerDelivery(r load.Result) float64 {
	return per(float64(r.ServerCPU), float64(r.Deliveries))
}

func serverCores(r load.Result) float64 {
	return per(float64(r.ServerCPU), float64(r.Window))
}

func generatorCores(r load.Result) float64 {
	return per(float64(r.GeneratorCPU), float64(r.Window))
}

func otherCores(r load.Result) float64 {
	return per(float64(r.OtherCPU), float64(r.Window))
}

// bytesPerSession is what the server's memory grew by from no session to all
// that are in their rooms, for each.
func bytesPerSession(r load.Result) float64 {
	if r.Fresh.RSS <= 0 || r.Ready.RSS <= 0 {
		return none
	}
	return per(float64(r.Ready.RSS-r.Fresh.RSS), float64(r.Sessions))
}

func roomSize(r load.Result) float64 {
	return per(float64(r.Sessions), float64(r.Rooms))
}

// a latency's parts.
func p50(l load.Latency) float64  { return ofLatency(l, l.P50) }
func p99(l load.Latency) float64  { return ofLatency(l, l.P99) }
func p999(l load.Latency) float64 { return ofLatency(l, l.P999) }
func most(l load.Latency) float64 { return ofLatency(l, l.Max) }

func ofLatency(l load.Latency, part time.Duration) float64 {
	if l.Count == 0 {
		return none
	}
	return positive(part)
}

// median is that of the runs that have the figure; the lower one of two.
func median(runs []load.Result, of func(load.Result) float64) float64 {
	var all []float64
	for _, r := range runs {
		if v := of(r); known(v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return none
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}
