package roomlog

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// crowd is readers of a log, each with its own way of taking.
type crowd struct {
	log     *Log
	readers []*Reader
	takers  []*Taker
}

func newCrowd(n int) *crowd {
	c := &crowd{log: newLog(8 << 20)}
	for range n {
		r, p := attach(c.log, plain), new(Taker)
		r.Counts(p)
		c.readers, c.takers = append(c.readers, r), append(c.takers, p)
	}
	return c
}

// say appends about so many bytes.
func (c *crowd) say(bytes int) {
	text := strings.Repeat("x", 1000)
	for ; bytes > 0; bytes -= len(text) {
		c.log.append(&protocol.Event{Seq: c.log.head + 1, Kind: protocol.KindMessage, User: ada, Text: text})
	}
}

// readOn has all but the first late ones read to the end.
func (c *crowd) readOn(t *testing.T, late int) {
	t.Helper()
	for _, r := range c.readers[late:] {
		for more := true; more; {
			_, b, err := r.Read(nil, End, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			more = b.Frames > 0
		}
	}
}

// want looks once the last look no longer holds.
func (c *crowd) want(t *testing.T, outrun bool, why string) {
	t.Helper()
	time.Sleep(2 * lookEvery)
	if got := c.log.Outrun() > 0; got != outrun {
		t.Errorf("%s: outrun is %v", why, got)
	}
}

func TestALogIsOutrunByWhatManyHaveYetToRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(16)
		c.want(t, false, "an empty log")
		c.say(LateBytes / 2)
		c.want(t, false, "half of what may be late")
		c.say(LateBytes)
		c.want(t, true, "more than may be late")
		c.readOn(t, 3)
		c.want(t, true, "three of sixteen are late")
		c.readOn(t, 2)
		c.want(t, false, "an eighth is late")
	})
}

func TestALogIsOutrunByWhatManyWaitForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(4)
		c.say(1)
		time.Sleep(lateAfter)
		c.want(t, false, "an event that the next write brings")
		c.readOn(t, 0)
		c.say(2 * oneWrite)
		time.Sleep(lateAfter - 3*lookEvery)
		c.want(t, false, "more than one write, but not late yet")
		c.want(t, true, "late by now")
		time.Sleep(time.Second)
		if behind := c.log.Outrun(); behind < time.Second || behind > 2*time.Second {
			t.Errorf("outrun for %v", behind)
		}
		c.readOn(t, 0)
		c.want(t, false, "all have read it")
	})
}

// Whoever doesn't read is slow by its own fault, and holds nobody back.
func TestThoseWhoDoNotReadAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(2)
		slow := c.takers[0]
		slow.Full()
		c.say(2 * LateBytes)
		c.readOn(t, 1)
		c.want(t, true, "its socket may be full because the machine is busy")
		time.Sleep(slowAfter)
		c.want(t, false, "it is full still")
		slow.Room()
		slow.Full()
		slow.Room()
		c.want(t, false, "it has begun to read, and is far behind")
		c.readOn(t, 0)
		slow.Through()
		c.say(2 * LateBytes)
		c.readOn(t, 1)
		c.want(t, true, "it has caught up, and counts again")
	})
}

func TestThoseWhoCatchUpAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(1)
		attach(c.log, plain) // has the past to read first
		c.say(2 * LateBytes)
		c.readOn(t, 0)
		c.want(t, false, "one has read all, and one counts for nothing yet")
	})
}

// The place of each frame is known to the byte.
func TestWhatIsDueIsAllButTheLastBytes(t *testing.T) {
	c := newCrowd(1)
	s := c.log.streams[plain.index()]
	never := Since() - time.Hour
	for range 40 {
		c.say(100_000)
		behind := 0
		for _, g := range s.segments {
			for i := range g.marks {
				if g.first+Cursor(i) >= s.due(never) {
					start := int32(0)
					if i > 0 {
						start = g.marks[i-1].end
					}
					behind += int(g.marks[i].end - start)
				}
			}
		}
		if held := int(s.head) * 1000; behind > LateBytes+2000 || behind < min(held, LateBytes) {
			t.Fatalf("%d bytes are not due, of %d", behind, held)
		}
	}
}
