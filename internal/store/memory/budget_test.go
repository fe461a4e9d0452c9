package memory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

var (
	ctx = context.Background()
	ada = protocol.User{ID: "u1", Name: "ada"}
)

func message(room, text string) store.Draft {
	return store.Draft{Room: room, Kind: protocol.KindMessage, User: ada, Text: text}
}

func do(t rapid.TB, s *Store, drafts ...store.Draft) []store.Result {
	t.Helper()
	results, err := s.Append(ctx, drafts)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func where(t *testing.T, s *Store, name string) store.Room {
	t.Helper()
	r, err := s.Room(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheOldestEventsGoFirstWhateverRoomTheyAreIn(t *testing.T) {
	s := New(100 << 10)
	do(t, s, message("attic", "old"))
	text := strings.Repeat("x", 1000)
	for range 1000 {
		do(t, s, message("lobby", text))
	}
	attic, lobby := where(t, s, "attic"), where(t, s, "lobby")
	if attic.First != 2 || attic.Head != 1 {
		t.Fatalf("the attic is %+v, want nothing in it", attic)
	}
	kept := lobby.Head - lobby.First + 1
	if lobby.Head != 1000 || kept < 50 || kept > 100 {
		t.Fatalf("the lobby has %d of 1000 messages, want as many as fit", kept)
	}
	if _, err := s.Read(ctx, "lobby", lobby.First-2, 1); !errors.Is(err, store.ErrNotKept) {
		t.Fatalf("what is gone: %v, want %v", err, store.ErrNotKept)
	}
	if events, err := s.Read(ctx, "lobby", lobby.First-1, 1); err != nil || events[0].Seq != lobby.First {
		t.Fatalf("the oldest: %+v, %v", events, err)
	}
}

func TestALogThatWentEmptyGoesOnInItsEpoch(t *testing.T) {
	s := New(100 << 10)
	do(t, s, message("attic", "old"))
	was := where(t, s, "attic")
	do(t, s, message("lobby", strings.Repeat("x", 200<<10)))
	if is := where(t, s, "attic"); is.Epoch != was.Epoch || is.First != 2 {
		t.Fatalf("%+v became %+v", was, is)
	}
	if r := do(t, s, message("attic", "new"))[0]; r.Event.Seq != 2 {
		t.Fatalf("it went on with %+v", r.Event)
	}
}

func TestOfTooManyRoomsTheOneThatIsIdleLongestIsForgotten(t *testing.T) {
	s := New(1 << 40)
	for i := range maxRooms {
		do(t, s, message(fmt.Sprint(i), "hi"))
	}
	do(t, s, message("0", "still here"))
	busy, idle := where(t, s, "0"), where(t, s, "1")
	do(t, s, message("one more", "hi"))
	if is := where(t, s, "0"); is != busy {
		t.Errorf("the busy one became %+v", is)
	}
	is := where(t, s, "1")
	if is.Head != 0 || is.Epoch == idle.Epoch {
		t.Errorf("the idle one was %+v and is %+v, want another epoch", idle, is)
	}
	do(t, s, message("1", "again"))
	if again := where(t, s, "1"); again.Epoch != is.Epoch || again.Head != 1 {
		t.Errorf("it began with %+v, not %+v", again, is)
	}
}

func TestMarksAreBoundedToo(t *testing.T) {
	s := New(100 << 10)
	do(t, s, message("lobby", "hi"))
	for i := range 10_000 {
		do(t, s, store.Draft{Room: "lobby", Kind: store.KindRead, User: protocol.User{ID: fmt.Sprint(i)}, Target: 1})
	}
	if s.bytes > 100<<10 {
		t.Fatalf("it holds %d bytes", s.bytes)
	}
}

func TestWhatIsForgottenTakesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(rapid.IntRange(0, 20_000).Draw(t, "budget"))
		for range rapid.IntRange(1, 60).Draw(t, "drafts") {
			d := store.Draft{
				Room:   rapid.SampledFrom([]string{"lobby", "attic", "cellar"}).Draw(t, "room"),
				Kind:   rapid.SampledFrom(append(protocol.Kinds(), store.KindRead, protocol.KindMessage)).Draw(t, "kind"),
				User:   protocol.User{ID: rapid.SampledFrom([]string{"u1", "u2"}).Draw(t, "user"), Role: store.RoleAdmin},
				Target: protocol.Seq(rapid.IntRange(0, 9).Draw(t, "target")),
			}
			switch d.Kind {
			case protocol.KindMessage:
				d.Key = rapid.SampledFrom([]string{"", "k", "l"}).Draw(t, "key")
				fallthrough
			case protocol.KindEdit, protocol.KindTopic:
				d.Text = rapid.StringN(0, 200, -1).Draw(t, "text")
			default:
				d.Emoji = "👍"
			}
			do(t, s, d)
			if rapid.IntRange(0, 9).Draw(t, "purge") == 0 {
				if _, err := s.Purge(ctx, d.Room, time.UnixMilli(1<<45)); err != nil {
					t.Fatal(err)
				}
			}
			if s.bytes > s.budget {
				t.Fatalf("%d bytes, with a budget of %d", s.bytes, s.budget)
			}
		}
		s.budget = 0
		s.keepBudget()
		if s.bytes != 0 || s.order.n != 0 || len(s.rooms) != 0 || s.written != (idle{}) {
			t.Fatalf("with nothing in it: %d bytes, %d places, %d rooms, %+v", s.bytes, s.order.n, len(s.rooms), s.written)
		}
	})
}

func TestADequeIsASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d deque[int]
		var want []int
		for i, push := range rapid.SliceOfN(rapid.IntRange(0, 2), 1, 300).Draw(t, "pushes") {
			if push > 0 {
				d.push(i)
				want = append(want, i)
			} else if len(want) > 0 {
				if got := d.pop(); got != want[0] {
					t.Fatalf("popped %d, want %d", got, want[0])
				}
				want = want[1:]
			}
			for i := range want {
				if got := *d.at(i); got != want[i] {
					t.Fatalf("at %d: %d, want %d", i, got, want[i])
				}
			}
			if d.n != len(want) {
				t.Fatalf("%d are in it, want %d", d.n, len(want))
			}
		}
	})
}

// BenchmarkAppend is a batch of 64 messages.
func BenchmarkAppend(b *testing.B) {
	s := New(DefaultBudget)
	drafts := make([]store.Draft, 64)
	for i := range drafts {
		drafts[i] = message("lobby", "what people say what people say what people say")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Append(ctx, drafts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(drafts)), "ns/message")
}
