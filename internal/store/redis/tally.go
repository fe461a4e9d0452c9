package redis

import (
	"context"
	"sync"

	"github.com/parley-chat/parley/protocol"
)

// tally is what a room's log says of its messages that is needed to count those that are
// unread: a reader of the log with a cursor, which goes on from there.
type tally struct {
	turn    chan struct{} // has one while it is lent
	counted int           // how many events it had then; guarded by the tallies' mu

	// Owned by whom it is lent to.
	life  string
	first protocol.Seq // of said
	said  []said       // each event from first on
	users map[string]uint32
}

// said is what is needed of one event.
type said struct {
	by    uint32
	state state
}

type state uint8

// What an event is: none that counts, a message, one with an @ in it, one that was deleted.
const (
	other state = iota
	plain
	mentioning
	deleted
)

func newTally() *tally {
	t := &tally{turn: make(chan struct{}, 1)}
	t.begin("")
	return t
}

func (t *tally) cursor() protocol.Seq { return t.first + protocol.Seq(len(t.said)) - 1 }

// begin has it begin anew, in a life.
func (t *tally) begin(life string) {
	t.life, t.first, t.said, t.users = life, 1, nil, map[string]uint32{}
}

// take reads on.
func (t *tally) take(r *reply) error {
	t.forget(max(1, r.seq()))
	for len(r.values) > 0 && !r.garbled {
		kind, about, text := protocol.Kind(r.text()), r.text(), r.text()
		is := plain
		switch text {
		case "@":
			is = mentioning
		case "x":
			is = deleted
		}
		s := said{}
		switch kind {
		case protocol.KindMessage:
			s = said{t.user(about), is}
		case protocol.KindEdit:
			t.change(protocol.Seq(r.parse(about)), is)
		case protocol.KindDelete:
			t.change(protocol.Seq(r.parse(about)), deleted)
		}
		t.said = append(t.said, s)
	}
	if r.garbled {
		return errGarbled
	}
	return nil
}

// forget drops what is older than first.
func (t *tally) forget(first protocol.Seq) {
	if first > t.first {
		t.said = t.said[min(first-t.first, protocol.Seq(len(t.said))):]
		t.first = first
	}
}

func (t *tally) user(id string) uint32 {
	n, ok := t.users[id]
	if !ok {
		n = uint32(len(t.users) + 1)
		t.users[id] = n
	}
	return n
}

// change has a message be something else, if it is still kept.
func (t *tally) change(seq protocol.Seq, to state) {
	if seq < t.first || seq > t.cursor() {
		return
	}
	if m := &t.said[seq-t.first]; m.state != other && m.state != deleted {
		m.state = to
	}
}

// unread counts the messages of others after a mark, up to a head, and gives the seqs of
// those that may mention somebody.
func (t *tally) unread(user string, mark, head protocol.Seq) (n int, mentioned []protocol.Seq) {
	self := t.users[user] // 0 for one who said nothing
	for seq := max(mark+1, t.first); seq <= min(head, t.cursor()); seq++ {
		m := t.said[seq-t.first]
		if m.state == other || m.state == deleted || m.by == self {
			continue
		}
		n++
		if m.state == mentioning {
			mentioned = append(mentioned, seq)
		}
	}
	return n, mentioned
}

// tallies are those of the rooms that were asked about, as many as there is place for.
type tallies struct {
	mu   sync.Mutex
	of   map[string]*tally
	held int // events in them, about
}

// maxTallied is for how many events there is place: 8 bytes each.
const maxTallied = 4 << 20

// lend gives a room's tally to one who reads it on, and then gives it back.
func (ts *tallies) lend(ctx context.Context, room string) (*tally, error) {
	ts.mu.Lock()
	t := ts.of[room]
	if t == nil {
		if ts.of == nil {
			ts.of = map[string]*tally{}
		}
		t = newTally()
		ts.of[room] = t
	}
	ts.mu.Unlock()
	select {
	case t.turn <- struct{}{}:
		return t, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// giveBack ends what lend began. What there is no place for is forgotten.
func (ts *tallies) giveBack(room string, t *tally) {
	ts.mu.Lock()
	if ts.of[room] == t {
		ts.held += len(t.said) - t.counted
		t.counted = len(t.said)
		if len(t.users) > 2*len(t.said)+1000 { // most of them said what is gone
			ts.drop(room)
		}
		for other := range ts.of {
			if ts.held <= maxTallied {
				break
			}
			ts.drop(other)
		}
	}
	ts.mu.Unlock()
	<-t.turn
}

func (ts *tallies) drop(room string) {
	ts.held -= ts.of[room].counted
	delete(ts.of, room)
}
