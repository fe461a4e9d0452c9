package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// indexed waits until the index has nothing to do.
func indexed(t testing.TB, s *Store) {
	t.Helper()
	for {
		survey, rooms := s.index.progress.todo()
		if !survey && len(rooms) == 0 {
			return
		}
		runtime.Gosched()
	}
}

// found is how many messages of everything that was said are found, once all is
// indexed.
func found(t *testing.T, s *Store, text string) []protocol.Event {
	t.Helper()
	indexed(t, s)
	f, err := s.Search(context.Background(), store.Query{Text: text, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return f.Events
}

func wantFound(t *testing.T, s *Store, text string, want int) {
	t.Helper()
	if got := found(t, s, text); len(got) != want {
		t.Fatalf("%q finds %d messages, want %d", text, len(got), want)
	}
}

func TestAnIndexThatIsNoGoodIsMadeAnew(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, wordFile)
	s := open(t, folder)
	const messages = 500
	var newest protocol.Event
	for i := range messages {
		newest = do(t, s, message("lobby", ada, fmt.Sprint("needle ", i)))[0]
	}
	wantFound(t, s, "needle", messages)
	closeStore(t, s)
	whole := read(t, path)
	for name, spoil := range map[string]func(*testing.T){
		"missing":        func(t *testing.T) { remove(t, path) },
		"empty":          func(t *testing.T) { write(t, path, nil) },
		"something else": func(t *testing.T) { write(t, path, []byte("these are my notes\n")) },
		"cut off":        func(t *testing.T) { write(t, path, whole[:len(whole)/3]) },
		"damaged inside": func(t *testing.T) {
			write(t, path, append(bytes.Clone(whole[:8192]), bytes.Repeat([]byte{0xA5}, len(whole)-8192)...))
		},
		"of another version": func(t *testing.T) {
			write(t, path, whole)
			db, err := connect(path, indexCache)
			if err == nil {
				err = errors.Join(db.Exec("pragma user_version = 99"), db.close())
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"of logs in another epoch": func(t *testing.T) {
			write(t, path, whole)
			remove(t, filepath.Join(folder, lifeFile)) // so that every room begins a new epoch
		},
	} {
		t.Run(name, func(t *testing.T) {
			spoil(t)
			s := open(t, folder)
			defer closeStore(t, s)
			var f store.Found
			for f.Indexed < newest.TS { // who searches may be the first to see it
				f, _ = s.Search(t.Context(), store.Query{Text: "needle", Limit: 2 * messages})
			}
			if len(f.Events) != messages {
				t.Fatalf("%d messages are found, want %d", len(f.Events), messages)
			}
		})
	}
}

func TestAnIndexOfAnotherDatabaseAnswersForThisOne(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	do(t, s, message("lobby", ada, "needle"), message("lobby", ada, "needle"), message("attic", ada, "needle"))
	wantFound(t, s, "needle", 3)
	closeStore(t, s)

	other := t.TempDir()
	s = open(t, other)
	do(t, s, message("lobby", grace, "hay and a needle"), message("cellar", grace, "needle"))
	closeStore(t, s)
	write(t, filepath.Join(folder, File), read(t, filepath.Join(other, File)))

	s = open(t, folder)
	for _, e := range found(t, s, "needle") {
		if e.User != grace {
			t.Errorf("%+v is found", e)
		}
	}
	wantFound(t, s, "needle", 2)
	n, err := integerOf(s, "select count(*) from doc")
	if err != nil || n != 2 {
		t.Errorf("the index holds %d messages, %v; want 2", n, err)
	}
}

// integerOf asks the index.
func integerOf(s *Store, sql string) (n int, err error) {
	err = s.index.finding(context.Background(), func(db *conn) (err error) {
		n, err = integer(db.Conn, sql)
		return err
	})
	return n, err
}

func TestWhatIsPurgedOrDeletedLeavesTheIndex(t *testing.T) {
	s := open(t, t.TempDir())
	for range 1000 {
		do(t, s, message("lobby", ada, "needle"))
	}
	do(t, s, message("attic", ada, "needle"), message("attic", ada, "needle"))
	wantFound(t, s, "needle", 1000)
	do(t, s, deleteOf("attic", ada, 1))
	if _, err := s.Purge(t.Context(), "lobby", time.UnixMilli(1<<45)); err != nil {
		t.Fatal(err)
	}
	wantFound(t, s, "needle", 1)
	n, err := integerOf(s, "select count(*) from word where word match 'needle'")
	if err != nil || n != 1 {
		t.Errorf("the index holds %d messages, %v; want 1", n, err)
	}
}

func deleteOf(room string, user protocol.User, target protocol.Seq) store.Draft {
	return store.Draft{Room: room, Kind: protocol.KindDelete, User: user, Target: target}
}

func TestAnAnswerSaysUpToWhenAllIsIndexed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := progress{behind: map[string]lag{}}
		now := func() int64 { return time.Now().UnixMilli() }
		wantIndexed := func(want int64) {
			t.Helper()
			if got := p.indexed(); got != want {
				t.Fatalf("indexed up to %d, want %d", got, want)
			}
		}
		event := func(room string, seq protocol.Seq, ts int64) store.Result {
			return store.Result{New: true, Event: protocol.Event{Room: room, Seq: seq, TS: ts}}
		}
		wantIndexed(0) // before the survey
		p.survey([]store.Room{{Name: "lobby", Epoch: "e", First: 1, Head: 3}}, map[string]cursor{})
		wantIndexed(0)
		p.read(cursor{name: "lobby", seq: 2}, 1000)
		wantIndexed(999)
		p.read(cursor{name: "lobby", seq: 3}, 2000)
		wantIndexed(now() - 1)

		began := now()
		p.willAppend(began)
		time.Sleep(time.Second)
		wantIndexed(began - 1)
		p.appended([]store.Result{event("lobby", 4, began), event("lobby", 5, began), {Err: &protocol.Error{}}, event("attic", 1, began+5)}, nil)
		time.Sleep(time.Second)
		p.read(cursor{name: "lobby", seq: 5}, began)
		wantIndexed(began + 4)
		p.appended([]store.Result{event("attic", 2, now())}, nil)
		p.read(cursor{name: "attic", seq: 1}, began+5) // 2 came after it was read
		wantIndexed(began + 4)
		p.read(cursor{name: "attic", seq: 2}, now())
		p.purged("attic")
		wantIndexed(now() - 1)
		if survey, rooms := p.todo(); survey || fmt.Sprint(rooms) != "[attic]" {
			t.Fatalf("to do: %v, %v", survey, rooms)
		}

		p.appended(nil, errors.New("it may be there or not"))
		wantIndexed(0)
		p.survey([]store.Room{{Name: "lobby", Epoch: "e", First: 1, Head: 5}}, map[string]cursor{"lobby": {epoch: "e", first: 1, seq: 5}})
		wantIndexed(now() - 1)
	})
}

func TestMessagesOfOneMillisecondFindRoomInTheNext(t *testing.T) {
	x := &index{path: filepath.Join(t.TempDir(), wordFile), find: make(chan *conn, 1)}
	x.find <- nil
	if err := x.open(); err != nil {
		t.Fatal(err)
	}
	defer x.closeFile()
	b, db := indexing{index: x}, x.db
	number := func(time int64) int64 {
		t.Helper()
		n, err := b.number(time)
		if err == nil {
			err = db.exec("insert into doc (n, room, seq) values (?1, 1, ?1)", n)
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const far = 9_999_999_999_999 // a clock that was wrong
	for _, time := range []int64{1000, far} {
		first := number(time)
		if second := number(time); second != first+1 {
			t.Fatalf("%d after %d", second, first)
		}
		if err := db.exec("insert into doc (n, room, seq) values (?1, 1, ?1)", first+1<<19-1); err != nil {
			t.Fatal(err)
		}
		if next := number(time); next != first+1<<19 || next == math.MaxInt64 {
			t.Fatalf("%d, want %d", next, first+1<<19)
		}
	}
	if n := number(999); n >= number(1000) {
		t.Fatalf("%d for an earlier time", n)
	}
}
