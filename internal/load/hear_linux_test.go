package load

import (
	"testing"

	"github.com/parley-chat/parley/internal/frame"
)

// newcomer is the only session of a loop without sockets, and b has the
// deliveries of so many messages for it.
func newcomer(t testing.TB, wire Wire, messages int) (l *loop, s *session, b []byte) {
	t.Helper()
	l, err := newLoop(Config{Addr: "127.0.0.1:1", Wire: wire, Scenario: Fanout, Sessions: 1, Rooms: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.close() }) //nolint:errcheck // it has no socket
	s = l.sessions[0]
	for range messages {
		n, err := l.order.send(&s.room.talk, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		b = appendDelivery(b, wire, n)
	}
	return l, s, b
}

func TestADeliveryIsHeardWithoutAllocation(t *testing.T) {
	for _, wire := range []Wire{Tutorial{}, V1{}} {
		const runs = 100
		l, s, b := newcomer(t, wire, runs+2)
		one := func() {
			_, payload, size, err := next(b)
			if err == nil {
				err = l.frame(s, frame.Text, payload, 1)
			}
			if err != nil {
				t.Fatal(err)
			}
			b = b[size:]
		}
		one() // makes the room's memory
		if allocs := testing.AllocsPerRun(runs, one); allocs > 0 {
			t.Errorf("%s: %v allocations for a delivery", wire.Name(), allocs)
		}
	}
}

// Another session than the fastest: it repeats what the room has made.
func BenchmarkHear(b *testing.B) {
	for _, wire := range []Wire{Tutorial{}, V1{}} {
		b.Run(wire.Name(), func(b *testing.B) {
			const messages = 1000
			l, s, read := newcomer(b, wire, messages)
			for b.Loop() {
				s.place = 0
				if _, err := l.take(s, read); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/messages, "ns/delivery")
		})
	}
}
