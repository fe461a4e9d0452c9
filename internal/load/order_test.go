package load

import (
	"errors"
	"strings"
	"testing"
)

const fewMessages = 64

func send(t *testing.T, o *order, room *talk, sender int32, at int64) uint32 {
	t.Helper()
	n, err := o.send(room, sender, at)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestARoomInOneOrderPasses(t *testing.T) {
	o, lobby := newOrder(2), &talk{memory: fewMessages, hearers: 2}
	for i := range 3 * fewMessages { // both sessions, one message behind each other
		n := send(t, o, lobby, int32(i%2), int64(i))
		for range 2 {
			from, err := o.see(lobby, uint64(i), tokenOf(n))
			if err != nil {
				t.Fatal(err)
			}
			if from.at != int64(i) || from.sender != int32(i%2) || from.left != 2 {
				t.Fatalf("message %d is from %d at %d, for %d", i, from.sender, from.at, from.left)
			}
		}
	}
	if o.unseen != 0 {
		t.Errorf("%d are unseen", o.unseen)
	}
}

func TestARoomThatBreaksItsOrderIsFound(t *testing.T) {
	type sight struct {
		place  uint64
		number uint32
	}
	for name, c := range map[string]struct {
		seen []sight // of messages 0 and 2 by ada, 1 and 3 by grace, and 4 in the attic; the last one is wrong
		want string
	}{
		"two sessions see two orders": {[]sight{{0, 0}, {1, 1}, {0, 1}}, "for another"},
		"a session misses a message":  {[]sight{{0, 0}, {1, 1}, {2, 2}, {0, 0}, {1, 2}}, "for another"},
		"a session sees one twice":    {[]sight{{0, 0}, {1, 1}, {2, 0}}, "came before"},
		"nobody sees one":             {[]sight{{0, 1}, {1, 2}}, "has not come yet"},
		"one was never sent":          {[]sight{{0, 5}}, "never sent"},
		"one is of another room":      {[]sight{{0, 4}}, "another room"},
	} {
		t.Run(name, func(t *testing.T) {
			o, lobby, attic := newOrder(3), &talk{memory: fewMessages}, &talk{memory: fewMessages}
			for i := range int32(4) {
				send(t, o, lobby, i%2, 0)
			}
			send(t, o, attic, 2, 0)
			for i, s := range c.seen {
				_, err := o.see(lobby, s.place, tokenOf(s.number))
				if last := i == len(c.seen)-1; last != (err != nil) {
					t.Fatalf("sight %d: %v", i, err)
				}
				if err != nil && (!errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("error %q, want …%s…", err, c.want)
				}
			}
		})
	}
}

func TestASessionTooFarBehindIsNotGuessedAt(t *testing.T) {
	o, lobby := newOrder(1), &talk{memory: fewMessages}
	for i := range uint64(fewMessages + 1) {
		if _, err := o.see(lobby, i, tokenOf(send(t, o, lobby, 0, 0))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.see(lobby, 0, tokenOf(0)); !errors.Is(err, ErrBehind) {
		t.Errorf("the first message was compared after its place was used again: %v", err)
	}
	if _, err := o.see(lobby, 1, tokenOf(1)); err != nil {
		t.Errorf("the oldest message still held: %v", err)
	}
}

func TestWhoComesBackGoesOnWhereItsFirstMessageStands(t *testing.T) {
	o, lobby := newOrder(1), &talk{memory: fewMessages}
	for range 3 {
		send(t, o, lobby, 0, 0)
	}
	for i := range uint64(2) {
		if _, err := o.see(lobby, i, tokenOf(uint32(i))); err != nil {
			t.Fatal(err)
		}
	}
	for n, wantSeen := range []bool{true, true, false} { // of the last one nobody can say yet
		place, seen, err := o.place(lobby, tokenOf(uint32(n)))
		if seen != wantSeen || seen && place != uint64(n) || err != nil {
			t.Errorf("message %d: place %d, seen %v, %v", n, place, seen, err)
		}
	}
}

func TestAServerThatShowsNothingIsBehind(t *testing.T) {
	o, lobby := newOrder(1), &talk{memory: fewMessages}
	for range underWay {
		send(t, o, lobby, 0, 0)
	}
	if _, err := o.send(lobby, 0, 0); !errors.Is(err, ErrBehind) {
		t.Errorf("one more than can be told apart: %v", err)
	}
}
