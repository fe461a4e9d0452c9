package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

func quietly(int64, int64) {}

func mustBackup(t *testing.T, folder string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), folder, file, quietly); err != nil {
		t.Fatal(err)
	}
	return file
}

func mustRestore(t *testing.T, file, folder string) {
	t.Helper()
	if _, err := Restore(t.Context(), file, folder, quietly); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t *testing.T, folder string) *Snapshot {
	t.Helper()
	s, err := OpenSnapshot(folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// told are the events of a room as a snapshot tells them.
func told(t *testing.T, s *Snapshot, room string) (all []protocol.Event) {
	t.Helper()
	for e, err := range s.Events(t.Context(), room) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// files are the contents of a folder's files, but for what SQLite's readers note
// in the index of the write-ahead log.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		all[e.Name()] = ""
		if !strings.HasSuffix(e.Name(), "-shm") {
			all[e.Name()] = string(read(t, filepath.Join(folder, e.Name())))
		}
	}
	return all
}

// running, stopped and killed are data folders of which the lobby says 0 to 99.
func running(t *testing.T) (folder string, want []protocol.Event) {
	folder = t.TempDir()
	s := open(t, folder)
	want = say(t, s, "lobby", 100)
	indexed(t, s) // and nothing is written any more
	return folder, want
}

func stopped(t *testing.T) (folder string, want []protocol.Event) {
	folder = t.TempDir()
	s := open(t, folder)
	want = say(t, s, "lobby", 100)
	closeStore(t, s)
	return folder, want
}

func killed(t *testing.T) (folder string, want []protocol.Event) {
	alive, want := running(t)
	folder = t.TempDir()
	for _, name := range []string{File, File + "-wal", File + "-shm", lockFile, lifeFile} {
		write(t, filepath.Join(folder, name), read(t, filepath.Join(alive, name)))
	}
	return folder, want
}

var folders = map[string]func(*testing.T) (string, []protocol.Event){"running": running, "stopped": stopped, "killed": killed}

func TestASnapshotChangesNothingOfTheFolder(t *testing.T) {
	for name, folderWith := range folders {
		t.Run(name, func(t *testing.T) {
			folder, want := folderWith(t)
			before := files(t, folder)
			s := snapshot(t, folder)
			rooms, err := s.Rooms(t.Context())
			if err != nil || len(rooms) != 1 || rooms[0].Name != "lobby" || rooms[0].Head != 100 || rooms[0].Epoch == "" {
				t.Errorf("rooms: %+v, %v", rooms, err)
			}
			if got := told(t, s, "lobby"); !slices.Equal(got, want) {
				t.Errorf("%d events that are not the %d of the room", len(got), len(want))
			}
			if got := told(t, s, "attic"); len(got) != 0 {
				t.Errorf("%d events of a room that isn't there", len(got))
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if after := files(t, folder); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Error("the folder changed")
			}
			open(t, mustRestoreElsewhere(t, folder)) // and what was read can be backed up, too
		})
	}
}

func mustRestoreElsewhere(t *testing.T, folder string) (other string) {
	t.Helper()
	other = filepath.Join(t.TempDir(), "other")
	mustRestore(t, mustBackup(t, folder), other)
	return other
}

func TestASnapshotIsOfOneMoment(t *testing.T) {
	folder := t.TempDir()
	server := open(t, folder)
	want := say(t, server, "lobby", 10)
	s := snapshot(t, folder)
	say(t, server, "lobby", 10)
	say(t, server, "attic", 10)
	rooms, err := s.Rooms(t.Context())
	if err != nil || len(rooms) != 1 || !slices.Equal(told(t, s, "lobby"), want) {
		t.Errorf("it shows %+v, %v; want the lobby's first 10 events", rooms, err)
	}
	closeStore(t, server) // while it is read
	if got := told(t, s, "lobby"); !slices.Equal(got, want) {
		t.Errorf("it shows %d events after the server stopped", len(got))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := onlyRooms(t, open(t, folder)); got != "attic 10, lobby 20" {
		t.Errorf("the next start has %s", got)
	}
}

func onlyRooms(t *testing.T, s *Store) string {
	t.Helper()
	rooms, err := s.Rooms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range rooms {
		all = append(all, fmt.Sprint(r.Name, " ", r.Head))
	}
	return strings.Join(all, ", ")
}

func TestAServerThatStartsUnderASnapshotIsNoticed(t *testing.T) {
	for name, stop := range map[string]bool{"and runs": false, "and has stopped again": true} {
		t.Run(name, func(t *testing.T) {
			folder, _ := stopped(t)
			s := snapshot(t, folder)
			server := open(t, folder)
			if stop {
				closeStore(t, server)
			}
			if err := s.Close(); !errors.Is(err, ErrChanged) {
				t.Errorf("%v, want ErrChanged", err)
			}
		})
	}
}

func TestABackupUnderWhichAServerStartsBeginsAnew(t *testing.T) {
	folder, _ := stopped(t)
	file, start := filepath.Join(t.TempDir(), "backup"), sync.OnceFunc(func() { say(t, open(t, folder), "lobby", 1) })
	c, err := Backup(t.Context(), folder, file, func(int64, int64) { start() })
	if err != nil || c.Events != 101 {
		t.Errorf("%+v, %v; want what the server said, too", c, err)
	}
}

func TestAFolderWithoutADatabaseStaysAsItIs(t *testing.T) {
	empty, missing := t.TempDir(), filepath.Join(t.TempDir(), "missing")
	for _, folder := range []string{empty, missing} {
		_, err := Backup(t.Context(), folder, filepath.Join(t.TempDir(), "backup"), quietly)
		if err == nil || !strings.Contains(err.Error(), "there is no database in "+folder) {
			t.Errorf("%v, want that there is no database", err)
		}
	}
	if left := files(t, empty); len(left) > 0 {
		t.Errorf("%v was left", left)
	}
	if there, err := holds(missing); there || err != nil {
		t.Errorf("the missing folder was made: %v", err)
	}
}

func TestABackupWhileTheServerWritesIsWholeUpToOneMoment(t *testing.T) {
	folder := t.TempDir()
	server := open(t, folder)
	long := strings.Repeat("x", 2000)
	draft := func(room string, i int) store.Draft {
		return message(room, ada, fmt.Sprint(i, long))
	}
	// The rooms are written to in one transaction: so no backup has one ahead.
	both := func(i int) {
		if _, err := server.Append(context.Background(), []store.Draft{draft("attic", i), draft("lobby", i)}); err != nil {
			t.Error(err)
		}
	}
	n := 0
	for ; n < 500; n++ {
		both(n)
	}
	file, steps := filepath.Join(t.TempDir(), "backup"), 0
	c, err := Backup(t.Context(), folder, file, func(int64, int64) {
		steps++
		for range 50 { // between any two steps of the copy
			both(n)
			n++
		}
	})
	if err != nil || c.Rooms != 2 || c.Events != 1000 || c.Bytes < 2_000_000 || steps < 2 {
		t.Fatalf("%+v, %v after %d steps; want the 1,000 events of when it began", c, err, steps)
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() != c.Bytes || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want a file of %d bytes for its owner alone", info, err, c.Bytes)
	}
	if left := files(t, filepath.Dir(file)); len(left) != 1 {
		t.Errorf("beside the backup there is more: %d files", len(left))
	}
	if head := onlyRooms(t, server); head != fmt.Sprintf("attic %d, lobby %[1]d", n) {
		t.Errorf("the server has %s, want %d", head, n)
	}
}

func TestBackupWipeRestoreAllTheSameInANewEpoch(t *testing.T) {
	for name, folderWith := range folders {
		// What stays of the folder that the backup goes back to. The life file
		// knows the backup's database, if it was made since the last start.
		for wiped, keep := range map[string][]string{"all": nil, "the database alone": {lifeFile, lockFile}} {
			t.Run(name+", wiped "+wiped, func(t *testing.T) {
				folder, want := folderWith(t)
				s := snapshot(t, folder)
				was, err := s.Rooms(t.Context())
				if err := errors.Join(err, s.Close()); err != nil {
					t.Fatal(err)
				}
				file := mustBackup(t, folder)
				again := t.TempDir()
				for _, name := range keep {
					write(t, filepath.Join(again, name), read(t, filepath.Join(folder, name)))
				}
				mustRestore(t, file, again)
				if !bytes.Equal(read(t, file), read(t, filepath.Join(again, File))) {
					t.Error("the database is not the backup")
				}

				restored := open(t, again)
				now := onlyRoom(t, restored)
				if now.Name != was[0].Name || now.Head != was[0].Head || now.Epoch == was[0].Epoch {
					t.Errorf("%+v became %+v, want another epoch alone", was[0], now)
				}
				got, err := restored.Read(t.Context(), "lobby", 0, 1000)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%d events, %v; not those of before", len(got), err)
				}
				if e := say(t, restored, "lobby", 1); e[0].Seq != 101 {
					t.Errorf("it goes on with %d", e[0].Seq)
				}
				closeStore(t, restored)
				if after := onlyRoom(t, open(t, again)); after.Epoch != now.Epoch {
					t.Error("the start after that has a new epoch again")
				}
			})
		}
	}
}

func TestAFirstStartThatFailsHalfwayDoesNotKeepTheEpoch(t *testing.T) {
	folder, _ := stopped(t)
	other := mustRestoreElsewhere(t, folder)
	alter(t, filepath.Join(other, File), "create trigger full before delete on life begin select raise(abort, 'the disk is full'); end")
	wantRefusal := func() {
		t.Helper()
		if s, err := Open(other, slog.New(slog.DiscardHandler)); err == nil {
			closeStore(t, s)
			t.Fatal("it started")
		}
	}
	wantRefusal()
	wantRefusal()
	alter(t, filepath.Join(other, File), "drop trigger full")
	was := onlyRoom(t, open(t, folder))
	if now := onlyRoom(t, open(t, other)); now.Epoch == was.Epoch {
		t.Errorf("%+v has the epoch of before", now)
	}
}

func TestABackupOfEverySchemaIsRestored(t *testing.T) {
	all, err := store.Steps(migrations)
	if err != nil {
		t.Fatal(err)
	}
	for version := 1; version <= len(all); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "backup")
			db, err := sqlite3.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, sql := range all[:version] {
				if err := step(db, sql, i+1); err != nil {
					t.Fatal(err)
				}
			}
			err = db.Exec(`insert into room (id, name, epoch, head) values (1, 'lobby', 'old', 1); insert into life (id) values ('a');
				insert into event (room, seq, time, user, name, text) values (1, 1, 1, '', 'ada', 'hello')`)
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			mustRestore(t, file, folder)
			if now := onlyRoom(t, open(t, folder)); now.Head != 1 || now.Epoch == "old" {
				t.Errorf("%+v, want the event in a new epoch", now)
			}
		})
	}
}

