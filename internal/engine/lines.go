package engine

import (
	"context"
	"log/slog"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// How many lines on sessions the log takes: everybody who comes back after a
// restart, but not whoever comes and goes without end.
const (
	lineBurst      = 2000
	linesPerSecond = 50

	// Of what fails for everybody at once, a few lines tell as much as thousands.
	faultBurst      = 5
	faultsPerSecond = 1
)

// lines puts the comings and goings of sessions into the log.
type lines struct {
	log              *slog.Logger
	sessions, faults limited
}

// limited are lines of one sort.
type limited struct {
	limit *rate.Limiter
	left  atomic.Int64 // how many were left out since the last one
}

func newLines(log *slog.Logger) *lines {
	return &lines{
		log:      log,
		sessions: limited{limit: rate.NewLimiter(linesPerSecond, lineBurst)},
		faults:   limited{limit: rate.NewLimiter(faultsPerSecond, faultBurst)},
	}
}

func (l *lines) say(what string, attrs []any) { l.put(&l.sessions, slog.LevelInfo, what, attrs) }

func (l *lines) warn(what string, err error) {
	l.put(&l.faults, slog.LevelWarn, what, []any{"err", err})
}

func (l *lines) put(of *limited, level slog.Level, what string, attrs []any) {
	if !of.limit.Allow() {
		of.left.Add(1)
		return
	}
	if n := of.left.Swap(0); n > 0 {
		attrs = append(attrs, slog.Int64("left_out", n))
	}
	l.log.Log(context.Background(), level, what, attrs...)
}
