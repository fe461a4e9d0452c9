package roomlog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

var (
	plain    = Encoding{protocol.Tutorial, false}
	deflated = Encoding{protocol.Tutorial, true}
)

// ada says everything.
var ada = protocol.User{ID: "u1", Name: "ada"}

func newLog(memory int) *Log {
	return New("lobby", &Budget{MemoryBytes: memory, Total: 1 << 30}, func() {})
}

// attach makes a reader at the head.
func attach(l *Log, e Encoding) *Reader {
	r := new(Reader)
	l.Attach(r, e)
	return r
}

// texts decodes what a reader wrote: whole frames, or the test fails.
func texts(t interface{ Fatalf(string, ...any) }, e Encoding, pieces [][]byte) []string {
	d := frame.NewDecoder(frame.Client, e.Deflate, frame.Limits{MessageBytes: 1 << 20, Fragments: 1})
	var out []string
	for _, piece := range pieces {
		p := bytes.Clone(piece)
		for len(p) > 0 {
			n, m, ok, err := d.Decode(p)
			if err != nil {
				t.Fatalf("bad frame: %v", err)
			}
			if ok {
				out = append(out, string(m.Payload))
			}
			p = p[n:]
		}
		if !d.Idle() {
			t.Fatalf("a piece ends inside a frame")
		}
	}
	return out
}

// readOrFollow reads, or gets what another reader was given if it may.
func readOrFollow(r *Reader, end Position, maxBytes int, p *Repeat) ([][]byte, Batch, error) {
	if end == End {
		return r.Follow(nil, maxBytes, p)
	}
	return r.Read(nil, end, maxBytes)
}

// TestEveryReaderSeesWhatWasAppendedSinceItCame is the law of the log: whatever
// is appended and read, in whichever steps, a reader's frames are the slice of the
// model from where it came, without those that aren't for it.
func TestEveryReaderSeesWhatWasAppendedSinceItCame(t *testing.T) {
	type reader struct {
		*Reader
		want []string
		got  []string
	}
	rapid.Check(t, func(t *rapid.T) {
		l := newLog(1 << 20)
		var readers []*reader
		var repeat Repeat
		seq := protocol.Seq(0)
		t.Repeat(map[string]func(*rapid.T){
			"attach": func(t *rapid.T) {
				e := rapid.SampledFrom([]Encoding{plain, deflated}).Draw(t, "encoding")
				readers = append(readers, &reader{Reader: attach(l, e)})
			},
			"detach": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(readers)-1).Draw(t, "who")
				readers[i].Detach()
				readers = append(readers[:i], readers[i+1:]...)
			},
			"event": func(t *rapid.T) {
				seq++
				e := protocol.Event{Seq: seq, TS: int64(seq), Kind: protocol.KindMessage, User: ada,
					Text: fmt.Sprint(seq, strings.Repeat("x", rapid.IntRange(0, 4000).Draw(t, "length")))}
				l.append(&e)
				for _, r := range readers {
					r.want = append(r.want, string(tutorial.AppendChat(nil, e.User.Name, e.Text, e.TS)))
				}
			},
			"notice": func(t *rapid.T) {
				payload := fmt.Sprintf(`{"notice":%d}`, rapid.Int().Draw(t, "n"))
				var except *reader
				if len(readers) > 0 && rapid.Bool().Draw(t, "except one") {
					except = rapid.SampledFrom(readers).Draw(t, "whom")
					if except.skips.Load() {
						except = nil // one at a time
					}
				}
				if except != nil {
					l.Notice(protocol.Tutorial, []byte(payload), except.Reader)
				} else {
					l.Notice(protocol.Tutorial, []byte(payload), nil)
				}
				for _, r := range readers {
					if r != except {
						r.want = append(r.want, payload)
					}
				}
			},
			"read": func(t *rapid.T) {
				if len(readers) == 0 {
					t.Skip()
				}
				r := rapid.SampledFrom(readers).Draw(t, "who")
				end := End
				if rapid.Bool().Draw(t, "to an end") {
					end.cursor = r.cursor + Cursor(rapid.IntRange(0, 20).Draw(t, "end"))
				}
				pieces, b, err := readOrFollow(r.Reader, end, rapid.IntRange(1, 100_000).Draw(t, "max"), &repeat)
				if err != nil {
					t.Fatal(err)
				}
				got := texts(t, r.stream.encoding, pieces)
				if len(got) != b.Frames {
					t.Fatalf("%d frames are said to be %d", len(got), b.Frames)
				}
				r.got = append(r.got, got...)
			},
			"": func(t *rapid.T) {
				for _, r := range readers {
					if len(r.got) > len(r.want) || strings.Join(r.got, "") != strings.Join(r.want[:len(r.got)], "") {
						t.Fatalf("a reader saw %q of %q", r.got, r.want)
					}
				}
			},
		})
		for _, r := range readers {
			for range 2 { // the second finds nothing, or what stood behind a frame that isn't for it
				pieces, _, err := r.Read(nil, r.Head(), 1<<30)
				if err != nil {
					t.Fatal(err)
				}
				r.got = append(r.got, texts(t, r.stream.encoding, pieces)...)
			}
			if strings.Join(r.got, "") != strings.Join(r.want, "") {
				t.Fatalf("a reader saw %q, want %q", r.got, r.want)
			}
		}
	})
}

