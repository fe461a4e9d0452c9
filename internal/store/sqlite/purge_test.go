package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// ages has every event's time be its seq.
func ages(t *testing.T, s *Store) {
	t.Helper()
	if err := s.writer.Exec("update event set time = seq"); err != nil {
		t.Fatal(err)
	}
}

// purge forgets what has a lower seq in a store that was aged.
func purge(t *testing.T, s *Store, before int64) int {
	t.Helper()
	n, err := s.Purge(t.Context(), "lobby", time.UnixMilli(before))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAPurgeMovesTheFirstAndNothingElse(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 2*purgeBatch+500)
	say(t, s, "attic", 10)
	ages(t, s)
	want, attic := readAll(t, s, "lobby", 2*purgeBatch), readAll(t, s, "attic", 0)
	was := onlyLobby(t, s)
	for _, again := range []bool{false, true} {
		if n := purge(t, s, 2*purgeBatch+1); n != 2*purgeBatch && !again || again && n != 0 {
			t.Errorf("%d were purged", n)
		}
	}
	was.First = 2*purgeBatch + 1
	for range 2 {
		if now := onlyLobby(t, s); now != was {
			t.Errorf("%+v, want %+v", now, was)
		}
		if got := readAll(t, s, "lobby", 2*purgeBatch); !slices.Equal(got, want) {
			t.Errorf("%d events, not the %d of before", len(got), len(want))
		}
		for _, cursor := range []protocol.Seq{0, 2*purgeBatch - 1} {
			if got, err := s.Read(t.Context(), "lobby", cursor, 10); !errors.Is(err, store.ErrNotKept) || got != nil {
				t.Errorf("after %d: %+v, %v; want ErrNotKept", cursor, got, err)
			}
		}
		if got := readAll(t, s, "attic", 0); !slices.Equal(got, attic) {
			t.Error("another room changed")
		}
		closeStore(t, s)
		s = open(t, folder)
	}
	if e := say(t, s, "lobby", 1); e[0].Seq != was.Head+1 {
		t.Errorf("it goes on with %d after %d", e[0].Seq, was.Head)
	}
}

func onlyLobby(t *testing.T, s *Store) store.Room {
	t.Helper()
	r, err := s.Room(t.Context(), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARoomOfWhichNothingIsKeptGoesOn(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 20)
	if n, err := s.Purge(t.Context(), "lobby", time.Now().Add(time.Hour)); n != 20 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	check := func(s *Store) {
		t.Helper()
		if now := onlyLobby(t, s); now.First != 21 || now.Head != 20 {
			t.Errorf("%+v, want none of 20 kept", now)
		}
		if got := readAll(t, s, "lobby", 20); len(got) > 0 {
			t.Errorf("at the head there is %+v", got)
		}
		if _, err := s.Read(t.Context(), "lobby", 19, 10); !errors.Is(err, store.ErrNotKept) {
			t.Errorf("before the head: %v", err)
		}
	}
	check(s)
	restored := open(t, mustRestoreElsewhere(t, folder)) // a backup of it is sound, too
	check(restored)
	if e := say(t, restored, "lobby", 1); e[0].Seq != 21 {
		t.Errorf("it goes on with %d", e[0].Seq)
	}
}

func TestWhatIsAboutPurgedMessagesGoesOrLosesItsText(t *testing.T) {
	s := open(t, t.TempDir())
	keyed := message("lobby", ada, "first")
	keyed.Key = "k1"
	do(t, s, keyed, about(protocol.KindReact, "lobby", grace, 1, "👍"),
		about(protocol.KindEdit, "lobby", ada, 1, "second"), about(protocol.KindReact, "lobby", ada, 1, "🦉"))
	ages(t, s)
	if n := purge(t, s, 3); n != 2 {
		t.Fatalf("%d were purged", n)
	}
	want := []protocol.Event{
		{Room: "lobby", Seq: 3, TS: 3, Kind: protocol.KindEdit, User: ada, Target: 1, Deleted: true},
		{Room: "lobby", Seq: 4, TS: 4, Kind: protocol.KindReact, User: ada, Target: 1, Emoji: "🦉"},
	}
	if got := readAll(t, s, "lobby", 2); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if n, err := integer(s.writer.Conn, "select count(*) from reaction"); err != nil || n != 0 {
		t.Errorf("%d reactions to nothing, %v", n, err)
	}
	reply := message("lobby", ada, "what was that?")
	reply.ReplyTo = 1
	results, err := s.Append(t.Context(), []store.Draft{
		keyed, about(protocol.KindEdit, "lobby", ada, 1, "third"), about(protocol.KindUnreact, "lobby", ada, 1, "🦉"), reply,
	})
	if err != nil || !results[0].New || results[0].Event.Seq != 5 {
		t.Errorf("%+v, %v; want that the key is free again", results, err)
	}
	for _, r := range results[1:] {
		if r.Err == nil || r.Err.Code != protocol.CodeNotFound {
			t.Errorf("%+v, want not_found", r)
		}
	}
}

func TestAPurgeEndsWithItsContext(t *testing.T) {
	s := open(t, t.TempDir())
	say(t, s, "lobby", 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := s.Purge(ctx, "lobby", time.Now().Add(time.Hour)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestABackupThatLacksWhatWasNotPurgedIsRefused(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 10)
	ages(t, s)
	purge(t, s, 4)
	for sql, want := range map[string]string{
		"delete from event where seq = 4": `room "lobby" should have events 4 to 10, and has 6, 5 to 10`,
		"delete from event":               `room "lobby" should have events 4 to 10, and has 0, `,
		"update room set first = 1":       `room "lobby" should have events 1 to 10, and has 7, 4 to 10`,
	} {
		file := mustBackup(t, folder)
		alter(t, file, sql)
		_, err := Restore(t.Context(), file, filepath.Join(t.TempDir(), "data"), quietly)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("after %q: %v, want %q", sql, err, want)
		}
	}
}

// Beside a purge, an append waits for one of its batches, not for all of it.
func TestAppendsGoOnDuringAPurge(t *testing.T) {
	s := open(t, t.TempDir())
	for range 10 {
		say(t, s, "lobby", 5*purgeBatch)
	}
	done := make(chan error, 1)
	go func() {
		n, err := s.Purge(t.Context(), "lobby", time.Now().Add(time.Hour))
		if err == nil && n < 50*purgeBatch {
			err = fmt.Errorf("%d were purged", n)
		}
		done <- err
	}()
	beside := 0
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			if beside < 10 {
				t.Errorf("%d appends beside 50 batches", beside)
			}
			return
		default:
		}
		say(t, s, "attic", 1)
		beside++
	}
}
