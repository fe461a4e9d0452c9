package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
)

// follower is a client that keeps its promises: it comes back with its cursors, and
// asks again, in order, for what has no answer. What it reads, how fast, and where its
// line is cut is the test's to say.
type follower struct {
	world    *world
	identity auth.Identity
	ids      int

	mu       sync.Mutex
	changed  *sync.Cond // of mu
	line     net.Conn   // nil without one
	allowed  int        // bytes that it still reads
	cut      int        // bytes after which its line is cut
	rooms    map[string]*view
	outbox   []*asked // without an answer, in order
	promises []promise
	wrong    error
	tired    bool // await has waited too long
}

// everything is more bytes than there are.
const everything = 1 << 60

// asked is a command that must be done once: it is harmless to ask again.
type asked struct {
	id, name, room, key string
	target              protocol.Seq
	by                  auth.Identity
	frame               string
}

func newFollower(w *world, name string) *follower {
	f := &follower{world: w, identity: guest(name), allowed: everything, rooms: map[string]*view{}}
	f.changed = sync.NewCond(&f.mu)
	for _, room := range worldRooms {
		f.rooms[room] = &view{name: room}
	}
	return f
}

// connect makes a line, unless there is one, and asks for everything that the
// follower waits for.
func (f *follower) connect(deflate bool) {
	f.mu.Lock()
	if f.line != nil {
		f.mu.Unlock()
		return
	}
	line := f.world.open(f, deflate)
	f.line, f.cut = line, everything
	for _, v := range f.rooms {
		v.joined = false
	}
	frames := f.joins()
	for _, a := range f.outbox {
		frames = append(frames, a.frame)
	}
	f.mu.Unlock()
	go f.read(line, frame.NewDecoder(frame.Client, deflate, frame.Limits{MessageBytes: 1 << 20, Fragments: 1}))
	for _, text := range frames {
		f.write(line, text, everything)
	}
}

func (f *follower) joins() (frames []string) {
	for _, room := range worldRooms {
		v := f.rooms[room]
		since := ""
		if v.epoch != "" {
			since = fmt.Sprintf(`,"since":{"epoch":%q,"seq":%d}`, v.epoch, v.cursor)
		}
		frames = append(frames, fmt.Sprintf(`{"type":"join","id":"join %s","room":%q,"last":3%s}`, room, room, since))
	}
	return frames
}

// write sends at most n bytes of a frame; if that is not all of it, the line is cut.
func (f *follower) write(line net.Conn, text string, n int) {
	b := frame.AppendMaskedFrame(nil, frame.Text, []byte(text), [4]byte{1, 2, 3, 4})
	_ = line.SetWriteDeadline(time.Now().Add(patience))
	_, err := line.Write(b[:min(n, len(b))])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		f.fail(fmt.Errorf("the engine does not take %s", text))
	}
	if n < len(b) {
		line.Close()
	}
}

func (f *follower) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wrong == nil {
		f.wrong = err
	}
	f.changed.Broadcast()
}

// ask puts a command into the outbox, and sends n bytes of it if there is a line.
// Who reads nothing asks for little: it would wait for itself.
func (f *follower) ask(a *asked, n int) {
	f.mu.Lock()
	line := f.line
	if f.allowed < everything/2 && len(f.outbox) >= 8 {
		f.mu.Unlock()
		return
	}
	f.ids++
	a.id, a.by = fmt.Sprint(f.ids), f.identity
	a.frame = fmt.Sprintf(`{"type":%q,"id":%q,"room":%q,%s}`, a.name, a.id, a.room, a.frame)
	f.outbox = append(f.outbox, a)
	f.mu.Unlock()
	if line != nil {
		f.write(line, a.frame, n)
	}
}

// readOn has the follower read so many bytes from now on.
func (f *follower) readOn(bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.allowed = bytes
	f.changed.Broadcast()
}

// cutAfter has its line end in so many bytes.
func (f *follower) cutAfter(bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = bytes
	f.changed.Broadcast()
}

func (f *follower) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.line != nil {
		f.line.Close()
	}
	f.allowed = everything
	f.changed.Broadcast()
}

// patience is how long anything may take that should happen at once.
const patience = 10 * time.Second

// await waits until holds, which is asked under mu, or something is wrong.
func (f *follower) await(what string, holds func() bool) {
	late := time.AfterFunc(patience, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.tired = true
		f.changed.Broadcast()
	})
	defer late.Stop()
	f.mu.Lock()
	for !holds() && f.wrong == nil && !f.tired {
		f.changed.Wait()
	}
	if f.tired && f.wrong == nil {
		f.wrong = fmt.Errorf("it waits in vain until %s: %d commands have no answer; rooms %v", what, len(f.outbox), f.rooms)
	}
	f.mu.Unlock()
	f.world.collect()
}

// persist reads on, and comes back as often as that takes, until holds.
func (f *follower) persist(what string, holds func() bool) {
	for done := false; !done; {
		f.readOn(everything)
		f.connect(false)
		f.cutAfter(everything)
		f.await(what, func() bool {
			done = holds()
			return done || f.line == nil
		})
	}
}

// read takes what comes, as far as it is allowed to, until the line ends.
func (f *follower) read(line net.Conn, decoder frame.Decoder) {
	defer func() {
		line.Close()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.line = nil
		f.changed.Broadcast()
	}()
	buf := make([]byte, 4<<10)
	for {
		f.mu.Lock()
		for f.allowed == 0 && f.cut > 0 {
			f.changed.Wait()
		}
		n := min(f.allowed, f.cut, len(buf))
		f.mu.Unlock()
		if n == 0 {
			return // cut
		}
		n, err := line.Read(buf[:n])
		if n == 0 && err != nil {
			return
		}
		f.mu.Lock()
		f.allowed, f.cut = f.allowed-n, f.cut-min(n, f.cut)
		f.allowed = max(f.allowed, 0)
		err = f.take(&decoder, buf[:n])
		f.changed.Broadcast()
		f.mu.Unlock()
		if err != nil {
			f.fail(err)
			return
		}
	}
}