func TestALogHoldsNoMoreThanItMay(t *testing.T) {
	const memory = 256 << 10
	l := newLog(memory)
	slow, quick := attach(l, plain), attach(l, plain)
	for i := range 10_000 {
		l.append(&protocol.Event{Seq: protocol.Seq(i + 1), Kind: protocol.KindMessage, User: ada, Text: strings.Repeat("x", 200)})
		if held := l.streams[plain.index()].bytes; held > memory+maxSegment {
			t.Fatalf("%d bytes are held, want at most %d", held, memory)
		}
		if _, b, err := quick.Read(nil, quick.Head(), 1<<20); err != nil || b.Frames != 1 {
			t.Fatalf("a quick reader got %d frames, %v", b.Frames, err)
		}
	}
	if got := l.budget.used.Load(); got != int64(l.streams[plain.index()].bytes) {
		t.Fatalf("the budget counts %d bytes, the stream %d", got, l.streams[plain.index()].bytes)
	}
	if _, _, err := slow.Read(nil, slow.Head(), 1<<20); !errors.Is(err, ErrNotInMemory) {
		t.Fatalf("a slow reader got %v, want ErrNotInMemory", err)
	}
	slow.Detach()
	quick.Detach()
	if got := l.budget.used.Load(); got != 0 {
		t.Fatalf("%d bytes are held for nobody", got)
	}
}

// Who has fallen off the log must ask the store anyway: nothing is kept for it.
func TestALogKeepsNothingForThoseWhoFellOffIt(t *testing.T) {
	l := newLog(1 << 20)
	quick, stuck := attach(l, plain), attach(l, plain)
	most, held := 0, 0
	for range 4000 { // 2 MB
		l.append(&protocol.Event{Seq: l.head + 1, Kind: protocol.KindMessage, User: ada, Text: strings.Repeat("x", 500)})
		if _, _, err := quick.Read(nil, End, 1<<30); err != nil {
			t.Fatal(err)
		}
		held = l.streams[plain.index()].bytes
		most = max(most, held)
	}
	if most < 1<<20-maxSegment {
		t.Errorf("at most %d bytes were held for one who might still have read them", most)
	}
	if held > 3*maxSegment {
		t.Errorf("%d bytes are held for one who has fallen off", held)
	}
	if _, _, err := stuck.Read(nil, End, 1<<30); !errors.Is(err, ErrNotInMemory) {
		t.Errorf("%v, want ErrNotInMemory", err)
	}
}

func TestALogKeepsNothingThatAllHaveRead(t *testing.T) {
	l := newLog(8 << 20)
	quick, slow := attach(l, plain), attach(l, plain)
	say := func(n int) {
		for range n {
			l.append(&protocol.Event{Seq: l.head + 1, Kind: protocol.KindMessage, User: ada, Text: strings.Repeat("x", 500)})
		}
	}
	held := func() int { return l.streams[plain.index()].bytes }
	readOn := func(r *Reader) {
		if _, _, err := r.Read(nil, End, 1<<30); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		say(50)
		readOn(quick)
	}
	if held() < 2<<20 {
		t.Fatalf("%d bytes are held for one who has read nothing", held())
	}
	readOn(slow)
	l.Forget() // it has become quiet
	if held() > 0 {
		t.Fatalf("%d bytes are held that everybody has read", held())
	}
	for range 100 {
		say(50)
		readOn(quick)
		readOn(slow)
		if held() > 3*maxSegment {
			t.Fatalf("%d bytes are held while all keep up", held())
		}
	}
}

// Who comes back soon finds in memory what the others have read.
func TestAQuietLogKeepsItsLastEventsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(8 << 20)
		r := attach(l, Encoding{Dialect: protocol.V1})
		l.append(message(1))
		r.what(t)
		l.Forget()
		if got := follow(l, 0, 1).what(t); !slices.Equal(got, []string{"1"}) {
			t.Errorf("who comes back reads %q", got)
		}
		time.Sleep(resumeTime)
		l.Forget()
		if held := l.budget.Used(); held > 0 {
			t.Errorf("%d bytes are held of a quiet log", held)
		}
		l.append(message(2))
		if got := r.what(t); !slices.Equal(got, []string{"2"}) {
			t.Errorf("who has read it all reads %q next", got)
		}
	})
}

func TestLogsKeepLittleWhenMemoryIsScarce(t *testing.T) {
	budget := &Budget{MemoryBytes: 1 << 20, Total: 2 << 20}
	var logs []*Log
	for range 64 {
		l := New("r", budget, func() {})
		attach(l, plain)
		logs = append(logs, l)
	}
	for i := range 200_000 {
		logs[i%len(logs)].append(&protocol.Event{Kind: protocol.KindMessage, User: ada, Text: strings.Repeat("x", 300)})
	}
	if used, most := budget.used.Load(), budget.Total+int64(len(logs)*2*maxSegment); used > most {
		t.Fatalf("%d bytes are held, want at most %d", used, most)
	}
}

func TestFramesAreWrittenOnceHoweverManyReadThem(t *testing.T) {
	l := newLog(1 << 20)
	a, b := attach(l, plain), attach(l, plain)
	l.append(&protocol.Event{Kind: protocol.KindMessage, User: ada, Text: "hello"})
	one, _, _ := a.Read(nil, a.Head(), 1<<20)
	two, _, _ := b.Read(nil, b.Head(), 1<<20)
	if &one[0][0] != &two[0][0] {
		t.Fatal("two readers got two copies")
	}
	if n := testing.AllocsPerRun(100, func() {
		l.append(&protocol.Event{Kind: protocol.KindMessage, User: ada, Text: "hello"})
	}); n > 1 {
		t.Fatalf("%v allocations an event", n)
	}
}

func BenchmarkAppendAndRead(b *testing.B) {
	l := newLog(1 << 20)
	r := attach(l, plain)
	e := &protocol.Event{Kind: protocol.KindMessage, User: ada, Text: strings.Repeat("x", 60)}
	var dst [][]byte
	b.ReportAllocs()
	for b.Loop() {
		l.append(e)
		dst, _, _ = r.Read(dst[:0], End, 64<<10)
	}
}
