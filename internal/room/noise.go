package room

import "time"

// MaxNoise is how many bytes of notices a room hears one by one within NoticeEvery:
// few people with long names could otherwise fill the log of a room of two hundred
// by joining and leaving. It is far more than people make.
const MaxNoise = 1 << 20

// Noise counts what a room hears of notices. The zero value has heard nothing.
type Noise struct {
	since time.Time
	bytes int
}

// Add counts one notice.
func (n *Noise) Add(bytes int, now time.Time) {
	if now.Sub(n.since) >= NoticeEvery {
		n.since, n.bytes = now, 0
	}
	n.bytes += bytes
}

// TooMuch reports whether the next notice is to wait.
func (n *Noise) TooMuch(now time.Time) bool {
	return n.bytes >= MaxNoise && now.Sub(n.since) < NoticeEvery
}
