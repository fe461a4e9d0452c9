package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/storetest"
	"github.com/parley-chat/parley/protocol"
)

func TestStoreKeepsItsPromises(t *testing.T) {
	storetest.Run(t, storetest.Backend{
		Open: func(t *testing.T) store.Store { return open(t, t.TempDir()) },
		Reopen: func(t *testing.T, s store.Store) store.Store {
			was := s.(*Store)
			closeStore(t, was)
			return open(t, filepath.Dir(was.path))
		},
	})
}

func open(t *testing.T, folder string) *Store {
	t.Helper()
	s, err := Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !s.closed.Load() {
			closeStore(t, s)
		}
	})
	return s
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

var (
	ada   = protocol.User{ID: "u1", Name: "ada"}
	grace = protocol.User{ID: "u2", Name: "grace"}
)

func message(room string, user protocol.User, text string) store.Draft {
	return store.Draft{Room: room, Kind: protocol.KindMessage, User: user, Text: text}
}

// do appends drafts that are all to become events, which it returns.
func do(t *testing.T, s *Store, drafts ...store.Draft) []protocol.Event {
	t.Helper()
	results, err := s.Append(context.Background(), drafts)
	if err != nil {
		t.Fatal(err)
	}
	events := make([]protocol.Event, len(results))
	for i, r := range results {
		if !r.New {
			t.Fatalf("%+v became %+v, %v; want a new event", drafts[i], r, r.Err)
		}
		events[i] = r.Event
	}
	return events
}

func say(t *testing.T, s *Store, room string, n int) []protocol.Event {
	t.Helper()
	drafts := make([]store.Draft, n)
	for i := range drafts {
		drafts[i] = message(room, ada, fmt.Sprint(i))
	}
	return do(t, s, drafts...)
}

func onlyRoom(t *testing.T, s *Store) store.Room {
	t.Helper()
	rooms, err := s.Rooms(context.Background())
	if err != nil || len(rooms) != 1 {
		t.Fatalf("%+v, %v; want one room", rooms, err)
	}
	return rooms[0]
}

func TestALogGoesOnWhereItWas(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	before := say(t, s, "lobby", 10)
	before = append(before, say(t, s, "lobby", 1)...)
	room := onlyRoom(t, s)
	closeStore(t, s)

	s = open(t, folder)
	if now := onlyRoom(t, s); now != room || now.Head != 11 {
		t.Fatalf("%+v became %+v", room, now)
	}
	got, err := s.Read(context.Background(), "lobby", 0, 100)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(before) {
		t.Fatalf("%v, %v; want %v", got, err, before)
	}
	if e := say(t, s, "lobby", 1); e[0].Seq != 12 {
		t.Fatalf("it went on with %d, want 12", e[0].Seq)
	}
}

func TestTimesNeverFallAcrossARestartWithASlowClock(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 1)
	const future = 9_999_999_999_999
	if err := s.writer.Exec(fmt.Sprint("update room set time = ", future)); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	for _, e := range say(t, open(t, folder), "lobby", 3) {
		if e.TS < future {
			t.Fatalf("time fell to %d", e.TS)
		}
	}
}

func TestMessagesAreForTheirUserAlone(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 1)
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", f.Name(), info.Mode(), err)
		}
	}
}

func TestAFolderIsHeldByOneProcess(t *testing.T) {
	folder := t.TempDir()
	open(t, folder)
	_, err := Open(folder, slog.New(slog.DiscardHandler))
	want := fmt.Sprintf("in use by another parley (process %d)", os.Getpid())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("%v, want %q", err, want)
	}
}

func TestANewerDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 3)
	if err := s.writer.Exec("pragma user_version = 99"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	wantRefusal(t, folder, "written by a newer parley (schema 99")
}

func TestADamagedFileIsReportedAndNeverOverwritten(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 5000)
	closeStore(t, s)
	whole := read(t, filepath.Join(folder, File))
	middle := bytes.Clone(whole)
	copy(middle[len(middle)/2:], bytes.Repeat([]byte{0xA5}, 20_000))
	for name, content := range map[string][]byte{
		"cut off":            whole[:len(whole)/2],
		"cut in its header":  whole[:50],
		"empty":              {},
		"something else":     []byte("these are my notes\n"),
		"damaged inside":     middle,
		"damaged in page 1":  append(append(bytes.Clone(whole[:100]), bytes.Repeat([]byte{0xFF}, 2000)...), whole[2100:]...),
		"an image of nought": make([]byte, len(whole)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder, File)
			write(t, path, content)
			wantRefusal(t, folder, "backup in its place")
			if !bytes.Equal(read(t, path), content) {
				t.Fatal("the file was changed")
			}
		})
	}
}

