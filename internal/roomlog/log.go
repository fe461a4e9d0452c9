package roomlog

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

// ErrNotInMemory says that what lies after a cursor is no longer in the memory
// log.
var ErrNotInMemory = errors.New("not in the memory log")

// ErrRewound says that a log has begun another life, so that a reader's cursor names
// nothing in it.
var ErrRewound = errors.New("the log has begun anew")

// Encoding is how a reader gets its frames: a dialect, and whether
// permessage-deflate was negotiated. Each is written once, however many read it.
type Encoding struct {
	Dialect protocol.Dialect
	Deflate bool
}

// index puts the encodings into an array.
func (e Encoding) index() int {
	i := 2 * int(e.Dialect)
	if e.Deflate {
		i++
	}
	return i
}

const encodings = 2 * protocol.Dialects // plain and deflated

// Budget bounds the memory of all logs that share it.
type Budget struct {
	MemoryBytes int   // of one encoding of one log
	Total       int64 // of all of them

	used atomic.Int64
}

// Used is how many bytes the logs hold now.
func (b *Budget) Used() int64 { return b.used.Load() }

// Once the total is used up, a log that grows keeps no more than this.
const scarceBytes = maxSegment

// limit is what one encoding may hold now.
func (b *Budget) limit() int {
	if b.used.Load() > b.Total {
		return scarceBytes
	}
	return b.MemoryBytes
}

// Log is one room's log.
type Log struct {
	// Fixed after New.
	room   string
	budget *Budget
	wake   func() // tells the readers that there is more

	// Owned by whoever appends.
	dirty int // its place among those that a batch appends to, from 1; 0: it doesn't

	drops atomic.Uint64 // how often what readers had yet to read was dropped

	// Any goroutine.
	outrun  outrun
	waiting atomic.Int64 // bytes of proposals

	mu      sync.RWMutex
	first   protocol.Seq       // of the first event that was appended here; 0 before it
	head    protocol.Seq       // of the newest
	stored  protocol.Seq       // of the newest that somebody has found in the store
	streams [encodings]*stream // nil where nobody reads
	scratch []byte             // the last payload, framed for each stream
	tail    *tail              // nil where nobody else writes
}

// New makes an empty log. wake is called, by the goroutine that appended, each
// time that there is more to read.
func New(room string, budget *Budget, wake func()) *Log {
	return &Log{room: room, budget: budget, wake: wake}
}

// append adds an event for the readers of every dialect.
func (l *Log) append(e *protocol.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(e)
}

// put is append with mu held.
func (l *Log) put(e *protocol.Event) {
	if l.first == 0 {
		l.first = e.Seq
	}
	switch {
	case l.head > 0 && e.Seq != l.head+1:
		l.tear()
	case e.Kind == protocol.KindEdit || e.Kind == protocol.KindDelete:
		l.drop()
	}
	l.head = e.Seq
	for d := range protocol.Dialect(protocol.Dialects) {
		if !l.reads(d) {
			continue
		}
		if payload := appendEvent(l.scratch[:0], d, e); len(payload) > 0 {
			l.write(d, payload, true)
			l.scratch = payload
		}
	}
}

// drop has readers who are behind go to the store: what the log holds for them may
// be of a text that was edited away or deleted.
func (l *Log) drop() {
	l.drops.Add(1)
	for _, s := range l.streams {
		if s != nil {
			l.budget.used.Add(-int64(s.bytes))
			s.segments, s.bytes = nil, 0
		}
	}
}

// tear has every reader go to the store: it holds events that we were never given.
// A commit that failed may be on disk all the same.
func (l *Log) tear() {
	l.drop()
	for _, s := range l.streams {
		if s != nil {
			s.head++ // so that those who had read everything are behind, too
		}
	}
}

// newest is the newest event that is known of. The store has one before the log
// does.
func (l *Log) newest() protocol.Seq { return max(l.head, l.stored) }

// appendEvent writes an event as a dialect has it; the tutorial's has messages
// alone.
func appendEvent(dst []byte, d protocol.Dialect, e *protocol.Event) []byte {
	switch {
	case d == protocol.V1:
		return protocol.AppendEvent(dst, e)
	case e.Kind == protocol.KindMessage && !e.Deleted:
		return tutorial.AppendChat(dst, e.User.Name, e.Text, e.TS)
	}
	return dst
}

// Notice adds a frame that is no event for the readers of one dialect alone: it
// stands between events and is never stored. except, where it isn't nil, is the
// one reader that passes over it.
func (l *Log) Notice(d protocol.Dialect, payload []byte, except *Reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if except != nil {
		except.skip = except.stream.head // if it has gone meanwhile, nobody looks
		except.skips.Store(true)
	}
	l.write(d, payload, false)
}

// IsRead reports whether anybody reads d's frames.
func (l *Log) IsRead(d protocol.Dialect) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.reads(d)
}

func (l *Log) reads(d protocol.Dialect) bool {
	return l.streams[Encoding{d, false}.index()] != nil || l.streams[Encoding{d, true}.index()] != nil
}

func (l *Log) write(d protocol.Dialect, payload []byte, event bool) {
	m := mark{event: event, seq: l.head, at: Since()}
	for _, deflate := range [...]bool{false, true} {
		s := l.streams[Encoding{d, deflate}.index()]
		if s == nil {
			continue
		}
		if grown := s.append(payload, deflate, m); grown > 0 {
			l.budget.used.Add(int64(grown - s.forget()))
			l.budget.used.Add(-int64(s.trim(l.budget.limit())))
		}
	}
}

// Forget drops what every reader has read. Growing does it too; this is for a log
// that has become quiet.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := Since()
	for _, s := range l.streams {
		if s != nil {
			l.budget.used.Add(-int64(s.rest(now)))
		}
	}
	l.scratch = nil
}

// Since is the clock of appends: monotonic, from an arbitrary start.
func Since() time.Duration { return time.Since(start) }

var start = time.Now()
