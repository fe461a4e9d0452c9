package cluster

import (
	"testing"
	"time"
)

func TestAMessageIsLateByWhatItTookMoreThanOthers(t *testing.T) {
	start := time.Unix(1000, 0)
	for name, tt := range map[string]struct {
		offset time.Duration // of the other clock
		took   map[time.Duration]time.Duration
		want   map[time.Duration]time.Duration
	}{
		"clocks alike": {0, map[time.Duration]time.Duration{0: 5, 1: 3, 2: 9}, map[time.Duration]time.Duration{0: 0, 1: 0, 2: 6}},
		"an hour off":  {-time.Hour, map[time.Duration]time.Duration{0: 5, 1: 3, 2: 9}, map[time.Duration]time.Duration{0: 0, 1: 0, 2: 6}},
	} {
		var d delays
		for at := range time.Duration(3) {
			if got := d.of("n", tt.offset+tt.took[at], start.Add(at)); got != tt.want[at] {
				t.Errorf("%s: message %d is %d late, want %d", name, at, got, tt.want[at])
			}
		}
	}
}

func TestWhatLayInABufferWhileTheNodeSleptIsLate(t *testing.T) {
	var d delays
	start := time.Unix(1000, 0)
	d.of("n", time.Millisecond, start)
	woken := start.Add(time.Hour)
	for sent := start.Add(time.Second); woken.Sub(sent) > 10*time.Second; sent = sent.Add(time.Second) {
		if late := d.of("n", woken.Sub(sent), woken); late < 9*time.Second {
			t.Fatalf("what was said %s ago is %s late", woken.Sub(sent), late)
		}
	}
	if late := d.of("n", time.Millisecond, woken); late != 0 {
		t.Errorf("what is said now is %s late", late)
	}
}

func TestAClockThatIsSetAnewIsBelievedInTheEnd(t *testing.T) {
	var d delays
	now := time.Unix(1000, 0)
	d.of("n", time.Millisecond, now)
	for range 3 {
		now = now.Add(delayWindow)
		d.of("n", time.Hour, now)
	}
	if late := d.of("n", time.Hour, now); late != 0 {
		t.Errorf("it is %s late", late)
	}
}

func TestDelaysOfManyNodesAreBounded(t *testing.T) {
	var d delays
	for i := range 3 * maxDelays {
		d.of(string(rune(i)), 0, time.Unix(1000, 0))
	}
	if len(d.nodes) > maxDelays {
		t.Errorf("%d are kept", len(d.nodes))
	}
}

// All that a node hears of another may have lain in one buffer while it slept: then even
// the quickest was late.
func TestHowLateTheFirstMessagesOfANodeAreIsUnsure(t *testing.T) {
	var d delays
	woken := time.Unix(1000, 0)
	for i := range 5 {
		d.of("n", time.Duration(20-i)*time.Second, woken)
		if !d.unsure("n", woken) {
			t.Errorf("message %d, heard at once with the first, is taken for fresh", i)
		}
	}
	later := woken.Add(surelyIn)
	if d.of("n", time.Millisecond, later); d.unsure("n", later) {
		t.Error("a node that is heard for a while is never believed")
	}
}
