package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/internal/store/sqlite"
	"github.com/parley-chat/parley/protocol"
)

// world is an engine on a store, and those who follow its rooms: while the engine is
// started anew, events are purged, and lines are cut.
type world struct {
	t      *rapid.T
	kind   worldKind
	folder string // of sqlite
	store  store.Store
	engine *Engine
	people []*follower
	lives  map[string][]string // the epochs that each room has had
	acked  []promise
}

// worldKind is what a world is made of.
type worldKind struct {
	store     string // memory or sqlite
	lines     string // pipes, which keep nothing: what isn't read isn't written; or sockets
	transport Transport
}

var worldRooms = []string{"lobby", "attic"}

// promise is what the answer to a command said.
type promise struct {
	command *asked
	epoch   string // of the room at that time
	written protocol.Written
}

func newWorld(t *rapid.T, kind worldKind, folder string) *world {
	w := &world{t: t, kind: kind, lives: map[string][]string{}}
	if kind.store == "sqlite" {
		var err error
		if w.folder, err = os.MkdirTemp(folder, ""); err != nil {
			t.Fatal(err)
		}
	}
	w.openStore()
	w.startEngine()
	for _, name := range []string{"ada", "grace", "linus"} {
		w.people = append(w.people, newFollower(w, name))
	}
	t.Cleanup(func() {
		for _, f := range w.people {
			f.hangUp()
		}
		w.stop()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
		if w.folder != "" {
			os.RemoveAll(w.folder) //nolint:errcheck // its parent goes with the test
		}
	})
	return w
}

// openStore opens the store as a node that starts would: what memory had is gone.
func (w *world) openStore() {
	w.store = memory.New(memory.DefaultBudget)
	if w.kind.store == "sqlite" {
		s, err := sqlite.Open(filepath.Join(w.folder, "data"), slog.New(slog.DiscardHandler))
		if err != nil {
			w.t.Fatal(err)
		}
		w.store = s
	}
	for _, room := range worldRooms {
		if epoch := w.room(room).Epoch; len(w.lives[room]) == 0 || w.epoch(room) != epoch {
			w.lives[room] = append(w.lives[room], epoch)
		}
	}
}

func (w *world) room(name string) store.Room {
	r, err := w.store.Room(context.Background(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// epoch is the room's present one.
func (w *world) epoch(room string) string { return w.lives[room][len(w.lives[room])-1] }

// startEngine has logs keep so little that the store is asked for most of what
// anybody reads late.
func (w *world) startEngine() {
	var err error
	w.engine, err = New(Config{
		Store: w.store, Metrics: metrics.New(), Log: slog.New(slog.DiscardHandler), Heartbeat: time.Hour,
		Memory: &roomlog.Budget{MemoryBytes: 4 << 10, Total: 16 << 10}, Transport: w.kind.transport,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// stop ends the engine, once, and cuts off whoever is there.
func (w *world) stop() {
	if w.engine == nil {
		return
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = w.engine.Drain(now) // says that somebody was cut off
	w.engine = nil
}

// restart has the node go and come again.
func (w *world) restart() {
	w.stop()
	for _, f := range w.people {
		f.cutAfter(0) // it may not be reading
		f.await("its line ends", func() bool { return f.line == nil })
	}
	w.collect()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.openStore()
	w.startEngine()
}

// purge forgets the older part of what a room has: all of it for 10.
func (w *world) purge(room string, tenths int) {
	r := w.room(room)
	seq := r.First - 1 + (r.Head-r.First+1)*protocol.Seq(tenths)/10 // the last to go
	if seq < r.First {
		return
	}
	events, err := w.store.Read(context.Background(), room, seq-1, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	before := time.UnixMilli(events[0].TS + 1)
	if _, err := w.store.Purge(context.Background(), room, before); err != nil {
		w.t.Fatal(err)
	}
}

// open gives the client's end of a new session's line.
func (w *world) open(f *follower, deflate bool) net.Conn {
	ours, theirs := net.Pipe()
	if w.kind.lines == "sockets" {
		ours, theirs = w.sockets()
	}
	w.engine.Open(Opening{Conn: ours, Identity: f.identity, Dialect: protocol.V1, Deflate: deflate})
	return theirs
}

// sockets is a connection over loopback that keeps little.
func (w *world) sockets() (ours, theirs net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	defer l.Close()
	if theirs, err = net.Dial("tcp", l.Addr().String()); err != nil {
		w.t.Fatal(err)
	}
	if ours, err = l.Accept(); err != nil {
		w.t.Fatal(err)
	}
	_ = theirs.(*net.TCPConn).SetReadBuffer(4 << 10)
	return ours, theirs
}

// collect takes what the followers were promised, and stops at what they found
// wrong.
func (w *world) collect() {
	for _, f := range w.people {
		f.mu.Lock()
		w.acked = append(w.acked, f.promises...)
		f.promises = nil
		wrong := f.wrong
		f.mu.Unlock()
		if wrong != nil {
			w.t.Fatalf("%s: %v", f.identity.Name, wrong)
		}
	}
}

// settle has everybody hear of all that they asked for, and read every room to its
// end.
func (w *world) settle() {
	for _, f := range w.people {
		f.persist("everything is answered", func() bool { return len(f.outbox) == 0 })
	}
	for _, room := range worldRooms {
		r := w.room(room)
		for _, f := range w.people {
			v := f.rooms[room]
			f.persist(fmt.Sprintf("%s is read up to %d", room, r.Head), func() bool { return v.cursor == r.Head && v.epoch == r.Epoch })
		}
	}
}

// compare holds what everybody has seen, and was told, against the log.
func (w *world) compare() {
	for _, room := range worldRooms {
		r := w.room(room)
		log := make([]protocol.Event, r.First-1, r.Head) // what is purged is zero
		for seq := r.First - 1; seq < r.Head; {
			page, err := w.store.Read(context.Background(), room, seq, 1000)
			if err != nil {
				w.t.Fatal(err)
			}
			log = append(log, page...)
			seq += protocol.Seq(len(page))
		}
		w.compareKeys(room, log)
		for _, f := range w.people {
			if err := f.rooms[room].compare(log[:r.Head], r.First); err != nil {
				w.t.Fatalf("%s in %s: %v", f.identity.Name, room, err)
			}
		}
		for _, p := range w.acked {
			if p.command.room == room && p.epoch == r.Epoch && p.written.Seq >= r.First {
				w.compareAnswer(&p, log)
			}
		}
	}
}

// compareKeys sees that nobody's key is there twice.
func (w *world) compareKeys(room string, log []protocol.Event) {
	seen := map[string]protocol.Seq{}
	for _, e := range log {
		if e.Key == "" {
			continue
		}
		whose := e.User.ID + " " + e.Key
		if first := seen[whose]; first != 0 {
			w.t.Fatalf("%s: the key of %d is that of %d", room, e.Seq, first)
		}
		seen[whose] = e.Seq
	}
}

func (w *world) compareAnswer(p *promise, log []protocol.Event) {
	e, c := log[p.written.Seq-1], p.command
	same := e.Seq == p.written.Seq && e.TS == p.written.TS
	if c.name == "send" {
		same = same && e.Kind == protocol.KindMessage && e.Key == c.key && e.User.ID == c.by.User
	} else if !p.written.Repeated {
		same = same && string(e.Kind) == c.name && e.Target == c.target && e.User.ID == c.by.User
	}
	if !same {
		w.t.Fatalf("%s was answered with %+v, and there is %+v", c.frame, p.written, e)
	}
}
