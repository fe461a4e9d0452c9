package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// about is a draft about a message.
func about(kind protocol.Kind, room string, user protocol.User, target protocol.Seq, what string) store.Draft {
	d := store.Draft{Room: room, Kind: kind, User: user, Target: target}
	if kind == protocol.KindReact || kind == protocol.KindUnreact {
		d.Emoji = what
	} else {
		d.Text = what
	}
	return d
}

func readAll(t *testing.T, s *Store, room string, cursor protocol.Seq) []protocol.Event {
	t.Helper()
	events, err := s.Read(t.Context(), room, cursor, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestWhatWasEditedAwayOrDeletedIsInNoFile(t *testing.T) {
	secret := func(n int) string { return strings.Repeat(fmt.Sprintf("secret-%d ", n), 1000) } // some pages
	for name, n := range map[string]int{"short": 1, "of several pages": 1000} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			s := open(t, folder)
			for i := range 3 {
				do(t, s, message("lobby", ada, secret(i)[:n*9]))
				say(t, s, "lobby", 20)
			}
			do(t, s,
				about(protocol.KindEdit, "lobby", ada, 1, "something else"),
				about(protocol.KindEdit, "lobby", ada, 22, "secret-3 "),
				about(protocol.KindDelete, "lobby", ada, 22, ""))
			backup := read(t, mustBackup(t, folder))
			closeStore(t, s)
			for where, content := range map[string][]byte{"the database": read(t, filepath.Join(folder, File)), "the backup": backup} {
				for i, want := range []bool{0: false, 1: false, 2: true, 3: false} {
					if got := bytes.Contains(content, []byte(secret(i)[:9])); got != want {
						t.Errorf("text %d in %s: %t, want %t", i, where, got, want)
					}
				}
			}
		})
	}
}

