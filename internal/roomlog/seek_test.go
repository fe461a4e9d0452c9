package roomlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/protocol"
)

// TestAReaderFromAnySeqGetsEachEventOnce has readers begin anywhere in a log that
// keeps little and whose store is ahead of it: each sees every event from where it
// began, once and in order, whatever comes from memory and whatever from the store.
// No text is seen after it was deleted.
func TestAReaderFromAnySeqGetsEachEventOnce(t *testing.T) {
	type reader struct {
		*Reader
		next protocol.Seq
	}
	rapid.Check(t, func(t *rapid.T) {
		l := newLog(rapid.SampledFrom([]int{1, 5_000, 1 << 20}).Draw(t, "memory"))
		var stored []protocol.Event // the store: what was committed
		appended := 0               // as many of them are in the log
		deleted := map[string]bool{}
		var readers []*reader
		commit := func(e protocol.Event) {
			e.Seq, e.User = protocol.Seq(len(stored)+1), ada
			stored = append(stored, e)
			if e.Kind == protocol.KindDelete {
				target := &stored[e.Target-1]
				target.Text, target.Deleted = "", true
			}
		}
		text := func() string { return rapid.StringMatching(`[a-z]{20}`).Draw(t, "text") }
		for range rapid.IntRange(0, 3).Draw(t, "before") { // in an earlier life of the log
			commit(protocol.Event{Kind: protocol.KindMessage, Text: text()})
			appended++
		}
		catchUp := func(upTo int) { // the writer puts what it committed into the log
			for ; appended < upTo; appended++ {
				e := stored[appended]
				l.append(&e)
				if e.Kind == protocol.KindDelete {
					deleted[e.Emoji] = true // where the test keeps what was the text
				}
			}
		}
		var repeat Repeat
		read := func(r *reader, end Position, limit int) int {
			pieces, _, err := readOrFollow(r.Reader, end, limit, &repeat)
			if errors.Is(err, ErrNotInMemory) {
				ask := r.Cold()
				page := stored[min(int(ask.Cursor), len(stored)):]
				frames, _, ok := r.Warm(page[:min(len(page), 3)], end, limit)
				if !ok {
					t.Fatalf("stuck behind %d", ask.Cursor)
				}
				pieces = append(pieces, frames)
			}
			n := 0
			for _, frame := range texts(t, r.stream.encoding, pieces) {
				n++
				var e protocol.Event
				if err := json.Unmarshal([]byte(frame), &e); err != nil {
					t.Fatal(err)
				}
				if e.Kind == "" {
					continue // a signal
				}
				if e.Seq != r.next {
					t.Fatalf("seq %d, want %d", e.Seq, r.next)
				}
				r.next++
				if deleted[e.Text] {
					t.Fatalf("a deleted text was sent again: %s", frame)
				}
			}
			return n
		}
		t.Repeat(map[string]func(*rapid.T){
			"commit": func(t *rapid.T) {
				commit(protocol.Event{Kind: protocol.KindMessage, Text: text(), Key: strings.Repeat("x", rapid.IntRange(0, 900).Draw(t, "length"))})
			},
			"commit and append": func(t *rapid.T) {
				commit(protocol.Event{Kind: protocol.KindMessage, Text: text()})
				catchUp(len(stored))
			},
			"append": func(t *rapid.T) { catchUp(rapid.IntRange(appended, len(stored)).Draw(t, "up to")) },
			"delete": func(t *rapid.T) {
				if len(stored) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(stored)-1).Draw(t, "what")
				if stored[i].Kind != protocol.KindMessage || stored[i].Deleted || i >= appended {
					t.Skip() // it is deleted by who has seen it
				}
				commit(protocol.Event{Kind: protocol.KindDelete, Target: protocol.Seq(i + 1), Emoji: stored[i].Text})
				if rapid.Bool().Draw(t, "at once") {
					catchUp(len(stored))
				}
			},
			"signal": func(*rapid.T) { l.Notice(protocol.V1, []byte(`{"type":"typing"}`), nil) },
			"join": func(t *rapid.T) {
				e := Encoding{protocol.V1, rapid.Bool().Draw(t, "deflate")}
				r := &reader{Reader: attach(l, e)}
				if rapid.Bool().Draw(t, "meanwhile") {
					commit(protocol.Event{Kind: protocol.KindMessage, Text: text()})
					catchUp(rapid.IntRange(appended, len(stored)).Draw(t, "up to"))
				}
				cursor := protocol.Seq(rapid.IntRange(0, len(stored)).Draw(t, "cursor"))
				r.next = cursor + 1
				r.Seek(cursor, protocol.Seq(len(stored)))
				readers = append(readers, r)
			},
			"leave": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(readers)-1).Draw(t, "who")
				readers[i].Detach()
				readers = append(readers[:i], readers[i+1:]...)
			},
			"read": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip()
				}
				r := rapid.SampledFrom(readers).Draw(t, "who")
				end := End
				if rapid.Bool().Draw(t, "up to a seq") {
					upTo := max(r.Seq(), protocol.Seq(rapid.IntRange(0, len(stored)).Draw(t, "seq")))
					end = Behind(upTo)
					defer func() {
						if r.Seq() > upTo {
							t.Fatalf("read up to %d, asked for %d", r.Seq(), upTo)
						}
					}()
				}
				read(r, end, rapid.IntRange(1, 5000).Draw(t, "bytes"))
			},
			"forget": func(*rapid.T) { l.Forget() },
		})
		catchUp(len(stored))
		for _, r := range readers {
			for read(r, End, 1<<20) > 0 || r.cold {
			}
			if want := protocol.Seq(len(stored) + 1); r.next != want {
				t.Fatalf("ended before %d, want %d", r.next, want)
			}
		}
	})
}

