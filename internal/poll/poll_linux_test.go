package poll

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// couple is a socket of ours and the connection at its other end.
func couple(t *testing.T) (Socket, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = theirs.Close() })
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Take(ours)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, theirs
}

func newPoller(t *testing.T) *Poller {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// next waits for one event; what was possible from the start is passed over.
func next(t *testing.T, p *Poller, want func(Event) bool) Event {
	t.Helper()
	for range 10 {
		events, _, err := p.Wait(time.Now().Add(10*time.Second), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if want(e) {
				return e
			}
		}
	}
	t.Fatal("it was never told")
	return Event{}
}

func TestWhatComesIsToldAndRead(t *testing.T) {
	p := newPoller(t)
	s, theirs := couple(t)
	if err := p.Add(s); err != nil {
		t.Fatal(err)
	}
	next(t, p, func(e Event) bool { return e.Socket == s && e.Writable })
	buf := make([]byte, 16)
	if n, err := s.Read(buf); !errors.Is(err, ErrWouldBlock) {
		t.Fatalf("read of nothing: %d, %v", n, err)
	}
	for _, text := range []string{"one", "two"} { // the second edge, too
		if _, err := io.WriteString(theirs, text); err != nil {
			t.Fatal(err)
		}
		next(t, p, func(e Event) bool { return e.Readable })
		if n, err := s.Read(buf); err != nil || string(buf[:n]) != text {
			t.Fatalf("read %q, %v", buf[:n], err)
		}
	}
	_ = theirs.Close()
	next(t, p, func(e Event) bool { return e.Readable })
	if _, err := s.Read(buf); !errors.Is(err, io.EOF) {
		t.Fatalf("read at the end: %v", err)
	}
}

func TestAFullSocketIsToldWhenThereIsRoom(t *testing.T) {
	p := newPoller(t)
	s, theirs := couple(t)
	if err := s.SetSendBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if err := p.Add(s); err != nil {
		t.Fatal(err)
	}
	next(t, p, func(e Event) bool { return e.Writable })
	piece := make([]byte, 64<<10)
	sent := 0
	for {
		n, err := s.Write([][]byte{piece[:1000], piece, piece[:1]})
		if err != nil {
			t.Fatal(err)
		}
		if sent += n; n < 1001+len(piece) {
			break
		}
	}
	got := make(chan int64, 1)
	go func() {
		n, _ := io.Copy(io.Discard, theirs)
		got <- n
	}()
	next(t, p, func(e Event) bool { return e.Writable })
	if err := s.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != int64(sent) {
		t.Fatalf("%d bytes arrived of %d", n, sent)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([][]byte{piece}); err == nil {
		t.Fatal("a closed socket was written to")
	}
}

// Whether Wake comes before Wait, at the same moment or while it sleeps, it is heard.
func TestNoWakeIsLost(t *testing.T) {
	p := newPoller(t)
	asked, answered := make(chan bool), make(chan bool)
	go func() {
		for range asked {
			p.Wake()
			answered <- true
		}
	}()
	for range 20_000 {
		asked <- true
		if _, _, err := p.Wait(time.Time{}, time.Now()); err != nil { // without end
			t.Error(err)
		}
		<-answered
		p.woken.Store(false) // it may have come when the wait was over
	}
	close(asked)
}

func TestAWaitEnds(t *testing.T) {
	p := newPoller(t)
	now := time.Now()
	for _, until := range []time.Time{now.Add(-time.Second), now, now.Add(time.Millisecond)} {
		if events, _, err := p.Wait(until, now); err != nil || len(events) > 0 {
			t.Fatalf("%v, %v", events, err)
		}
	}
	if time.Since(now) < time.Millisecond {
		t.Fatal("it didn't wait")
	}
}
