package tui

import (
	"testing"
	"time"
)

const slowDown = "Slow down! Max 10 msgs/10s"

func TestUntilARefusalNothingWaits(t *testing.T) {
	var p pace
	now := time.Unix(0, 0)
	for range 2 * maxRemembered {
		if wait := p.wait(now); wait != 0 {
			t.Fatalf("waits %s", wait)
		}
		p.accept(now)
	}
	if len(p.accepted) != maxRemembered {
		t.Errorf("remembers %d messages, want %d", len(p.accepted), maxRemembered)
	}
}

func TestAfterARefusalTheLimitIsKeptWithoutAnother(t *testing.T) {
	// The server's side: a sliding window, of which the pacer knows nothing
	// until it is refused. An echo takes 50 ms, half of it on the way there.
	const echo = 50 * time.Millisecond
	var p pace
	var window []time.Time
	now, sent, refused := time.Unix(0, 0), 0, 0
	start := now
	for sent < 100 {
		now = now.Add(p.wait(now))
		arrival := now.Add(echo / 2)
		now = now.Add(echo)
		if len(window) >= 10 && arrival.Sub(window[len(window)-10]) < 10*time.Second {
			refused++
			p.refuse(now, slowDown)
			continue
		}
		window = append(window, arrival)
		sent++
		p.accept(now)
	}
	if refused != 1 {
		t.Errorf("refused %d times, want once", refused)
	}
	// 100 messages at 10 in 10 s take at least 90 s.
	if took := now.Sub(start); took > 96*time.Second {
		t.Errorf("100 messages took %s", took)
	}
}

func TestRefusalsOfAnUnknownLimitWaitLongerEachTime(t *testing.T) {
	var p pace
	now := time.Unix(0, 0)
	inAMinute := 0
	for ; now.Before(time.Unix(60, 0)); now = now.Add(p.wait(now)) {
		p.refuse(now, "Slow down!")
		inAMinute++
	}
	if inAMinute > 35 {
		t.Errorf("%d refusals in a minute, of which the server stands 100", inAMinute)
	}
	p.accept(now)
	p.refuse(now, "Slow down!")
	if wait := p.wait(now); wait != firstPause {
		t.Errorf("after a success, the first pause is %s, want %s", wait, firstPause)
	}
}
