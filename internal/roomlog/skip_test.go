package roomlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parley-chat/parley/protocol"
)

// TestAReaderPassesOverANoticeThatWasDropped has a reader fall behind the one notice
// that isn't for it: it goes on with what comes later.
func TestAReaderPassesOverANoticeThatWasDropped(t *testing.T) {
	for _, kind := range []string{"events", "notices"} {
		t.Run(kind, func(t *testing.T) {
			l := newLog(1) // drops whatever it may
			r := attach(l, plain)
			var stored []protocol.Event
			say := func(text string) {
				if kind == "notices" && text != "late" {
					l.Notice(protocol.Tutorial, fmt.Appendf(nil, `{"notice":%q}`, text), nil)
					return
				}
				e := protocol.Event{Seq: protocol.Seq(len(stored) + 1), Kind: protocol.KindMessage, User: ada, Text: text}
				stored = append(stored, e)
				l.append(&e)
			}
			say("before")
			l.Notice(protocol.Tutorial, []byte(`{"notice":"you came"}`), r)
			for range 100 {
				say(strings.Repeat("x", 1500))
			}
			for !r.Passed(r.Head()) {
				if _, _, err := r.Read(nil, End, 5000); errors.Is(err, ErrNotInMemory) {
					r.Warm(stored[r.Cold().Cursor:], End, 1<<20)
				}
			}
			say("late")
			pieces, _, err := r.Read(nil, End, 1<<20)
			if got := texts(t, plain, pieces); err != nil || len(got) != 1 || !strings.Contains(got[0], "late") {
				t.Fatalf("read %q, %v; want what came last", got, err)
			}
		})
	}
}
