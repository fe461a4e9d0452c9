package roomlog

import (
	"sync/atomic"

	"github.com/parley-chat/parley/protocol"
)

// Reader reads one encoding of a log for one session: from memory, and what is no
// longer there from the store. Its methods are called by whoever owns the session,
// one at a time.
type Reader struct {
	// Fixed after Attach.
	log      *Log
	encoding Encoding
	stream   *stream

	// Owned by the session's owner.
	cursor Cursor
	seq    protocol.Seq // of the newest event that was passed; 0 if none is known
	cold   bool         // what comes next is read from the store
	sought bool         // seq is known, even where it is 0
	ahead  bool         // it has read in the store what the log has yet to get
	page   int          // events that it asks of the store, about as many as are taken at once

	// Any goroutine.
	passed atomic.Uint64 // cursor, for whoever drops what all have read; of a cold reader, everything
	skips  atomic.Bool   // there is a frame that isn't for this reader; set with log.mu held

	// Guarded by log.mu.
	skip Cursor // it is the one behind this cursor
}

// Position is a place in a log that a reader can be asked to go to.
type Position struct {
	cursor Cursor
	seq    protocol.Seq
}

// End is behind everything, now and later.
var End = Position{cursor: anyCursor, seq: ^protocol.Seq(0)}

// Behind is the place behind the event with this seq, wherever its frame stands. Of
// the encodings that hold every event only.
func Behind(seq protocol.Seq) Position { return Position{cursor: anyCursor, seq: seq} }

const anyCursor = ^Cursor(0)

// Attach adds a reader at the head: it will read what is appended from now on.
// It must be detached in the end.
func (l *Log) Attach(e Encoding) *Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[e.index()]
	if s == nil {
		s = &stream{dense: e.Dialect == protocol.V1, readers: map[*Reader]struct{}{}}
		l.streams[e.index()] = s
	}
	r := &Reader{log: l, encoding: e, stream: s, cursor: s.head, seq: l.head, page: minPage}
	r.passed.Store(uint64(s.head))
	s.readers[r] = struct{}{}
	return r
}

// Seek has a reader that has read nothing go on behind seq. head is the newest event
// in the store, asked after r was attached: so nothing is between the two that
// neither has.
func (r *Reader) Seek(seq, head protocol.Seq) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored = max(l.stored, head)
	r.seq, r.sought = seq, true
	r.place()
}

// place finds what follows r.seq: in memory, or in the store.
func (r *Reader) place() {
	l, s := r.log, r.stream
	cursor, ok := s.after(r.seq, l.newest())
	if r.ahead && ok && cursor > r.cursor {
		cursor, ok = s.beforeNotices(cursor, r.cursor)
	}
	// Before its first event a log can't tell that one is missing.
	r.cold, r.ahead = !ok, ok && (r.seq > l.head || r.sought && l.first == 0)
	if r.cold {
		r.passed.Store(uint64(anyCursor))
		return
	}
	if !r.sought { // the notices that it had are not read again
		cursor = max(cursor, r.cursor)
	}
	r.cursor = cursor
	r.passed.Store(uint64(r.cursor))
}

// Detach ends r; an encoding that nobody reads any more is forgotten.
func (r *Reader) Detach() {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	s := r.stream
	delete(s.readers, r)
	if len(s.readers) == 0 {
		l.budget.used.Add(-int64(s.bytes))
		l.streams[r.encoding.index()] = nil
	}
}

// Head is where a reader is that has read everything.
func (r *Reader) Head() Position {
	r.log.mu.RLock()
	defer r.log.mu.RUnlock()
	return Position{r.stream.head, r.log.head}
}

// Passed reports whether r has read everything up to p.
func (r *Reader) Passed(p Position) bool {
	if r.cold || p.cursor == anyCursor {
		return r.seq >= p.seq
	}
	return r.cursor >= p.cursor
}