// alter opens a database and runs sql on it.
func alter(t *testing.T, file, sql string) {
	t.Helper()
	db, err := sqlite3.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Exec("pragma journal_mode = delete; "+sql), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestABackupThatIsNotSoundIsRefused(t *testing.T) {
	folder := t.TempDir()
	server := open(t, folder)
	say(t, server, "lobby", 5000)
	say(t, server, "attic", 3)
	whole := read(t, mustBackup(t, folder))
	damaged := func(from, n int) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			bad := bytes.Clone(whole)
			copy(bad[from:], bytes.Repeat([]byte{0xA5}, n))
			write(t, file, bad)
		}
	}
	sql := func(text string) func(*testing.T, string) {
		return func(t *testing.T, file string) { alter(t, file, text) }
	}
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, file string)
		want  string
	}{
		"missing":             {remove, "no such file"},
		"empty":               {func(t *testing.T, file string) { write(t, file, nil) }, "is no backup"},
		"something else":      {func(t *testing.T, file string) { write(t, file, []byte("my notes\n")) }, "is no backup"},
		"cut off":             {func(t *testing.T, file string) { write(t, file, whole[:len(whole)/2]) }, "is damaged: use another backup"},
		"damaged inside":      {damaged(len(whole)/2, 20_000), "is damaged: use another backup"},
		"damaged in page 1":   {damaged(100, 2000), "is damaged: use another backup"},
		"a hole":              {sql("delete from event where seq = 2 and room = 2"), `room "attic" should have events 1 to 3, and has 2, 1 to 3`},
		"its end is missing":  {sql("delete from event where seq = 3 and room = 2"), "has 2, 1 to 2"},
		"its start is gone":   {sql("delete from event where seq = 1 and room = 2"), "has 2, 2 to 3"},
		"events of no room":   {sql("pragma foreign_keys = off; delete from room where name = 'attic'"), "3 of its events are of no room"},
		"a newer schema":      {sql("pragma user_version = 99"), "written by a newer parley (schema 99"},
		"of another program":  {sql("drop table event; drop table room"), "none of parley's"},
		"a server's database": {func(t *testing.T, file string) { write(t, file+"-wal", nil) }, "is the database of a server"},
	} {
		t.Run(name, func(t *testing.T) {
			file, folder := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "data")
			write(t, file, whole)
			tt.spoil(t, file)
			_, err := Restore(t.Context(), file, folder, quietly)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("%v, want %q and the file's name", err, tt.want)
			}
			if there, err := holds(folder); there || err != nil {
				t.Errorf("the folder was made: %v", err)
			}
		})
	}
}

