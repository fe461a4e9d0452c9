package roomlog

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

func said(seq protocol.Seq) protocol.Event {
	return protocol.Event{Room: "lobby", Seq: seq, TS: int64(seq), Kind: protocol.KindMessage, User: ada, Text: fmt.Sprint(seq)}
}

func shared(life string, head protocol.Seq) *Log {
	l := newLog(1 << 20)
	l.Shared(life)
	l.Base(life, head)
	return l
}

// seqsOf are the events that a reader was given, by their texts.
func seqsOf(t interface{ Fatalf(string, ...any) }, e Encoding, pieces [][]byte) (seqs []protocol.Seq) {
	text := regexp.MustCompile(`"text":"(\d+)"`)
	for _, payload := range texts(t, e, pieces) {
		n, err := strconv.Atoi(text.FindStringSubmatch(payload)[1])
		if err != nil {
			t.Fatalf("%s", payload)
		}
		seqs = append(seqs, protocol.Seq(n))
	}
	return seqs
}

func TestWhatIsToldOutOfOrderIsReadInOrder(t *testing.T) {
	l := shared("one", 4)
	r := attach(l, plain)
	for _, seq := range []protocol.Seq{7, 5, 5, 9, 3, 6} {
		l.Offer("one", []protocol.Event{said(seq)})
	}
	pieces, _, err := r.Read(nil, End, 1<<20)
	if got := seqsOf(t, plain, pieces); err != nil || !slices.Equal(got, []protocol.Seq{5, 6, 7}) {
		t.Errorf("%v, %v", got, err)
	}
	if h, ok := l.Hole(); !ok || h.Cursor != 7 || h.Known != 9 || !h.Waits {
		t.Errorf("the log lacks %+v, %t; want what follows 7", h, ok)
	}
}

