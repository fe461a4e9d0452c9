package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

// house is one command on a data folder: what it printed.
func house(t *testing.T, want int, args ...string) (out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	if code := run(args, streams{strings.NewReader(""), &o, &e}); code != want {
		t.Fatalf("parley %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, &e)
	}
	return o.String(), e.String()
}

// kept makes a data folder with n messages in each room.
func kept(t testing.TB, n int, rooms ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	s, err := sqlite.Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range rooms {
		for from := 0; from < n; from += 10_000 {
			var drafts []store.Draft
			for i := from; i < min(n, from+10_000); i++ {
				drafts = append(drafts, store.Draft{Room: room, Kind: protocol.KindMessage, User: protocol.User{ID: "u1", Name: "ada"}, Text: fmt.Sprintf("message %d, of about a hundred characters as people write them: %s", i, strings.Repeat("x", 40))})
			}
			if _, err := s.Append(t.Context(), drafts); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return folder
}

// exported are the lines of an export, by room.
func exported(t *testing.T, text string) map[string][]line {
	t.Helper()
	rooms := map[string][]line{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		rooms[l.Room] = append(rooms[l.Room], l)
	}
	return rooms
}

// left is what there is in a folder.
func left(t *testing.T, folder string) []fs.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func wantEmpty(t *testing.T, folder string) {
	t.Helper()
	if there := left(t, folder); len(there) > 0 {
		t.Errorf("in %s there is %v", folder, there)
	}
}

// writers say line after line in a room each, until they are stopped.
type writers struct {
	all     []*joined
	fed     []atomic.Int64 // the number of the line that each feeds now
	stopped chan struct{}
	group   sync.WaitGroup
}

func startWriters(t *testing.T, url string, rooms ...string) *writers {
	t.Helper()
	w := &writers{fed: make([]atomic.Int64, len(rooms)), stopped: make(chan struct{})}
	for i, room := range rooms {
		j := join(t, url, "--room="+room, "--name=ada")
		w.all = append(w.all, j)
		w.group.Go(func() {
			for {
				select {
				case <-w.stopped:
					return
				default:
				}
				if _, err := fmt.Fprintf(j.in, "line %d\n", w.fed[i].Load()); err != nil {
					t.Errorf("feed: %v", err)
					return
				}
				w.fed[i].Add(1)
			}
		})
	}
	return w
}

// goOn waits until each has said n lines more than it has fed by now.
func (w *writers) goOn(t *testing.T, n int64) {
	t.Helper()
	for i, j := range w.all {
		j.out.wait(t, fmt.Sprintf("ada: line %d\n", w.fed[i].Load()+n))
	}
}

func (w *writers) stop(t *testing.T) {
	t.Helper()
	close(w.stopped)
	w.group.Wait()
	for _, j := range w.all {
		j.end(t, exitOK)
	}
}

// Backed up beside people who write, wiped, restored: every event up to one
// moment is as it was, and the rooms go on from there in another epoch.
func TestBackupWipeRestoreAllTheSame(t *testing.T) {
	rooms := []string{"attic", "lobby", "größe"}
	folder, file := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup.db")
	cfg := config.Serve{Store: "sqlite", Data: folder}
	url, drain := startNode(t, cfg)
	w := startWriters(t, url, rooms...)
	w.goOn(t, 100)
	said, _ := house(t, exitOK, "backup", "--data", folder, file)
	w.goOn(t, 1)
	w.stop(t)
	out, _ := house(t, exitOK, "export", "--data", folder)
	before := exported(t, out)
	drain()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}

	house(t, exitOK, "restore", "--data", folder, file)
	url, drain = startNode(t, cfg)
	out, _ = house(t, exitOK, "export", "--data", folder)
	after := exported(t, out)
	total := 0
	for _, room := range rooms {
		was, is := before[room], after[room]
		if len(is) < 100 || len(is) >= len(was) {
			t.Fatalf("%s: %d events after the restore, %d before; want 100 at least, and fewer than before", room, len(is), len(was))
		}
		total += len(is)
		for i, e := range is {
			if e.Epoch == was[i].Epoch || e.Epoch != is[0].Epoch || e.Seq != protocol.Seq(i+1) {
				t.Fatalf("%s: %+v is %+v, want its seq in one other epoch", room, was[i], e)
			}
			e.Epoch = was[i].Epoch
			if e != was[i] {
				t.Fatalf("%s: %+v became %+v", room, was[i], e)
			}
		}
	}
	if want := fmt.Sprintf("%s holds 3 rooms, %d events, ", file, total); !strings.HasPrefix(said, want) {
		t.Errorf("the backup said %q, want %q", said, want)
	}

	j := join(t, url, "--room=lobby", "--name=grace")
	j.feed(t, "here again\n")
	j.end(t, exitOK)
	drain()
	out, _ = house(t, exitOK, "export", "--data", folder, "--room=lobby")
	lobby := exported(t, out)["lobby"]
	last := lobby[len(lobby)-1]
	if len(lobby) != len(after["lobby"])+1 || last.Text != "here again" || last.User.Name != "grace" || last.Epoch != after["lobby"][0].Epoch {
		t.Errorf("the lobby goes on with %+v", last)
	}
}

func TestAnExportIsJSONALineEach(t *testing.T) {
	folder := t.TempDir()
	s, err := sqlite.Open(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ada, guest := protocol.User{ID: "u7", Name: "Ada Lovelace"}, protocol.User{Name: "guest"}
	results, err := s.Append(t.Context(), []store.Draft{
		{Room: "lobby", Kind: protocol.KindMessage, User: guest, Text: "two\nlines, a \"quote\", <b>, \u2028 and 🦉"},
		{Room: "attic", Kind: protocol.KindMessage, User: ada, Text: "first", Key: "k1"},
		{Room: "attic", Kind: protocol.KindEdit, User: ada, Target: 1, Text: "second"},
		{Room: "attic", Kind: protocol.KindMessage, User: ada, Text: "gone", ReplyTo: 1},
		{Room: "attic", Kind: protocol.KindReact, User: ada, Target: 1, Emoji: "🦉"},
		{Room: "attic", Kind: protocol.KindTopic, User: ada, Text: "tea"},
		{Room: "attic", Kind: protocol.KindDelete, User: ada, Target: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	rooms, err := s.Rooms(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	ts := results[0].Event.TS // all are of one batch
	attic := fmt.Sprintf(`{"room":"attic","epoch":"%s","seq":%%d,"ts":%d,"kind":"%%s","user":{"id":"u7","name":"Ada Lovelace"},%%s}`+"\n", rooms[0].Epoch, ts)
	want := fmt.Sprintf(attic, 1, "message", fmt.Sprintf(`"text":"second","key":"k1","edited":%d`, ts)) +
		fmt.Sprintf(attic, 2, "edit", `"text":"second","target":1`) +
		fmt.Sprintf(attic, 3, "message", `"reply_to":1,"deleted":true`) +
		fmt.Sprintf(attic, 4, "react", `"target":1,"emoji":"🦉"`) +
		fmt.Sprintf(attic, 5, "topic", `"text":"tea"`) +
		fmt.Sprintf(attic, 6, "delete", `"target":3`) +
		fmt.Sprintf(`{"room":"lobby","epoch":"%s","seq":1,"ts":%d,"kind":"message","user":{"id":"","name":"guest"},"text":"two\nlines, a \"quote\", <b>, %s and 🦉"}`+"\n",
			rooms[1].Epoch, ts, "\u2028")
	if got, _ := house(t, exitOK, "export", "--data", folder); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	file := filepath.Join(t.TempDir(), "chat.jsonl")
	house(t, exitOK, "export", "--data", folder, file)
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("the file holds\n%s%v", got, err)
	}
}

func TestAnExportOfSomeRooms(t *testing.T) {
	folder := kept(t, 2, "lobby", "lobby2", "attic", "a, b")
	t.Setenv("PARLEY_ROOM", "attic") // is meant for something else
	for args, want := range map[string][]string{
		"":                          {"a, b", "attic", "lobby", "lobby2"},
		"--room=lobby":              {"lobby"},
		"--room=#lobby":             {"lobby"},
		"--room=lobby|--room=a, b":  {"a, b", "lobby"},
		"--room=lobby|--room=lobby": {"lobby"},
	} {
		given := slices.DeleteFunc(strings.Split(args, "|"), func(s string) bool { return s == "" })
		out, _ := house(t, exitOK, append([]string{"export", "--data", folder}, given...)...)
		if got := slices.Sorted(maps.Keys(exported(t, out))); !slices.Equal(got, want) || strings.Count(out, "\n") != 2*len(want) {
			t.Errorf("%q gave %q, want %q", args, got, want)
		}
	}
	for room, want := range map[string]string{
		"loby":          "no room loby in " + folder + ": did you mean lobby, lobby2?",
		"nothing-alike": "without --room every room is exported",
	} {
		file := filepath.Join(t.TempDir(), "file")
		if _, err := house(t, exitFailed, "export", "--data", folder, "--room=lobby", "--room", room, file); !strings.Contains(err, want) {
			t.Errorf("%q, want %q", err, want)
		}
		wantEmpty(t, filepath.Dir(file))
	}
}

func TestWhatIsThereStaysAsItIs(t *testing.T) {
	folder, empty := kept(t, 1, "lobby"), t.TempDir()
	mine := tempFile(t, "mine")
	for _, args := range [][]string{
		{"backup", "--data", folder, mine},
		{"export", "--data", folder, mine},
		{"restore", "--data", folder, mine},
		{"restore", "--data", empty, mine},
	} {
		if _, err := house(t, exitFailed, args...); !strings.Contains(err, "is there already") && !strings.Contains(err, mine+" is no backup") {
			t.Errorf("%s: %s", args, err)
		}
		if got, err := os.ReadFile(mine); err != nil || string(got) != "mine" {
			t.Fatalf("%s changed the file: %q, %v", args, got, err)
		}
	}
	for _, command := range []string{"backup", "export"} {
		file := filepath.Join(t.TempDir(), "file")
		if _, err := house(t, exitFailed, command, "--data", empty, file); !strings.Contains(err, "there is no database in "+empty) {
			t.Errorf("%s: %s", command, err)
		}
		wantEmpty(t, filepath.Dir(file))
	}
	if there := left(t, empty); slices.ContainsFunc(there, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), sqlite.File) }) {
		t.Errorf("in the empty folder there is %v", there) // but for the lock of the restore
	}
}

func TestRestoreNamesTheServerThatHoldsTheFolder(t *testing.T) {
	folder, other := filepath.Join(t.TempDir(), "data"), kept(t, 1, "lobby")
	file := filepath.Join(t.TempDir(), "backup.db")
	house(t, exitOK, "backup", "--data", other, file)
	startNode(t, config.Serve{Store: "sqlite", Data: folder})
	want := fmt.Sprintf("%s is in use by another parley (process %d)", folder, os.Getpid())
	if _, err := house(t, exitFailed, "restore", "--data", folder, file); !strings.Contains(err, want) {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestHouseCommandsSayThatRoomsAreKeptElsewhere(t *testing.T) {
	t.Setenv("PARLEY_STORE", "postgres://ada:hunter2@db.example/parley")
	t.Setenv("PARLEY_DATA", t.TempDir())
	for _, command := range [][]string{{"backup", filepath.Join(t.TempDir(), "b.db")}, {"export"}} {
		_, err := house(t, exitFailed, command...)
		if !strings.Contains(err, "(PARLEY_STORE keeps rooms in postgres://db.example:5432/parley and not in ") || strings.Contains(err, "hunter2") {
			t.Errorf("%s says %q", command, err)
		}
	}
}
