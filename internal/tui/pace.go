package tui

import (
	"regexp"
	"strconv"
	"time"
)

// pace says when the next message may go. It knows no limit until the server
// names one in a refusal ("Slow down! Max 10 msgs/10s"), and keeps within it
// from then on. Where the limit stays unknown, or others use it up too, it
// waits a little longer after each refusal in a row: at most 30 a minute, of
// which the server stands 100.
type pace struct {
	n        int
	per      time.Duration
	accepted []time.Time // of the last messages, oldest first; at most maxRemembered
	refusals int         // since the last that was accepted
	notUntil time.Time
}

const (
	maxRemembered = 1000
	firstPause    = 250 * time.Millisecond
	longestPause  = 2 * time.Second
)

// accept notes that the server took a message, now that its echo is here. It
// came in before that, so that counting from the echo is on the safe side.
func (p *pace) accept(now time.Time) {
	p.refusals = 0
	if len(p.accepted) == maxRemembered {
		p.accepted = append(p.accepted[:0], p.accepted[1:]...)
	}
	p.accepted = append(p.accepted, now)
}

// refuse notes that the server did not take a message, and why.
func (p *pace) refuse(now time.Time, reason string) {
	p.notUntil = now.Add(min(firstPause<<min(p.refusals, 10), longestPause))
	p.refusals++
	m := limitInRefusal.FindStringSubmatch(reason)
	if m == nil {
		return
	}
	n, err1 := strconv.Atoi(m[1])
	per, err2 := time.ParseDuration(m[2])
	if err1 == nil && err2 == nil && n > 0 && n <= maxRemembered && per > 0 {
		p.n, p.per = n, per
	}
}

var limitInRefusal = regexp.MustCompile(`(\d+) msgs/(\S+)`)

// wait is how long the next message has to wait.
func (p *pace) wait(now time.Time) time.Duration {
	until := p.notUntil
	if p.n > 0 && len(p.accepted) >= p.n {
		if free := p.accepted[len(p.accepted)-p.n].Add(p.per); free.After(until) {
			until = free
		}
	}
	return max(0, until.Sub(now))
}