func TestRestoreRefusesAFolderInUse(t *testing.T) {
	full, _ := stopped(t)
	file := mustBackup(t, full)
	held, _ := running(t)
	starting := t.TempDir() // a server that holds it and has no database yet
	lock, err := lockFolder(starting)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	onlyLog := t.TempDir()
	write(t, filepath.Join(onlyLog, File+"-wal"), []byte("old"))
	for folder, want := range map[string]string{
		full:     filepath.Join(full, File) + " is there already",
		held:     fmt.Sprintf("in use by another parley (process %d)", os.Getpid()),
		starting: fmt.Sprintf("in use by another parley (process %d)", os.Getpid()),
		onlyLog:  File + "-wal is there already",
	} {
		before := files(t, folder)
		_, err := Restore(t.Context(), file, folder, quietly)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		after := files(t, folder)
		delete(before, lockFile)
		delete(after, lockFile)
		if fmt.Sprint(after) != fmt.Sprint(before) {
			t.Error("the folder changed")
		}
	}
}

func TestABackupThatIsStoppedLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	say(t, s, "lobby", 100_000) // more than one step
	there := filepath.Join(t.TempDir(), "there")
	write(t, there, []byte("mine"))
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "backup")
	if _, err := Backup(ctx, folder, file, func(int64, int64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if left := files(t, filepath.Dir(file)); len(left) > 0 {
		t.Errorf("%d files were left", len(left))
	}
	if _, err := Backup(t.Context(), folder, there, quietly); err == nil || !strings.Contains(err.Error(), there+" is there already") {
		t.Errorf("onto a file: %v", err)
	}
	if got := string(read(t, there)); got != "mine" {
		t.Errorf("that file now holds %d bytes", len(got))
	}
}

func TestARestoreThatIsStoppedLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	say(t, open(t, folder), "lobby", 100_000) // more than is copied at once
	file, other := mustBackup(t, folder), filepath.Join(t.TempDir(), "other")
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Restore(ctx, file, other, func(int64, int64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if there, err := holds(other); there || err != nil {
		t.Errorf("the folder stayed: %v", err)
	}
}

// BenchmarkReadAMillionEvents is what an export costs, without its encoding.
func BenchmarkReadAMillionEvents(b *testing.B) {
	const events = 1_000_000
	folder := b.TempDir()
	s, err := Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	drafts := make([]store.Draft, 10_000)
	for n := 0; n < events; n += len(drafts) {
		for i := range drafts {
			drafts[i] = message("lobby", ada, fmt.Sprintf("message %d of a hundred characters, more or less: %s", n+i, strings.Repeat("x", 50)))
		}
		if _, err := s.Append(b.Context(), drafts); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := OpenSnapshot(folder)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range s.Events(b.Context(), "lobby") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if err := s.Close(); err != nil || n != events {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}
