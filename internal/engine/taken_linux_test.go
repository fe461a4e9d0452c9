package engine

import (
	"crypto/tls"
	"net"
	"testing"
)

// carriedBy is how many sessions have a pair of goroutines, and how many a loop.
func carriedBy(e *Engine) (pairs, onLoops int) {
	pairs = len(e.pairs.all())
	return pairs, openSessions(e) - pairs
}

// A loop takes plain sockets, whatever stands in front of them. Where the engine itself
// speaks TLS, or there is no socket, nobody notices that it is goroutines.
func TestALoopTakesPlainSocketsAlone(t *testing.T) {
	for name, row := range map[string]struct {
		wrap  func(ours, theirs net.Conn) (net.Conn, net.Conn)
		pairs int
	}{
		"a plain socket": {func(ours, theirs net.Conn) (net.Conn, net.Conn) { return ours, theirs }, 0},
		"TLS": {func(ours, theirs net.Conn) (net.Conn, net.Conn) {
			return tls.Server(ours, &tls.Config{}), theirs
		}, 1},
		"a pipe": {func(net.Conn, net.Conn) (net.Conn, net.Conn) { return net.Pipe() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e := startEngine(t, func(c *Config) { c.Transport = TransportLoops })
			ours, theirs := row.wrap(sockets(t, 0))
			p := open(t, e, ours, theirs, nil)
			if pairs, onLoops := carriedBy(e); pairs != row.pairs || onLoops != 1-row.pairs {
				t.Errorf("%d are carried by goroutines, %d by loops", pairs, onLoops)
			}
			if name != "TLS" { // which this peer doesn't speak
				p.send(`nonsense`)
				p.want(errorFrame("Invalid JSON"))
			}
			p.conn.Close()
			wantNothingLeft(t, e)
		})
	}
}