// wantRefusal opens a folder that must not be opened.
func wantRefusal(t *testing.T, folder, want string) {
	t.Helper()
	s, err := Open(folder, slog.New(slog.DiscardHandler))
	if err == nil {
		closeStore(t, s)
	}
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), File) {
		t.Fatalf("%v, want %q and the file's name", err, want)
	}
}

func TestAnOldCopyPutBackByHandBeginsNewEpochs(t *testing.T) {
	// change is what happens to a database that a copy was made of.
	for name, change := range map[string]func(t *testing.T, folder string){
		"more was said after a restart": func(t *testing.T, folder string) {
			s := open(t, folder)
			say(t, s, "lobby", 1)
			closeStore(t, s)
		},
		"it was only started again": func(t *testing.T, folder string) { closeStore(t, open(t, folder)) },
		"the folder forgot":         func(t *testing.T, folder string) { remove(t, filepath.Join(folder, lifeFile)) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			s := open(t, folder)
			say(t, s, "lobby", 5)
			was := onlyRoom(t, s)
			closeStore(t, s)
			copied := read(t, filepath.Join(folder, File))
			change(t, folder)
			write(t, filepath.Join(folder, File), copied)
			s = open(t, folder)
			if now := onlyRoom(t, s); now.Epoch == was.Epoch || now.Head != was.Head {
				t.Fatalf("%+v is now %+v, want another epoch", was, now)
			}
		})
	}
}

func TestACopyOfTheSameDayIsNoticedToo(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, File)
	s := open(t, folder)
	say(t, s, "lobby", 5)
	if _, _, err := s.writer.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		t.Fatal(err)
	}
	copied := read(t, path) // while it runs
	was := onlyRoom(t, s)
	say(t, s, "lobby", 5)
	closeStore(t, s)
	write(t, path, copied)
	if now := onlyRoom(t, open(t, folder)); now.Epoch == was.Epoch {
		t.Fatalf("%+v is now %+v, want another epoch", was, now)
	}
}

func TestARestartIsTheSameLife(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 5)
	was := onlyRoom(t, s)
	for range 3 {
		closeStore(t, s)
		s = open(t, folder)
		if now := onlyRoom(t, s); now != was {
			t.Fatalf("%+v became %+v", was, now)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskKeepsNothingOfABatchAndRecovers(t *testing.T) {
	s := open(t, t.TempDir())
	say(t, s, "lobby", 10)
	if err := s.writer.Exec("pragma max_page_count = 1"); err != nil { // SQLite takes what it has now
		t.Fatal(err)
	}
	drafts := make([]store.Draft, 500)
	for i := range drafts {
		drafts[i] = message("lobby", ada, strings.Repeat("x", 1000))
	}
	if _, err := s.Append(context.Background(), drafts); !errors.Is(err, sqlite3.FULL) {
		t.Fatalf("%v, want a full disk", err)
	}
	got, err := s.Read(context.Background(), "lobby", 0, 1000)
	if err != nil || len(got) != 10 {
		t.Fatalf("%d events, %v; want 10", len(got), err)
	}
	if err := s.writer.Exec("pragma max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if e := say(t, s, "lobby", 1); e[0].Seq != 11 {
		t.Fatalf("it went on with %d, want 11", e[0].Seq)
	}
}

func TestWritesThatFailAgainAndAgainPutNothingIntoTheLog(t *testing.T) {
	var lines bytes.Buffer
	s, err := Open(t.TempDir(), slog.New(slog.NewTextHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, s)
	if err := s.writer.Exec("create trigger refuse before insert on event begin select raise(abort, 'no'); end"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := s.Append(context.Background(), []store.Draft{message("lobby", ada, "hi")}); err == nil {
			t.Fatal("it was written")
		}
	}
	if lines.Len() > 0 { // whoever gets the errors says when it begins
		t.Fatalf("20 failed writes put this into the log:\n%s", lines.String())
	}
}
