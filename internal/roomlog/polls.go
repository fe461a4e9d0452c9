package roomlog

import "time"

// Polls says when all logs that others write to are to be asked for. It is of one
// goroutine.
type Polls struct {
	last time.Time
	rest time.Duration
}

const (
	// PollAway is how often that is while nothing is heard of other nodes; Due is to be
	// asked so often. Otherwise it is so seldom: what was lost on the way without a word is
	// found then.
	PollAway = 500 * time.Millisecond
	pollHere = 5 * time.Second
	pollRest = 10 // times as long as asking took, nobody asks
)

// Due reports whether it is time. away: nothing is heard of other nodes.
func (p *Polls) Due(now time.Time, away bool) bool {
	every := pollHere
	if away {
		every = PollAway
	}
	if now.Sub(p.last) < max(every-PollAway/2, p.rest) {
		return false
	}
	p.last = now
	return true
}

// Took says how long it took to ask.
func (p *Polls) Took(d time.Duration) { p.rest = pollRest * d }