// take hears what is in p. Its caller holds mu.
func (f *follower) take(decoder *frame.Decoder, p []byte) error {
	for len(p) > 0 {
		n, m, ok, err := decoder.Decode(p)
		p = p[n:]
		if err != nil {
			return fmt.Errorf("the engine wrote a bad frame: %w", err)
		}
		if ok && m.Op == frame.Text {
			if err := f.hear(m.Payload); err != nil {
				return fmt.Errorf("%w: %.300s", err, m.Payload)
			}
		}
	}
	return nil
}

func (f *follower) hear(payload []byte) error {
	var head struct {
		Type, ID string
		Code     protocol.Code
	}
	if err := json.Unmarshal(payload, &head); err != nil {
		return err
	}
	room, isJoin := strings.CutPrefix(head.ID, "join ")
	switch {
	case head.Type == protocol.TypeEvent:
		var e protocol.Event
		if err := json.Unmarshal(payload, &e); err != nil {
			return err
		}
		return f.rooms[e.Room].see(&e)
	case head.Type == protocol.TypeOK && isJoin:
		var a protocol.Joined
		if err := json.Unmarshal(payload, &a); err != nil {
			return err
		}
		return f.rooms[room].begin(&a, f.world.epoch(room))
	case head.Type == protocol.TypeOK, head.Type == protocol.TypeError && !isJoin:
		return f.answered(head.ID, head.Code, payload)
	case head.Type == protocol.TypeError:
		return errors.New("a join was refused")
	}
	return nil
}

// answered takes the answer to the oldest command: each is answered in its turn.
func (f *follower) answered(id string, code protocol.Code, payload []byte) error {
	i := slices.IndexFunc(f.outbox, func(a *asked) bool { return a.id == id })
	if i != 0 {
		return fmt.Errorf("the answer to command %d of those that wait", i)
	}
	a := f.outbox[0]
	f.outbox = f.outbox[1:]
	if code != "" {
		// What it was about may be purged, deleted, or of another life of the log.
		if a.name == "send" || code != protocol.CodeNotFound && code != protocol.CodeForbidden {
			return fmt.Errorf("refused: %s", a.frame)
		}
		return nil
	}
	p := promise{command: a, epoch: f.world.epoch(a.room)}
	if err := json.Unmarshal(payload, &p.written); err != nil {
		return err
	}
	f.promises = append(f.promises, p)
	return nil
}

// mine is the seqs of a follower's own messages in a room, as it knows them.
func (f *follower) mine(room string) (seqs []protocol.Seq) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.rooms[room].events {
		if e.User.ID == f.identity.User && e.Kind == protocol.KindMessage {
			seqs = append(seqs, e.Seq)
		}
	}
	return seqs
}

// view is what somebody knows of a room: its events from base on, the messages among
// them as they are now.
type view struct {
	name   string
	epoch  string
	base   protocol.Seq
	cursor protocol.Seq
	joined bool // on this line
	events []protocol.Event
}

func (v *view) String() string {
	return fmt.Sprintf("%s from %d to %d (%.4s)", v.name, v.base+1, v.cursor, v.epoch)
}

// begin takes the answer to a join.
func (v *view) begin(a *protocol.Joined, epoch string) error {
	var want protocol.Reset
	switch {
	case a.Room.Epoch != epoch:
		return fmt.Errorf("the epoch is %s", epoch)
	case v.epoch != "" && v.epoch != epoch:
		want = protocol.ResetEpoch
	case v.epoch != "" && v.cursor+1 < a.Room.First:
		want = protocol.ResetPurged
	}
	if a.Reset != want {
		return fmt.Errorf("want reset %q: %v", want, v)
	}
	if v.epoch != "" && want == "" && a.From != v.cursor+1 {
		return fmt.Errorf("it does not go on: %v", v)
	}
	if v.epoch == "" || want != "" {
		v.epoch, v.base, v.cursor, v.events = epoch, a.From-1, a.From-1, nil
	}
	v.joined = true
	return nil
}

// see takes an event.
func (v *view) see(e *protocol.Event) error {
	if !v.joined || e.Seq != v.cursor+1 {
		return fmt.Errorf("want event %d", v.cursor+1)
	}
	v.cursor = e.Seq
	v.events = append(v.events, *e)
	if e.Target <= v.base {
		return nil
	}
	target := &v.events[e.Target-v.base-1]
	switch {
	case e.Kind == protocol.KindDelete, e.Kind == protocol.KindEdit && e.Deleted:
		target.Text, target.Edited, target.Deleted = "", 0, true
	case e.Kind == protocol.KindEdit:
		target.Text, target.Edited = e.Text, e.TS
	}
	return nil
}

// compare holds the view against the log, as far as both go back.
func (v *view) compare(log []protocol.Event, first protocol.Seq) error {
	for seq := max(first, v.base+1); seq <= protocol.Seq(len(log)); seq++ {
		got, want := v.events[seq-v.base-1], log[seq-1]
		if got.Kind == protocol.KindEdit { // what it said then; what is said now is its message's
			got.Text, got.Edited, got.Deleted = want.Text, want.Edited, want.Deleted
		}
		if got.Deleted && want.Deleted { // whether it was edited before is nobody's business any more
			got.Edited, want.Edited = 0, 0
		}
		if got != want {
			return fmt.Errorf("it has seen %+v, the log has %+v", got, want)
		}
	}
	return nil
}