// follow begins a reader behind seq, where head is the newest event in the store.
func follow(l *Log, seq, head protocol.Seq) *Reader {
	r := attach(l, Encoding{Dialect: protocol.V1})
	r.Seek(seq, head)
	return r
}

func signal(l *Log, text string) { l.Notice(protocol.V1, []byte(text), nil) }

// what reads all that a reader is given from memory.
func (r *Reader) what(t *testing.T) []string {
	t.Helper()
	pieces, _, err := r.Read(nil, End, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, text := range texts(t, r.stream.encoding, pieces) {
		var e protocol.Event
		if json.Unmarshal([]byte(text), &e) == nil && e.Seq > 0 {
			text = fmt.Sprint(e.Seq)
		}
		out = append(out, text)
	}
	return out
}

func message(seq protocol.Seq) *protocol.Event {
	return &protocol.Event{Seq: seq, Kind: protocol.KindMessage, User: ada, Text: "hello"}
}

func TestAReaderThatIsAheadOfTheLogHearsItsSignals(t *testing.T) {
	l := newLog(1 << 20) // of a room that has fifty events, and none since this node is here
	early, late := follow(l, 50, 50), follow(l, 50, 50)
	for _, text := range []string{`"one"`, `"two"`} {
		signal(l, text)
		if got := early.what(t); !slices.Equal(got, []string{text}) {
			t.Errorf("hears %q, want %s", got, text)
		}
	}
	further := follow(l, 52, 52) // it has read what the log has yet to get
	l.append(message(51))
	l.append(message(52))
	signal(l, `"three"`)
	l.append(message(53))
	for r, want := range map[*Reader]string{
		early:   `51 52 "three" 53`,
		late:    `"one" "two" 51 52 "three" 53`,
		further: `"three" 53`,
	} {
		if got := strings.Join(r.what(t), " "); got != want {
			t.Errorf("hears %s, want %s", got, want)
		}
	}
}

func TestAReaderThatIsAheadOfTheLogIsToldWhenItMissesSignals(t *testing.T) {
	for name, meanwhile := range map[string]func(l *Log){
		"dropped": func(l *Log) {
			signal(l, `"one"`)
			l.append(&protocol.Event{Seq: 51, Kind: protocol.KindDelete, User: ada, Target: 50})
		},
		"among what it has": func(l *Log) {
			l.append(message(51))
			signal(l, `"one"`)
			l.append(message(52))
		},
	} {
		l := newLog(1 << 20)
		r := follow(l, 52, 52)
		meanwhile(l)
		if _, _, err := r.Read(nil, End, 1<<20); !errors.Is(err, ErrNotInMemory) {
			t.Errorf("%s: %v: it reads on as if it had missed nothing", name, err)
		}
		if frames, _, ok := r.Warm(nil, End, 1<<20); len(frames) > 0 || !ok {
			t.Errorf("%s: the store has nothing more, and it is stuck", name)
		}
	}
}

// A commit that failed may be on disk all the same: the log is never given it.
func TestWhatTheStoreHasAndTheLogWasNeverGivenIsReadFromTheStore(t *testing.T) {
	cold := func(r *Reader, want protocol.Seq) {
		t.Helper()
		if _, _, err := r.Read(nil, End, 1<<20); !errors.Is(err, ErrNotInMemory) || r.Cold().Cursor != want {
			t.Errorf("%v, behind %d; want to ask the store for what is behind %d", err, r.Seq(), want)
		}
	}
	l := newLog(1 << 20)
	r := follow(l, 0, 0)
	l.append(message(2))
	cold(r, 0)

	l = newLog(1 << 20)
	attach(l, Encoding{Dialect: protocol.V1}) // somebody reads
	l.append(message(1))
	l.append(message(2))
	r = follow(l, 1, 3)
	if got := r.what(t); !slices.Equal(got, []string{"2"}) {
		t.Errorf("reads %q", got)
	}
	cold(r, 2)
}
