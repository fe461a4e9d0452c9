package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/words"
	"github.com/parley-chat/parley/protocol"
)

// indexed waits until the index has nothing to do.
func indexed(t testing.TB, s *Store) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for range look.C {
		if survey, rooms := s.index.progress.todo(); !survey && len(rooms) == 0 {
			return
		}
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

func TestWhereTheIndexCantBeOpenedPeopleTalkWithoutIt(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, wordFile)
	must(t, os.MkdirAll(filepath.Join(path, "in the way"), 0o700))
	s := open(t, folder)
	said := say(t, s, "lobby", 3)[2]
	if _, err := s.Search(t.Context(), store.Query{Text: "2", Limit: 9}); err == nil {
		t.Fatal("it was found without an index")
	}
	must(t, os.RemoveAll(path))
	var f store.Found
	for f.Indexed < said.TS {
		f, _ = s.Search(t.Context(), store.Query{Text: "2", Limit: 9})
	}
	if len(f.Events) != 1 || f.Events[0] != said {
		t.Fatalf("found: %+v, want %+v", f.Events, said)
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
}

func TestTheIndexHoldsWhatIsThereAndNothingElse(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	random := rand.New(rand.NewPCG(1, 2))
	says := newBabble()
	for range 100 {
		room := []string{"lobby", "attic"}[random.IntN(2)]
		var drafts []store.Draft
		for range random.IntN(40) {
			target := protocol.Seq(1 + random.IntN(1500))
			switch random.IntN(8) {
			case 0:
				drafts = append(drafts, about(protocol.KindEdit, room, ada, target, says.text()))
			case 1:
				drafts = append(drafts, about(protocol.KindDelete, room, ada, target, ""))
			default:
				drafts = append(drafts, message(room, ada, says.text()))
			}
		}
		if _, err := s.Append(t.Context(), drafts); err != nil {
			t.Fatal(err)
		}
		if random.IntN(30) == 0 {
			if _, err := s.Purge(t.Context(), room, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	indexed(t, s)
	there := map[string]int{}
	for _, room := range []string{"lobby", "attic"} {
		where, err := s.Room(t.Context(), room)
		if err != nil {
			t.Fatal(err)
		}
		events, err := s.Read(t.Context(), room, where.First-1, math.MaxInt32)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Kind == protocol.KindMessage && !e.Deleted {
				there[fmt.Sprint(room, e.Seq, words.Tokens(e.Text))]++
			}
		}
	}
	closeStore(t, s)
	db, err := connectIndex(filepath.Join(folder, wordFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, db.close()) })
	if err := db.Exec("insert into word (word, rank) values ('integrity-check', 1)"); err != nil { // with the rows of doc
		t.Error(err)
	}
	err = db.query(func(s *sqlite3.Stmt) {
		there[fmt.Sprint(s.ColumnText(0), s.ColumnInt64(1), strings.Fields(s.ColumnText(2)))]--
	}, "select room.name, doc.seq, doc.text from doc join room on room.id = doc.room")
	if err != nil {
		t.Fatal(err)
	}
	for message, n := range there {
		if n != 0 {
			t.Errorf("%s is there %d times more than it is indexed", message, n)
		}
	}
}

func TestWordsThatWereEditedAwayOrDeletedAreNotInTheIndexsFile(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	for i, word := range []string{"zanzibar", "xylophone", "quicksilver"} {
		say(t, s, "lobby", 50)
		do(t, s, message("lobby", ada, strings.Repeat(word+" ", 1+i*200)))
	}
	indexed(t, s)
	do(t, s, about(protocol.KindEdit, "lobby", ada, 51, "something else"), about(protocol.KindDelete, "lobby", ada, 153, ""))
	indexed(t, s)
	closeStore(t, s)
	content := read(t, filepath.Join(folder, wordFile))
	for part, want := range map[string]bool{"anzibar": false, "ylophone": true, "uicksilver": false} { // terms lose what they share with others
		if got := bytes.Contains(content, []byte(part)); got != want {
			t.Errorf("%s is there: %t, want %t", part, got, want)
		}
	}
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
	t.Cleanup(func() { must(t, x.closeFile()) })
	b, db := indexing{index: x}, x.db
	number := func(time int64) int64 {
		t.Helper()
		n, err := b.number(time)
		if err == nil {
			err = db.exec("insert into doc (n, room, seq, text) values (?1, 1, ?1, '')", n)
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
		if err := db.exec("insert into doc (n, room, seq, text) values (?1, 1, ?1, '')", first+1<<19-1); err != nil {
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