// Read moves r forward, up to end at most, and appends to dst what it has passed:
// whole frames, oldest first, at most maxBytes of them but at least one; none at
// the head. The bytes are shared: do not change them. ErrNotInMemory: the next
// frame was dropped, and r stays where it is; Cold says what to ask the store for.
func (r *Reader) Read(dst [][]byte, end Position, maxBytes int) ([][]byte, Batch, error) {
	l := r.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := r.stream
	if r.ahead { // what it has read may have come into the log, before or behind what it hasn't
		r.place()
	}
	if r.cold {
		return dst, Batch{}, ErrNotInMemory
	}
	to := min(end.cursor, s.head)
	if end.cursor == anyCursor && end.seq < l.head {
		to, _ = s.after(end.seq, l.head)
	}
	skips := r.skips.Load()
	if skips && r.cursor >= r.skip { // behind it: what was dropped held it
		r.cursor, skips = max(r.cursor, r.skip+1), false
		r.skips.Store(false)
	}
	if skips && to > r.skip {
		to = r.skip
	}
	dst, b, err := s.read(dst, r.cursor, to, maxBytes)
	switch {
	case err != nil && l.first == 0 && !s.dense:
		r.cursor, err = s.head, nil // there were only notices, which nobody keeps
	case b.Frames == 0 && s.dense && r.seq < min(end.seq, l.stored):
		err = ErrNotInMemory // somebody found it in the store
	}
	r.cursor += Cursor(b.Frames)
	b.More = b.Frames > 0 && r.cursor < s.head
	r.seq = max(r.seq, b.seq)
	r.passed.Store(uint64(r.cursor))
	if err != nil {
		r.cold = true
		r.passed.Store(uint64(anyCursor))
	}
	return dst, b, err
}

// ColdRead is what a reader needs from the store: so many events of a room after a
// cursor, at most.
type ColdRead struct {
	Room   string
	Cursor protocol.Seq
	Limit  int
}

// A reader asks for few events at first, and for more as long as it takes them all:
// a page of the longest texts would be much to read, only to be read again.
const (
	minPage = 8
	maxPage = 128
)

// Cold says what to ask the store for after ErrNotInMemory.
func (r *Reader) Cold() ColdRead {
	r.log.mu.RLock()
	defer r.log.mu.RUnlock()
	if r.seq == 0 && !r.sought && r.log.first > 0 { // nothing was there when it came
		r.seq = r.log.first - 1
	}
	return ColdRead{r.log.room, r.seq, r.page}
}

// Warm takes what the store gave, and moves r over it: frames of its own, up to
// end and about maxBytes long but at least one. When memory has what follows, r goes
// on there; notices that were told meanwhile are passed over. Where r is neither
// moved, nor warm, nor at end, nobody has what follows.
func (r *Reader) Warm(events []protocol.Event, end Position, maxBytes int) (frames []byte, n int, ok bool) {
	var payload []byte
	moved := false
	if len(events) > 0 {
		frames = make([]byte, 0, framesSize(events, maxBytes))
	}
	if len(events) == r.page {
		r.page = min(2*r.page, maxPage)
	}
	for i := range events {
		if events[i].Seq > end.seq {
			break
		}
		if len(frames) >= maxBytes {
			r.page = max(i, minPage)
			break
		}
		r.seq, moved = events[i].Seq, true
		if payload = appendEvent(payload[:0], r.encoding.Dialect, &events[i]); len(payload) > 0 {
			frames = appendFrame(frames, payload, r.encoding.Deflate)
			n++
		}
	}
	r.log.mu.RLock()
	defer r.log.mu.RUnlock()
	r.place()
	return frames, n, moved || r.Passed(end) || !r.cold
}

// framesSize is about how long the frames of events are, up to maxBytes and one more:
// what grows step by step leaves as much again for the collector.
func framesSize(events []protocol.Event, maxBytes int) (n int) {
	const around = 250 // of an event: keys, numbers, ids
	for i := range events {
		if n >= maxBytes {
			break
		}
		n += len(events[i].Text) + len(events[i].User.Name) + len(events[i].Room) + around
	}
	return n
}

// Seq is the newest event that r has passed.
func (r *Reader) Seq() protocol.Seq { return r.seq }
