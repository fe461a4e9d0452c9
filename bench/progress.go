package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// progress is how far a suite is, by what its runs were thought to take.
type progress struct {
	began    time.Time
	estimate time.Duration // of all
	passed   time.Duration // of those that are done
}

func (p *progress) done(estimated time.Duration) { p.passed += estimated }

func (p progress) String() string {
	slower := float64(time.Since(p.began)) / float64(max(p.passed, 1))
	left := time.Duration(slower * float64(p.estimate-p.passed))
	return fmt.Sprintf("(%.0f %%, %v left)", 100*float64(p.passed)/float64(max(p.estimate, 1)), left.Round(time.Second))
}

// brief is the figure of a run that its scenario is about.
func brief(r load.Result) string {
	limit := cmp.Or(r.Limit, "none")
	switch {
	case r.Storm != nil:
		return fmt.Sprintf("half back %v, all back %v, limit: %s", milliseconds(r.Storm.HalfBack), milliseconds(r.Storm.AllBack), limit)
	case r.Scenario == load.Idle:
		return fmt.Sprintf("%.0f bytes a session, %.3f cores, limit: %s", perSession(r), serverCores(r), limit)
	}
	// Where a server used less than a tick of the clock, a delivery costs 0.
	return fmt.Sprintf("%.0f deliveries/s, p99 %v, %.2f µs a delivery, limit: %s", float64(r.Deliveries)/r.Window.Seconds(),
		milliseconds(r.Latency.P99), r.ServerCPU.Seconds()*1e6/float64(max(r.Deliveries, 1)), limit)
}

func milliseconds(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
