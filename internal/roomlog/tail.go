package roomlog

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/parley-chat/parley/protocol"
)

// Shared has the log be one that other nodes write to, too. What is written becomes
// part of it in the order of its seqs, whoever tells of it first: it waits until
// nothing is missing before it. life names the life that the log is in. It is called
// before anything else.
func (l *Log) Shared(life string) { l.tail = &tail{life: life} }

// tail is what is known of a log beyond its head. It is guarded by the log's mu.
type tail struct {
	life  string       // of the store, that the log is in
	lives uint32       // how many it had before
	told  atomic.Int64 // time of the newest event that a reader may have, as far as is known
	old   int64        // what was written up to then belongs to the life before; 0 if that isn't known, or there was none

	passed  bool             // the head's time is not known
	based   bool             // the head is known; else there is none before the first event
	pending []protocol.Event // by seq, all behind a hole; of those that are told twice, the first
	bytes   int              // of them, about
	known   protocol.Seq     // the log reaches so far, as somebody said
}

// What may wait for the events before it. Beyond, it is read from the store.
const (
	maxPending      = 512
	maxPendingBytes = 256 << 10
)

// Offer gives the log events of one life that were written to it, here or elsewhere, in
// the order of their seqs. Those that it has are passed over, and so are those of
// another life. grown: there is more to read.
func (l *Log) Offer(life string, events []protocol.Event) (grown bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if life != l.tail.life {
		return false
	}
	before := l.head
	for i := range events {
		l.offer(&events[i])
	}
	return l.head > before
}

// offer is Offer for one. Its caller holds mu.
func (l *Log) offer(e *protocol.Event) {
	t := l.tail
	t.known = max(t.known, e.Seq)
	switch {
	case t.based && e.Seq == l.head+1:
		l.take(e)
		l.catchUp()
	case !t.based || e.Seq > l.head:
		t.keep(e, l.isReadAtAll())
	}
}

// take appends the next event.
func (l *Log) take(e *protocol.Event) {
	l.tail.tells(e.TS)
	l.tail.passed = false
	l.put(e)
}

// tells notes that readers may have what was written at that time. Any goroutine may.
func (t *tail) tells(ts int64) {
	for {
		told := t.told.Load()
		if ts <= told || t.told.CompareAndSwap(told, ts) {
			return
		}
	}
}

// waitSize is about how many bytes an event takes that waits.
func waitSize(e *protocol.Event) int { return len(e.Text) + 200 }

// keep has an event wait.
func (t *tail) keep(e *protocol.Event, read bool) {
	size := waitSize(e)
	if !read || len(t.pending) >= maxPending || t.bytes+size > maxPendingBytes {
		return // it is known of: whoever needs it finds it in the store
	}
	i, there := slices.BinarySearchFunc(t.pending, e.Seq, func(p protocol.Event, seq protocol.Seq) int { return cmp.Compare(p.Seq, seq) })
	if !there {
		t.pending = slices.Insert(t.pending, i, *e)
		t.bytes += size
	}
}

// catchUp appends what waits, as far as nothing is missing.
func (l *Log) catchUp() {
	t := l.tail
	n := 0
	for ; n < len(t.pending) && t.pending[n].Seq <= l.head+1; n++ {
		e := &t.pending[n]
		if e.Seq == l.head+1 {
			l.take(e)
		}
		t.bytes -= waitSize(e)
	}
	if t.pending = slices.Delete(t.pending, 0, n); len(t.pending) == 0 {
		t.pending = nil
	}
}

// Base says where a log stands of which nothing is known yet: what is in the store up
// to head was written before anybody here read it, but for what waits already. Of a log
// that has begun another life, Ask finds out mostly, since there some read on.
func (l *Log) Base(life string, head protocol.Seq) (grown bool) { return l.base(life, head, 0) }

// base is Base for a log whose life before this one ended at old, as far as is known.
func (l *Log) base(life string, head protocol.Seq, old int64) (found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tail
	if t.based || life != t.life || old != t.old {
		return false
	}
	t.based, t.known = true, max(t.known, head)
	if len(t.pending) > 0 {
		head = min(head, t.pending[0].Seq-1)
	}
	l.head = head
	l.catchUp()
	return true
}

// begunAnew reports whether it is yet to be found out where the log stands in another
// life than its first, and when that began, as its events' times tell.
func (l *Log) begunAnew() (old int64, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tail.old, !l.tail.based && l.tail.old > 0
}

// Based reports whether it is known where the log stands.
func (l *Log) Based() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.tail == nil || l.tail.based
}

// Reaches says that the log goes up to head at least.
func (l *Log) Reaches(life string, head protocol.Seq) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if life == l.tail.life {
		l.tail.known = max(l.tail.known, head)
	}
}

// Hole is what a log lacks: the events after Cursor up to Known.
type Hole struct {
	Life          string
	Cursor, Known protocol.Seq
	Waits         bool // for it, something that came before it
}

// Hole is what is to be read from the store; ok: there is something. Nothing is missing
// where nobody reads.
func (l *Log) Hole() (h Hole, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tail
	if !t.based || t.known <= l.head {
		return h, false
	}
	if !l.isReadAtAll() {
		l.pass(t.known)
		return h, false
	}
	return Hole{t.life, l.head, t.known, len(t.pending) > 0}, true
}

// Pass has the log go on behind seq, without what is missing before it: readers find it
// in the store.
func (l *Log) Pass(life string, seq protocol.Seq) (grown bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if life != l.tail.life || !l.tail.based || seq <= l.head {
		return false
	}
	l.pass(seq)
	return true
}

func (l *Log) pass(seq protocol.Seq) {
	if l.first == 0 {
		l.first = l.head + 1
	}
	l.tear()
	l.head, l.tail.passed = max(l.head, seq), true
	l.catchUp()
}

// Rewind begins another life of the log, of which nothing is known yet: readers of the
// encodings that hold every event can't go on, the others go on with what is written in
// it.
func (l *Log) Rewind(life string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tail
	if life == t.life {
		return
	}
	l.tear()
	l.first, l.head, l.stored = 0, 0, 0
	next := &tail{life: life, lives: t.lives + 1, passed: t.passed}
	if !t.passed {
		next.old = max(t.told.Load(), t.old)
	}
	l.tail = next
	for _, s := range l.streams {
		if s != nil {
			s.begins = s.head
		}
	}
}

// lives is how many lives the log had before this one.
func (l *Log) lives() uint32 {
	if l.tail == nil {
		return 0
	}
	return l.tail.lives
}

// isReadAtAll reports whether anybody reads. Its caller holds mu.
func (l *Log) isReadAtAll() bool {
	for _, s := range l.streams {
		if s != nil {
			return true
		}
	}
	return false
}