func TestReactionsAreWhatTheEventsSay(t *testing.T) {
	s := open(t, t.TempDir())
	say(t, s, "lobby", 40)
	random := rand.New(rand.NewPCG(1, 2))
	kinds := []protocol.Kind{protocol.KindReact, protocol.KindReact, protocol.KindReact, protocol.KindUnreact, protocol.KindUnreact, protocol.KindDelete}
	done := map[protocol.Kind]int{}
	for range 2000 {
		kind := kinds[random.IntN(len(kinds))]
		if kind == protocol.KindDelete && random.IntN(20) > 0 {
			continue
		}
		user := []protocol.User{ada, grace}[random.IntN(2)]
		d := about(kind, "lobby", user, protocol.Seq(1+random.IntN(40)), []string{"👍", "🦉", "🚀"}[random.IntN(3)])
		results, err := s.Append(t.Context(), []store.Draft{d})
		if err != nil {
			t.Fatal(err)
		}
		if results[0].New {
			done[kind]++
		}
	}
	for _, kind := range kinds {
		if done[kind] < 3 {
			t.Errorf("%s was done %d times: too few to show anything", kind, done[kind])
		}
	}
	rows := func(sql string) (all []string) {
		t.Helper()
		err := s.writer.query(func(s *sqlite3.Stmt) {
			all = append(all, fmt.Sprint(s.ColumnText(0), s.ColumnText(1), s.ColumnText(2), s.ColumnText(3)))
		}, sql)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	stand := rows("select target, emoji, user, seq from reaction order by 1, 2, 3")
	say := rows(`
		select latest.target, latest.emoji, latest.user, latest.seq
		from (select *, row_number() over (partition by room, target, emoji, user order by seq desc) as n
			from event where kind in ('react', 'unreact')) latest
		join event m on m.room = latest.room and m.seq = latest.target and m.deleted = 0
		where latest.n = 1 and latest.kind = 'react' order by 1, 2, 3`)
	if len(stand) < 3 || !slices.Equal(stand, say) {
		t.Errorf("%d reactions stand, and the events say %d:\n%v\n%v", len(stand), len(say), stand, say)
	}
}

func TestTheSecretStaysWithTheStore(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	was := bytes.Clone(s.Secret())
	if len(was) != 32 || bytes.Equal(was, make([]byte, 32)) {
		t.Fatalf("%d bytes: %x", len(was), was)
	}
	closeStore(t, s)
	if now := open(t, folder).Secret(); !bytes.Equal(now, was) {
		t.Error("a restart made another one")
	}
	if now := open(t, mustRestoreElsewhere(t, folder)).Secret(); !bytes.Equal(now, was) {
		t.Error("it is not in a backup")
	}
	if other := open(t, t.TempDir()).Secret(); bytes.Equal(other, was) {
		t.Error("another store has the same")
	}
}

func TestARoomHasTheEpochThatItsLogBeginsWith(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	room := func(name string) store.Room {
		t.Helper()
		r, err := s.Room(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	was := room("lobby")
	if want := (store.Room{Name: "lobby", Epoch: was.Epoch, First: 1}); was != want || was.Epoch == "" || was.Epoch == room("attic").Epoch {
		t.Errorf("before its log there is %+v", was)
	}
	closeStore(t, s)
	s = open(t, folder)
	say(t, s, "lobby", 1)
	if now := room("lobby"); now.Epoch != was.Epoch || now.Head != 1 {
		t.Errorf("%+v began as %+v", was, now)
	}
	attic := room("attic")
	closeStore(t, s)
	remove(t, filepath.Join(folder, lifeFile)) // as if an old copy had been put back
	s = open(t, folder)
	if room("lobby").Epoch == was.Epoch || room("attic").Epoch == attic.Epoch {
		t.Error("another life has the epochs of before")
	}
	if all, err := s.Rooms(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("asking for a room made it: %+v, %v", all, err)
	}
}

func TestEventsOfTheFirstSchemaAreMessages(t *testing.T) {
	folder := t.TempDir()
	all, err := store.Steps(migrations)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite3.Open(filepath.Join(folder, File))
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(step(db, all[0], 1), db.Exec(`
		insert into life values ('a');
		insert into room (id, name, epoch, head, time) values (7, 'lobby', 'old', 2, 20);
		insert into event (room, seq, time, user, name, text) values (7, 1, 10, '', 'guest', 'hello @ada'), (7, 2, 20, 'u2', 'grace', 'hi')`), db.Close())
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, lifeFile), []byte(`{"ids":["a"],"events":2}`))

	s := open(t, folder)
	if now, want := onlyRoom(t, s), (store.Room{Name: "lobby", Epoch: "old", First: 1, Head: 2}); now != want {
		t.Errorf("the room became %+v, want %+v", now, want)
	}
	want := []protocol.Event{
		{Room: "lobby", Seq: 1, TS: 10, Kind: protocol.KindMessage, User: protocol.User{Name: "guest"}, Text: "hello @ada"},
		{Room: "lobby", Seq: 2, TS: 20, Kind: protocol.KindMessage, User: grace, Text: "hi"},
	}
	if got := readAll(t, s, "lobby", 0); !slices.Equal(got, want) {
		t.Errorf("they became %+v, want %+v", got, want)
	}
	unread, err := s.Unread(t.Context(), ada, []string{"lobby"})
	if err != nil || unread[0] != (store.Unread{Messages: 2, Mentions: 1}) {
		t.Errorf("unread: %+v, %v", unread, err)
	}
	results, err := s.Append(t.Context(), []store.Draft{
		about(protocol.KindEdit, "lobby", protocol.User{Name: "guest"}, 1, "mine?"), // as anybody could call themselves
		about(protocol.KindEdit, "lobby", grace, 2, "hi, all"),
	})
	if err != nil || results[0].Err == nil || results[0].Err.Code != protocol.CodeForbidden || !results[1].New {
		t.Errorf("%+v, %v; want the first edit forbidden, the second done", results, err)
	}
}

func TestAReadThatIsStoppedGivesNothingInHalves(t *testing.T) {
	s := open(t, t.TempDir())
	say(t, s, "lobby", 100)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.reading(ctx, func(db *conn) error {
		n := 0
		err := db.query(func(*sqlite3.Stmt) {
			if n++; n == 50 {
				cancel()
			}
		}, "select seq from event")
		if n == 100 {
			t.Error("it was not stopped")
		}
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was stopped", err)
	}
	if got := readAll(t, s, "lobby", 0); len(got) != 100 {
		t.Errorf("the next one has %d events", len(got))
	}
}

func TestADraftThatIsRefusedMakesNoRoom(t *testing.T) {
	s := open(t, t.TempDir())
	results, err := s.Append(t.Context(), []store.Draft{
		about(protocol.KindEdit, "lobby", ada, 1, "x"),
		about(store.KindRead, "lobby", ada, 5, ""),
		about(protocol.KindTopic, "lobby", ada, 0, ""),
	})
	if err != nil || results[0].New || results[1].New || results[2].New {
		t.Fatalf("%+v, %v", results, err)
	}
	if rooms, err := s.Rooms(t.Context()); err != nil || len(rooms) > 0 {
		t.Errorf("%+v, %v; want none", rooms, err)
	}
}

// A batch whose end can't be written takes with it what its beginning changed.
func TestABatchThatFailedLeavesNothingOfItsChanges(t *testing.T) {
	s, err := Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, s)
	say(t, s, "lobby", 2)
	if err := s.writer.Exec("create trigger refuse before insert on event when new.text = 'no' begin select raise(abort, 'no'); end"); err != nil {
		t.Fatal(err)
	}
	was := readAll(t, s, "lobby", 0)
	if _, err := s.Append(t.Context(), []store.Draft{
		about(protocol.KindEdit, "lobby", ada, 1, "changed"),
		about(protocol.KindReact, "lobby", ada, 2, "👍"),
		about(protocol.KindTopic, "lobby", ada, 0, "changed"),
		about(store.KindRead, "lobby", grace, 2, ""),
		message("attic", ada, "changed"),
		message("lobby", ada, "no"),
	}); err == nil {
		t.Fatal("it was written")
	}
	if now := readAll(t, s, "lobby", 0); !slices.Equal(now, was) {
		t.Errorf("%+v became %+v", was, now)
	}
	unread, err := s.Unread(t.Context(), grace, []string{"lobby"})
	if err != nil || unread[0].Read != 0 {
		t.Errorf("the mark moved: %+v, %v", unread, err)
	}
	if r := onlyRoom(t, s); r.Topic != "" || r.Head != 2 {
		t.Errorf("the room is now %+v", r)
	}
	if e := do(t, s, about(protocol.KindReact, "lobby", ada, 2, "👍"), about(protocol.KindTopic, "lobby", ada, 0, "changed")); e[1].Seq != 4 {
		t.Errorf("it goes on with %+v", e)
	}
}

func TestRepeatsAndRefusalsWriteNothing(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	d := message("lobby", ada, "once")
	d.Key = "k1"
	do(t, s, d, about(protocol.KindTopic, "lobby", ada, 0, "tea"))
	if _, err := s.Append(t.Context(), []store.Draft{about(store.KindRead, "lobby", ada, 2, "")}); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		info, err := os.Stat(filepath.Join(folder, File+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	was := size()
	for range 100 {
		if _, err := s.Append(t.Context(), []store.Draft{
			d, about(protocol.KindTopic, "lobby", ada, 0, "tea"), about(store.KindRead, "lobby", ada, 2, ""), about(protocol.KindDelete, "lobby", grace, 1, ""),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if now := size(); now != was {
		t.Errorf("%d bytes were written", now-was)
	}
}
