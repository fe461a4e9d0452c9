package load

import (
	"strings"
	"testing"
)

func TestARoomInOneOrderPasses(t *testing.T) {
	o := newOrder(2)
	for i := range 3 * memory { // both sessions, one message behind each other
		n := o.send(int32(i%2), int64(i))
		for range 2 {
			from, err := o.see(uint64(i), tokenOf(n))
			if err != nil {
				t.Fatal(err)
			}
			if from.at != int64(i) || from.sender != int32(i%2) {
				t.Fatalf("message %d is from %d at %d", i, from.sender, from.at)
			}
		}
	}
}

func TestARoomThatBreaksItsOrderIsFound(t *testing.T) {
	type sight struct {
		place  uint64
		number uint32
	}
	for name, c := range map[string]struct {
		seen []sight // of messages 0 and 2 by sender 0, and 1 and 3 by sender 1; the last one is wrong
		want string
	}{
		"two sessions see two orders": {[]sight{{0, 0}, {1, 1}, {0, 1}}, "for another"},
		"a session misses a message":  {[]sight{{0, 0}, {1, 1}, {2, 2}, {0, 0}, {1, 2}}, "for another"},
		"a session sees one twice":    {[]sight{{0, 0}, {1, 0}}, "came before"},
		"a sender's own are swapped":  {[]sight{{0, 2}, {1, 0}}, "came before"},
		"one was never sent":          {[]sight{{0, 4}}, "never sent"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrder(2)
			for i := range 4 {
				o.send(int32(i%2), 0)
			}
			for i, s := range c.seen {
				_, err := o.see(s.place, tokenOf(s.number))
				if last := i == len(c.seen)-1; last != (err != nil) {
					t.Fatalf("sight %d: %v", i, err)
				}
				if err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %q, want …%s…", err, c.want)
				}
			}
		})
	}
}

func TestASessionTooFarBehindIsNotGuessedAt(t *testing.T) {
	o := newOrder(1)
	for i := range uint64(memory + 1) {
		if _, err := o.see(i, tokenOf(o.send(0, 0))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.see(0, tokenOf(0)); err == nil {
		t.Error("the first message was compared after its place was used again")
	}
	if _, err := o.see(1, tokenOf(1)); err != nil {
		t.Errorf("the oldest message still held: %v", err)
	}
}
