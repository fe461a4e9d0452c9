package client

import (
	"slices"
	"time"
)

// pace says when the next message may go, so that the server's rate is kept
// without its having to refuse. The user's other sessions count, too: where one is
// refused all the same, all wait as long as the server says.
type pace struct {
	n        int // messages in any stretch of per; 0 for no limit
	per      time.Duration
	flying   int         // sent, and not answered yet
	answered []time.Time // of those that count, oldest first; at most n
	notUntil time.Time
}

func (p *pace) limit(n int, per time.Duration) {
	p.n, p.per = n, per
	p.trim()
}

func (p *pace) trim() {
	p.answered = slices.Delete(p.answered, 0, max(0, len(p.answered)-p.n))
}

// wait is how long the next message has to wait at least; less than 0: until one
// that is under way was answered.
func (p *pace) wait(now time.Time) time.Duration {
	wait := max(0, p.notUntil.Sub(now))
	if p.n == 0 {
		return wait
	}
	if p.flying >= p.n {
		return -1
	}
	if i := len(p.answered) + p.flying - p.n; i >= 0 {
		wait = max(wait, p.answered[i].Add(p.per).Sub(now))
	}
	return wait
}

func (p *pace) begin() { p.flying++ }

// end notes that a message was answered: it counts unless the rate refused it. It
// came in before that, so that counting from now on is on the safe side.
func (p *pace) end(now time.Time, counts bool) {
	p.flying--
	if counts && p.n > 0 {
		p.answered = append(p.answered, now)
		p.trim()
	}
}

// pause has all messages wait.
func (p *pace) pause(until time.Time) {
	if until.After(p.notUntil) {
		p.notUntil = until
	}
}
