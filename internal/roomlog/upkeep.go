package roomlog

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Upkeep says what is to be asked of the store so that a node's logs keep up with what
// other nodes write, and when. It asks nothing by itself, and has no clock. Any goroutine
// may call its methods.
type Upkeep struct {
	mu      sync.Mutex
	looks   map[*Log]bool    // whose heads are to be asked for
	holes   map[*Log]*repair // that lack something
	filling int
}

// repair is of a log that lacks something.
type repair struct {
	due     time.Time // when it is to be filled
	filling bool
	again   bool // something was said of it while it was filled
	failed  int  // times in a row
}

// Source is what logs are read from.
type Source interface {
	Read(ctx context.Context, room string, cursor protocol.Seq, limit int) ([]protocol.Event, error)
	Room(ctx context.Context, name string) (store.Room, error)
}

const (
	// Something that came before what it lacks waits so long: mostly that comes by itself.
	holeWait = 20 * time.Millisecond

	fillPage  = 256
	farBehind = 4096 // events: more of them, readers had better read each for itself
	maxFills  = 4
	maxPause  = 5 * time.Second
)

// NewUpkeep has nothing to do yet.
func NewUpkeep() *Upkeep {
	return &Upkeep{looks: map[*Log]bool{}, holes: map[*Log]*repair{}}
}

// Look has a log's head be asked for.
func (u *Upkeep) Look(logs ...*Log) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, l := range logs {
		u.looks[l] = true
	}
}

// Looks takes the logs whose heads are to be asked for, by room.
func (u *Upkeep) Looks() []*Log {
	u.mu.Lock()
	defer u.mu.Unlock()
	logs := byRoom(u.looks)
	clear(u.looks)
	return logs
}

func byRoom[V any](logs map[*Log]V) []*Log {
	all := make([]*Log, 0, len(logs))
	for l := range logs {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *Log) int { return cmp.Compare(a.room, b.room) })
	return all
}

// Room is the log's.
func (l *Log) Room() string { return l.room }

// Heads is who is asked how far logs go.
type Heads interface {
	Source
	Life() string
	Heads(ctx context.Context, rooms []string) ([]protocol.Seq, error)
}

// Ask asks for the heads of logs, and is Wants for each then. If that fails, they are to
// be asked for again. clock says when the answer came.
func (u *Upkeep) Ask(ctx context.Context, s Heads, logs []*Log, clock func() time.Time) (lack bool, err error) {
	names := make([]string, len(logs))
	for i, l := range logs {
		names[i] = l.room
	}
	life := s.Life() // before: what the answer is of may be a later one
	heads, err := s.Heads(ctx, names)
	if err != nil {
		u.Look(logs...)
		return false, err
	}
	for i, l := range logs {
		base, old, err := baseOf(ctx, s, l, heads[i])
		if err != nil {
			u.Look(logs[i:]...)
			return lack, err
		}
		if l.base(life, base, old) {
			l.wake()
		}
		l.Reaches(life, heads[i])
		lack = u.Wants(l, clock()) || lack
	}
	return lack, nil
}

// baseOf is where a log stands whose head the store says: there. But if it has begun
// another life, in which some read on, what was written since is not passed over: it is
// behind the newest event that is as old as those of the life before.
func baseOf(ctx context.Context, s Heads, l *Log, head protocol.Seq) (base protocol.Seq, old int64, err error) {
	old, anew := l.begunAnew()
	if !anew || head == 0 {
		return head, old, nil
	}
	base = head - min(head, fillPage)
	events, err := s.Read(ctx, l.room, base, fillPage)
	if errors.Is(err, store.ErrNotKept) { // some of it was purged
		kept, failed := s.Room(ctx, l.room)
		if failed != nil {
			return 0, old, failed
		}
		base = kept.First - 1
		events, err = s.Read(ctx, l.room, base, fillPage)
	}
	if errors.Is(err, store.ErrNotKept) {
		return head, old, nil
	}
	for i := range events {
		if events[i].TS <= old {
			base = events[i].Seq
		}
	}
	return base, old, err
}

// Wants has what a log lacks be read, if it lacks something: then Due is to be asked.
func (u *Upkeep) Wants(l *Log, now time.Time) (lacks bool) {
	h, ok := l.Hole()
	if !ok {
		return false
	}
	if h.Waits {
		now = now.Add(holeWait)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch r := u.holes[l]; {
	case r == nil:
		u.holes[l] = &repair{due: now}
	case r.filling:
		r.again = true
	case r.failed == 0 && now.Before(r.due):
		r.due = now
	}
	return true
}

// Due takes the logs that are to be filled now, by room, and says how long to wait for
// the next; a long time if there is none.
func (u *Upkeep) Due(now time.Time) (logs []*Log, wait time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	wait = time.Hour
	for _, l := range byRoom(u.holes) {
		r := u.holes[l]
		if r.filling || u.filling == maxFills {
			continue
		}
		if in := r.due.Sub(now); in > 0 {
			wait = min(wait, in)
			continue
		}
		r.filling = true
		u.filling++
		logs = append(logs, l)
	}
	return logs, wait
}

// errNothing says that the store doesn't have what a log is said to hold.
var errNothing = errors.New("the store doesn't have it yet")

// Fill reads some of what a log lacks. done: it lacks nothing more. Filled is to be told
// in the end.
func (u *Upkeep) Fill(ctx context.Context, l *Log, s Source) (done bool, err error) {
	h, ok := l.Hole()
	if !ok {
		return true, nil
	}
	if h.Known-h.Cursor > farBehind {
		l.goOn(h.Life, h.Known)
		return false, nil
	}
	events, err := s.Read(ctx, l.room, h.Cursor, fillPage)
	switch {
	case errors.Is(err, store.ErrNotKept):
		return false, l.goOnAtFirst(ctx, &h, s)
	case err != nil:
		return false, err
	case len(events) == 0:
		return false, errNothing
	}
	if l.Offer(h.Life, events) {
		l.wake()
	}
	return false, nil
}

// goOn passes over what a log lacks up to seq.
func (l *Log) goOn(life string, seq protocol.Seq) {
	if l.Pass(life, seq) {
		l.wake()
	}
}

// goOnAtFirst has a log go on where the store does, which has forgotten what it lacks.
func (l *Log) goOnAtFirst(ctx context.Context, h *Hole, s Source) error {
	kept, err := s.Room(ctx, l.room)
	if err != nil {
		return err
	}
	if kept.First <= h.Cursor+1 {
		return errNothing
	}
	l.goOn(h.Life, kept.First-1)
	return nil
}

// Filled ends the filling of a log, or puts it off if it failed.
func (u *Upkeep) Filled(l *Log, err error, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.filling--
	switch r := u.holes[l]; {
	case err != nil:
		r.failed++
		r.filling, r.again = false, false
		r.due = now.Add(min(holeWait<<min(r.failed, 10), maxPause))
	case r.again:
		*r = repair{due: now}
	default:
		delete(u.holes, l)
	}
}
