package roomlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

func TestEventsThatTheLogWasNeverGivenComeFromTheStore(t *testing.T) {
	l := newLog(1 << 20)
	r := attach(l, plain)
	event := func(seq protocol.Seq) protocol.Event {
		return protocol.Event{Seq: seq, Kind: protocol.KindMessage, User: ada, Text: fmt.Sprint(seq)}
	}
	first, later := event(1), event(4)
	l.append(&first)
	if _, b, err := r.Read(nil, End, 1<<20); err != nil || b.Frames != 1 {
		t.Fatal(b, err)
	}
	l.append(&later) // 2 and 3 were refused, and are on disk
	if _, _, err := r.Read(nil, End, 1<<20); !errors.Is(err, ErrNotInMemory) {
		t.Fatalf("%v, want ErrNotInMemory", err)
	}
	if ask := r.Cold(); ask.Cursor != 1 {
		t.Fatalf("asks for what follows %d, want 1", ask.Cursor)
	}
	if frames, n, ok := r.Warm([]protocol.Event{event(2), event(3), later}, End, 1<<20); !ok || n != 3 {
		t.Fatalf("%q", frames)
	}
	next := event(5)
	l.append(&next)
	if pieces, _, err := r.Read(nil, End, 1<<20); err != nil || !strings.Contains(strings.Join(texts(t, plain, pieces), ""), `"text":"5"`) {
		t.Fatalf("%q, %v", pieces, err)
	}
}

// What a reader asks of the store is about what it takes at once, whether texts are
// short or long.
func TestAReaderAsksTheStoreForWhatItTakes(t *testing.T) {
	l := newLog(1)
	r := attach(l, plain)
	next := protocol.Seq(1)
	pages := func(text string) (limits []int) {
		for range 6 {
			e := protocol.Event{Seq: next + 1000, Kind: protocol.KindMessage, User: ada} // behind which nobody has read
			l.append(&e)
			r.cold = true
			var page []protocol.Event
			for i := range r.Cold().Limit {
				page = append(page, protocol.Event{Seq: next + protocol.Seq(i), Kind: protocol.KindMessage, User: ada, Text: text})
			}
			_, n, _ := r.Warm(page, End, 64<<10)
			next += protocol.Seq(n)
			limits = append(limits, len(page))
		}
		return limits
	}
	if got := pages("short"); !slices.Equal(got, []int{8, 16, 32, 64, 128, 128}) {
		t.Errorf("for short texts it asks for %v", got)
	}
	if got := pages(strings.Repeat("x", 4000)); got[0] != 128 || slices.Max(got[1:]) > 2*17 {
		t.Errorf("for long ones, of which it takes 16 at once, it asks for %v", got)
	}
	if got := pages("short"); got[5] != 128 {
		t.Errorf("for short ones again it asks for %v", got)
	}
}

// TestAReaderThatFellOffTheLogMissesNoEvent lets readers lag behind a log that
// keeps little: what they see of events, from memory and from the store in turn, is
// the log from where they came, whichever events were there before and whatever
// notices stand between.
func TestAReaderThatFellOffTheLogMissesNoEvent(t *testing.T) {
	type reader struct {
		*Reader
		next protocol.Seq
	}
	rapid.Check(t, func(t *rapid.T) {
		l := newLog(1) // drops whatever it may
		var stored []protocol.Event
		for range rapid.IntRange(0, 3).Draw(t, "before") { // in an earlier life of the room
			stored = append(stored, protocol.Event{Seq: protocol.Seq(len(stored) + 1), Kind: protocol.KindMessage, User: protocol.User{Name: "linus"}, Text: "before"})
		}
		var readers []*reader
		say := func() {
			e := protocol.Event{Seq: protocol.Seq(len(stored) + 1), TS: 7, Kind: protocol.KindMessage, User: ada, Text: strings.Repeat("x", 1500)}
			stored = append(stored, e)
			l.append(&e)
		}
		var repeat Repeat
		step := func(r *reader, end Position, maxBytes int) (read int) {
			pieces, _, err := readOrFollow(r.Reader, end, maxBytes, &repeat)
			if errors.Is(err, ErrNotInMemory) {
				ask := r.Cold()
				page := stored[min(int(ask.Cursor), len(stored)):]
				frames, _, ok := r.Warm(page[:min(len(page), 5)], end, maxBytes)
				if !ok {
					t.Fatalf("stuck behind %d", ask.Cursor)
				}
				pieces = append(pieces, frames)
			}
			for _, text := range texts(t, r.stream.encoding, pieces) {
				read++
				if strings.HasPrefix(text, `{"notice"`) {
					continue
				}
				want := stored[r.next-1]
				if text != string(tutorial.AppendChat(nil, want.User.Name, want.Text, want.TS)) {
					t.Fatalf("read %.60s, want seq %d", text, want.Seq)
				}
				r.next++
			}
			return read
		}
		t.Repeat(map[string]func(*rapid.T){
			"attach": func(t *rapid.T) {
				e := rapid.SampledFrom([]Encoding{plain, deflated}).Draw(t, "encoding")
				readers = append(readers, &reader{attach(l, e), protocol.Seq(len(stored) + 1)})
			},
			"events": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "n") {
					say()
				}
			},
			"notices": func(t *rapid.T) {
				for i := range rapid.IntRange(1, 20).Draw(t, "n") {
					l.Notice(protocol.Tutorial, fmt.Appendf(nil, `{"notice":"%d %s"}`, i, strings.Repeat("n", 1500)), nil)
				}
			},
			"read": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip()
				}
				step(rapid.SampledFrom(readers).Draw(t, "who"), End, rapid.IntRange(1, 5000).Draw(t, "max"))
			},
			"read up to a place, and no event more": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip()
				}
				r := rapid.SampledFrom(readers).Draw(t, "who")
				end, last := r.Head(), protocol.Seq(len(stored))
				for range rapid.IntRange(0, 100).Draw(t, "more") {
					say()
				}
				for !r.Passed(end) {
					step(r, end, 5000)
				}
				if r.next != last+1 {
					t.Fatalf("stopped before %d, want %d", r.next, last+1)
				}
			},
		})
		for _, r := range readers {
			for idle := 0; idle < 3; {
				if step(r, End, 5000) == 0 {
					idle++
				}
			}
			if r.next != protocol.Seq(len(stored)+1) {
				t.Fatalf("at the end %d is next, want %d", r.next, len(stored)+1)
			}
		}
	})
}
