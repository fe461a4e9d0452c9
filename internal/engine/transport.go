package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/poll"
)

// Transport says how sockets are carried. The zero value is TransportGoroutines.
type Transport string

// The transports.
const (
	TransportAuto       Transport = "auto"       // loops where this system and the socket allow it, else goroutines
	TransportLoops      Transport = "loops"      // a loop for each core (Linux); what is no plain socket gets goroutines all the same
	TransportGoroutines Transport = "goroutines" // a pair for each connection
)

// ErrNoLoops says that this system has no event loops: choose auto or goroutines.
var ErrNoLoops = errors.New("event loops need Linux")

// startLoops starts the loops that t asks for.
func (e *Engine) startLoops(t Transport, gather time.Duration) (err error) {
	switch {
	case t == TransportGoroutines, t == "", t == TransportAuto && !poll.Supported:
		return nil
	case !poll.Supported:
		return ErrNoLoops
	}
	e.loops, err = newLoops(e, gather)
	switch {
	case err == nil:
		return nil
	case t == TransportLoops:
		return fmt.Errorf("event loops: %w", err)
	}
	e.log.Warn("no event loops: each session gets goroutines", "err", err)
	return nil
}

func (e *Engine) transports() []transport {
	if e.loops == nil {
		return []transport{e.pairs}
	}
	return []transport{e.pairs, e.loops}
}
