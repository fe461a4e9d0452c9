package load

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

func TestAnEndBehindTheLastDeliveryIsNoticed(t *testing.T) {
	l, s, b := newcomer(t, Tutorial{}, 3)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.socket, s.state = pair[0], in
	if err := l.register(s); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(pair[1], b); err != nil {
		t.Fatal(err)
	}
	unix.Close(pair[1])
	if _, err := l.poll(t.Context(), time.Second); !errors.Is(err, errGone) || l.deliveries != 3 {
		t.Errorf("%d deliveries, %v", l.deliveries, err)
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

// Whoever comes back may be the first to be read, and hear a message that came
// after one that nobody has been read of yet.
func TestWhoComesBackDoesNotMakeTheOrder(t *testing.T) {
	l, ada, _ := newcomer(t, Tutorial{}, 3)
	grace := &session{index: 1, who: ada.who, room: ada.room, back: true, state: joining}
	l.sessions = append(l.sessions, grace)
	back := 0
	l.onBack = func() { back++ }
	hear := func(s *session, payload []byte) {
		t.Helper()
		if err := l.frame(s, frame.Text, payload, 1); err != nil {
			t.Fatal(err)
		}
	}
	chat := func(s *session, n uint32) {
		t.Helper()
		_, payload, _, _ := next(appendDelivery(nil, Tutorial{}, n)) // it is whole
		hear(s, payload)
	}
	chat(grace, 1)
	hear(grace, []byte(`{"type":"system","text":"u00001 joined #bench00000","users":[]}`)) // behind a chat: it counts all the same
	chat(ada, 0)
	chat(ada, 1)
	if back != 1 || !lags(grace) {
		t.Errorf("%d came back; grace lags: %v", back, lags(grace))
	}
	if err := l.placeAll(); err != nil || lags(grace) || grace.place != 2 {
		t.Errorf("grace is at %d, lags: %v, %v", grace.place, lags(grace), err)
	}
	chat(grace, 2)
	chat(ada, 2)
	if l.deliveries != 5 || l.present != 1 {
		t.Errorf("%d deliveries, %d present", l.deliveries, l.present)
	}
	ada.state, grace.state = away, away
}