func TestWhatNobodyReadsIsNotLookedFor(t *testing.T) {
	l := shared("one", 4)
	l.Offer("one", []protocol.Event{said(9)})
	if h, ok := l.Hole(); ok {
		t.Errorf("%+v is looked for", h)
	}
	r := attach(l, plain)
	l.Offer("one", []protocol.Event{said(10)})
	pieces, _, err := r.Read(nil, End, 1<<20)
	if got := seqsOf(t, plain, pieces); err != nil || !slices.Equal(got, []protocol.Seq{10}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatWaitsIsBounded(t *testing.T) {
	l := shared("one", 0)
	attach(l, plain)
	for seq := protocol.Seq(2); seq < 10_000; seq++ {
		l.Offer("one", []protocol.Event{said(seq)})
	}
	if n := len(l.tail.pending); n > maxPending || l.tail.bytes > maxPendingBytes {
		t.Errorf("%d events wait, %d bytes", n, l.tail.bytes)
	}
	if h, ok := l.Hole(); !ok || h.Known != 9999 {
		t.Errorf("%+v, %t", h, ok)
	}
	l.Offer("one", []protocol.Event{said(1)})
	if n := len(l.tail.pending); n > 0 || l.tail.bytes != 0 {
		t.Errorf("%d events wait for nothing, %d bytes", n, l.tail.bytes)
	}
}

func TestAnotherLifesEventsAreNoneOfTheLogs(t *testing.T) {
	l := shared("one", 4)
	v1, old := attach(l, dense), attach(l, plain)
	l.Offer("one", []protocol.Event{said(5), said(6)})
	l.Rewind("two")
	for _, life := range []string{"one", "three"} {
		if l.Offer(life, []protocol.Event{said(7)}) || l.Base(life, 7) || l.Pass(life, 9) {
			t.Errorf("life %s counts", life)
		}
	}
	again := said(5)
	again.TS = 50
	w := &world{life: "two", log: []protocol.Event{said(1), said(2), said(3), said(4), again}, head: 5}
	u := NewUpkeep()
	if lack, err := u.Ask(t.Context(), w, []*Log{l}, time.Now); err != nil || !lack {
		t.Fatalf("%t, %v: want what was written since", lack, err)
	}
	for done := false; !done; {
		done, _ = u.Fill(t.Context(), l, w)
	}
	pieces, _, err := old.Read(nil, End, 1<<20)
	if got := seqsOf(t, plain, pieces); err != nil || !slices.Equal(got, []protocol.Seq{5}) {
		t.Errorf("who reads messages alone gets %v, %v", got, err)
	}
	if pieces, _, err := v1.Read(nil, End, 1<<20); !errors.Is(err, ErrRewound) || len(pieces) > 0 {
		t.Errorf("who has a cursor gets %d pieces, %v", len(pieces), err)
	}
}

// Of a log that begins with the middle, too, it is found out what was written since.
func TestAnotherLifeIsTakenUpBehindWhatWasPurged(t *testing.T) {
	l := shared("one", 4)
	old := attach(l, plain)
	l.Offer("one", []protocol.Event{said(5)})
	l.Rewind("two")
	w := &world{life: "two", head: 7, purged: 3}
	for seq := range w.head {
		w.log = append(w.log, said(seq+1))
	}
	w.log[4].TS = 50 // it took the place of the one that was lost
	w.log[5].TS, w.log[6].TS = 60, 70
	u := NewUpkeep()
	if lack, err := u.Ask(t.Context(), w, []*Log{l}, time.Now); err != nil || !lack {
		t.Fatalf("%t, %v: want what was written since", lack, err)
	}
	for done := false; !done; {
		done, _ = u.Fill(t.Context(), l, w)
	}
	pieces, _, err := old.Read(nil, End, 1<<20)
	if got := seqsOf(t, plain, pieces); err != nil || !slices.Equal(got, []protocol.Seq{5, 6, 7}) {
		t.Errorf("who reads messages alone gets %v, %v", got, err)
	}
}

// A reader may come before it is known where the log stands, and what is written then be
// passed over by the log: the reader has it to read.
func TestWhoCameBeforeTheLogsPlaceWasKnownIsWoken(t *testing.T) {
	woken := 0
	l := New("lobby", &Budget{MemoryBytes: 1 << 20, Total: 1 << 30}, func() { woken++ })
	l.Shared("one")
	l.Base("one", 4)
	attach(l, dense)
	l.Offer("one", []protocol.Event{said(5)})
	l.Rewind("two")
	r := attach(l, dense)
	r.Seek(5, 5)
	if pieces, _, err := r.Read(nil, End, 1<<20); err != nil || len(pieces) > 0 {
		t.Fatalf("%d pieces, %v", len(pieces), err)
	}
	w := &world{life: "two", head: 6}
	for seq := range w.head {
		w.log = append(w.log, said(seq+1))
	}
	w.log[5].TS = 5 // in the same millisecond as the newest of the life before
	woken = 0
	if _, err := NewUpkeep().Ask(t.Context(), w, []*Log{l}, time.Now); err != nil || woken == 0 {
		t.Fatalf("woken %d times, %v", woken, err)
	}
	if _, _, err := r.Read(nil, End, 1<<20); !errors.Is(err, ErrNotInMemory) || r.Cold().Cursor != 5 {
		t.Errorf("%v behind %d, want to be sent to the store behind 5", err, r.Cold().Cursor)
	}
}

// Who was told of a head in another life must not have later ones wait for it.
func TestAHeadOfAnotherLifeIsNoneOfTheLogs(t *testing.T) {
	l := shared("one", 1000)
	old := attach(l, dense)
	l.Rewind("two")
	old.Seek(950, 1000)
	l.Base("two", 10)
	r := attach(l, dense)
	r.Seek(10, 10)
	l.Offer("two", []protocol.Event{said(11)})
	pieces, _, err := r.Read(nil, End, 1<<20)
	if got := seqsOf(t, dense, pieces); err != nil || !slices.Equal(got, []protocol.Seq{11}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, _, err := old.Read(nil, End, 1<<20); !errors.Is(err, ErrRewound) {
		t.Errorf("who came before reads on: %v", err)
	}
}

var dense = Encoding{protocol.V1, false}

// world is a store that other nodes write to, too, and one node's log of a room in it.
type world struct {
	*rapid.T
	l       *Log
	u       *Upkeep
	life    string
	head    protocol.Seq // of the store's log; that of event n is n
	purged  protocol.Seq // up to this one nothing is kept
	log     []protocol.Event
	clock   int64 // milliseconds
	untold  []protocol.Event
	readers []*follows
	ends    bool
}

// follows is a reader, and what it got.
type follows struct {
	*Reader
	encoding Encoding
	from     protocol.Seq // it came behind this
	got      []protocol.Seq
	rewound  bool
	low      protocol.Seq     // from is not known: from there on
	asked    bool             // it has asked the store, and has yet to hear
	answer   []protocol.Event // what the store gave
}

// Life implements Heads.
func (w *world) Life() string { return w.life }

// Heads implements Heads.
func (w *world) Heads(context.Context, []string) ([]protocol.Seq, error) {
	return []protocol.Seq{w.head}, nil
}

// Read implements Source.
func (w *world) Read(_ context.Context, _ string, cursor protocol.Seq, limit int) ([]protocol.Event, error) {
	if cursor < w.purged {
		return nil, store.ErrNotKept
	}
	return w.stored(cursor, limit), nil
}

// Room implements Source.
func (w *world) Room(context.Context, string) (store.Room, error) {
	return store.Room{First: w.purged + 1, Head: w.head}, nil
}

// fill does what a node does for a log that lacks something.
func (w *world) fill() {
	_, _ = w.u.Ask(context.Background(), w, []*Log{w.l}, time.Now)
	for h, ok := w.l.Hole(); ok; h, ok = w.l.Hole() {
		if h.Known > w.head || h.Cursor >= h.Known {
			w.Fatalf("it lacks %+v, and the store has %d", h, w.head)
		}
		if !w.ends && rapid.Bool().Draw(w.T, "far behind") {
			w.l.Pass(h.Life, h.Known)
			continue
		}
		w.l.Offer(h.Life, w.stored(h.Cursor, 3))
	}
}

func (w *world) stored(cursor protocol.Seq, limit int) (events []protocol.Event) {
	return w.log[cursor:min(w.head, cursor+protocol.Seq(limit))]
}

// read gives a reader all that there is for it.
func (w *world) read(r *follows) {
	for !r.rewound {
		if r.asked {
			r.hears(w)
		}
		pieces, b, err := r.Read(nil, End, 1<<20)
		switch {
		case errors.Is(err, ErrRewound):
			r.rewound = true
			return
		case err != nil:
			ask := r.Cold()
			r.asked, r.answer = true, w.stored(ask.Cursor, ask.Limit)
			if w.asks() {
				return // it hears later, and who knows of which life
			}
		case b.Frames == 0:
			return
		default:
			r.take(w, pieces)
		}
	}
}

// asks reports whether a reader is left with its question for now.
func (w *world) asks() bool { return !w.ends && rapid.Bool().Draw(w.T, "the store is slow") }

// hears gives a reader what it asked the store for.
func (r *follows) hears(w *world) {
	r.asked = false
	frames, n, ok := r.Warm(r.answer, End, 1<<20)
	if !ok {
		w.Fatalf("nobody has what a reader asked for, who has %v", r.got)
	}
	if n > 0 {
		r.take(w, [][]byte{frames})
	}
}

// take checks that what comes is what follows.
func (r *follows) take(w *world, pieces [][]byte) {
	for _, seq := range seqsOf(w, r.encoding, pieces) {
		last := r.from
		if n := len(r.got); n > 0 {
			last = r.got[n-1]
		}
		if r.low != noSeq && seq > r.low && seq <= last+1 {
			r.from, last = seq-1, seq-1
		}
		r.low = noSeq
		if seq != last+1 {
			w.Fatalf("a reader of %v is given %d behind %d, having come behind %d", r.encoding, seq, last, r.from)
		}
		r.got = append(r.got, seq)
	}
}

// TestEveryReaderSeesWhatAllNodesWrite is the law of a log that several nodes write to:
// whatever of it is told, in whichever order, twice or never, a reader is given every
// event once and in order.
func TestEveryReaderSeesWhatAllNodesWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{T: t, u: NewUpkeep(), life: "life 0", l: newLog(rapid.SampledFrom([]int{1, 1 << 20}).Draw(t, "memory"))}
		w.l.Shared(w.life)
		t.Repeat(map[string]func(*rapid.T){
			"somebody writes": func(t *rapid.T) {
				for range rapid.IntRange(1, 5).Draw(t, "events") {
					w.head++
					w.clock += 10
					e := said(w.head)
					e.TS = w.clock
					w.log = append(w.log, e)
					w.untold = append(w.untold, e)
				}
			},
			"it is told of": func(t *rapid.T) {
				if len(w.untold) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(w.untold)-1).Draw(t, "which")
				w.l.Offer(w.life, w.untold[i:i+1])
				if rapid.Bool().Draw(t, "for the last time") {
					w.untold = slices.Delete(w.untold, i, i+1)
				}
			},
			"the head is told of": func(*rapid.T) { w.l.Reaches(w.life, w.head) },
			"it is lost":          func(*rapid.T) { w.untold = nil },
			"it is read from the store": func(t *rapid.T) {
				w.T = t
				w.fill()
			},
			"somebody comes": func(t *rapid.T) {
				_, _ = w.u.Ask(context.Background(), w, []*Log{w.l}, time.Now)
				e := rapid.SampledFrom([]Encoding{plain, dense}).Draw(t, "encoding")
				w.readers = append(w.readers, &follows{Reader: attach(w.l, e), encoding: e, from: w.l.head, low: noSeq})
			},
			"somebody reads": func(t *rapid.T) {
				if len(w.readers) == 0 {
					t.Skip()
				}
				w.T = t
				w.read(rapid.SampledFrom(w.readers).Draw(t, "who"))
			},
			"the store fails over": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "it holds") > 0 {
					t.Skip()
				}
				w.failOver(rapid.Uint64Range(0, uint64(w.head)).Draw(t, "lost"))
			},
			"": func(t *rapid.T) { w.T = t },
		})
		w.T, w.ends = t, true
		w.l.Reaches(w.life, w.head)
		w.fill()
		for _, r := range w.readers {
			w.read(r)
			if r.low != noSeq && w.head <= r.from {
				continue // nothing was said since, but perhaps what was said before
			}
			if last := r.from + protocol.Seq(len(r.got)); !r.rewound && last != w.head {
				t.Fatalf("a reader of %v has %d, and the log goes to %d", r.encoding, last, w.head)
			}
		}
	})
}

const noSeq = ^protocol.Seq(0)

// failOver has another server take over, which lacks the newest events. Who reads
// messages alone goes on with what is written from then on, and may be given what it had
// yet to read.
func (w *world) failOver(lost uint64) {
	w.life += "'"
	w.head -= protocol.Seq(lost)
	w.log = slices.Clone(w.log[:w.head])
	w.untold = nil
	w.clock += 2000
	quiet := w.l.tail.told.Load() == 0 || w.l.tail.passed
	w.l.Rewind(w.life)
	if quiet { // what is written before the store is asked can't be told from what was there
		_, _ = w.u.Ask(context.Background(), w, []*Log{w.l}, time.Now)
	}
	for _, r := range w.readers {
		if r.encoding == plain {
			last := r.from + protocol.Seq(len(r.got))
			if r.low != noSeq { // it has been given nothing since the last time
				last = r.low
			}
			r.from, r.low, r.got = w.head, min(last, w.head), nil
		} else if w.read(r); !r.rewound {
			w.Fatalf("a reader with a cursor goes on in another life")
		}
	}
}
