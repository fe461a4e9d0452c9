package engine

import (
	"testing"

	"github.com/parley-chat/parley/internal/poll"
)

// everyTransport is what a socket can be carried by on this system.
var everyTransport = map[bool][]Transport{
	true:  {TransportLoops, TransportGoroutines},
	false: {TransportGoroutines},
}[poll.Supported]

// onEach runs a test of sockets once for each transport: all make the same promises.
func onEach(t *testing.T, test func(t *testing.T, on func(*Config))) {
	for _, transport := range everyTransport {
		t.Run(string(transport), func(t *testing.T) {
			test(t, func(c *Config) { c.Transport = transport })
		})
	}
}
