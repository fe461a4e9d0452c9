package main

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// A series is all runs of one server in one setup.
type series struct {
	measure string
	server  string
	runs    []load.Result
}

// Figures of a run; NaN where it has none.

func deliveries(r load.Result) float64 { return figure(float64(r.Deliveries), r.Window.Seconds()) }
func messages(r load.Result) float64   { return figure(float64(r.Messages), r.Window.Seconds()) }
func cpu(r load.Result) float64        { return figure(r.ServerCPU.Seconds(), float64(r.Deliveries)) }
func serverCores(r load.Result) float64 {
	return r.ServerCPU.Seconds() / r.Window.Seconds()
}

// unbound are the deliveries of a run that could have had more: at a fixed rate all
// servers deliver the same.
func unbound(r load.Result) float64 {
	if r.Limit == load.LimitRate || r.Scenario == load.Storm {
		return math.NaN()
	}
	return deliveries(r)
}

// talkCPU is what a delivery costs where deliveries are what a server is busy with.
func talkCPU(r load.Result) float64 {
	if r.Scenario == load.Storm {
		return math.NaN()
	}
	return cpu(r)
}

// idleCores are compared only where nothing is delivered: elsewhere more of them may
// mean more deliveries.
func idleCores(r load.Result) float64 {
	if r.Deliveries > 0 {
		return math.NaN()
	}
	return figure(serverCores(r), 1)
}

func perSession(r load.Result) float64 {
	return figure(float64(r.Ready.RSS-r.Fresh.RSS), float64(r.Sessions))
}
func seconds(of func(load.Result) time.Duration) func(load.Result) float64 {
	return func(r load.Result) float64 { return figure(of(r).Seconds(), 1) }
}

func figure(n, of float64) float64 {
	if n <= 0 || of <= 0 {
		return math.NaN()
	}
	return n / of
}

func (s series) median(of func(load.Result) float64) float64 {
	values := make([]float64, len(s.runs))
	for i, r := range s.runs {
		values[i] = of(r)
	}
	return middle(values)
}

// ratio is the median of a ÷ b, each taken within its round: its runs met the
// machine in the same mood. NaN where one of them was not there in each round.
func ratio(a, b series, of func(load.Result) float64) float64 {
	if len(a.runs) != len(b.runs) {
		return math.NaN()
	}
	values := make([]float64, len(a.runs))
	for i := range a.runs {
		values[i] = of(a.runs[i]) / of(b.runs[i])
	}
	return middle(values)
}

// middle sorts. Of an even number of values, of which there is at least one, it
// gives the lower of the two in the middle: one that was seen.
func middle[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
