package roomlog

import (
	"sync/atomic"

	"github.com/parley-chat/parley/protocol"
)

// Reader reads one encoding of a log for one session: from memory, and what is no
// longer there from the store. Its methods are called by whoever owns the session,
// one at a time.
type Reader struct {
	stream *stream // fixed after Attach

	// Owned by the session's owner.
	cursor Cursor
	seq    protocol.Seq // of the newest event that was passed; 0 if none is known
	cold   bool         // what comes next is read from the store
	sought bool         // seq is known, even where it is 0
	ahead  bool         // it has read in the store what the log has yet to get
	page   uint8        // events that it asks of the store, about as many as are taken at once

	// Any goroutine.
	skips  atomic.Bool           // there is a frame that isn't for this reader; set with the log's mu held
	passed atomic.Uint64         // cursor, for whoever drops what all have read; of a cold reader, everything
	taker  atomic.Pointer[Taker] // nil: it may be late

	// Guarded by the log's mu.
	skip  Cursor // the frame behind this cursor isn't for this reader
	place int32  // in stream.readers
	lives uint32 // of the log's lives, that which it reads; owned as those above
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

// Attach makes r a reader at the head: it will read what is appended from now on.
// It must be detached in the end, and stays where it is until then.
func (l *Log) Attach(r *Reader, e Encoding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[e.index()]
	if s == nil {
		s = &stream{log: l, encoding: e, dense: e.Dialect == protocol.V1}
		l.streams[e.index()] = s
	}
	r.stream, r.cursor, r.seq, r.page, r.place, r.lives = s, s.head, l.head, minPage, int32(len(s.readers)), l.lives()
	r.passed.Store(uint64(s.head))
	s.readers = append(s.readers, r)
}

// Seek has a reader that has read nothing go on behind seq. head is the newest event
// in the store, asked after r was attached: so nothing is between the two that
// neither has.
func (r *Reader) Seek(seq, head protocol.Seq) {
	l := r.stream.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.lives != l.lives() {
		return // head is of another life, which Read says
	}
	l.stored = max(l.stored, head)
	r.seq, r.sought = seq, true
	r.find()
}

// find finds what follows r.seq: in memory, or in the store.
func (r *Reader) find() {
	s := r.stream
	l := s.log
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
	s := r.stream
	l := s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(s.readers) - 1
	s.readers[r.place] = s.readers[last]
	s.readers[r.place].place = r.place
	s.readers[last] = nil
	if s.readers = s.readers[:last]; last == 0 {
		l.budget.used.Add(-int64(s.bytes))
		l.streams[s.encoding.index()] = nil
	}
}

// beginAnew has a reader go on with what its log's new life brings. The log's mu is held.
func (r *Reader) beginAnew() {
	s := r.stream
	r.lives, r.cursor, r.seq = s.log.lives(), max(r.cursor, s.begins), 0
	r.cold, r.sought, r.ahead = false, false, false
	r.passed.Store(uint64(r.cursor))
}

// Head is where a reader is that has read everything.
func (r *Reader) Head() Position {
	l := r.stream.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	return Position{r.stream.head, l.head}
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
	s := r.stream
	l := s.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if r.lives != l.lives() {
		if s.dense {
			return dst, Batch{}, ErrRewound
		}
		r.beginAnew()
	}
	if r.ahead { // what it has read may have come into the log, before or behind what it hasn't
		r.find()
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
	l := r.stream.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if r.seq == 0 && !r.sought && l.first > 0 { // nothing was there when it came
		r.seq = l.first - 1
	}
	return ColdRead{l.room, r.seq, int(r.page)}
}

// Warm takes what the store gave, and moves r over it: frames of its own, up to
// end and about maxBytes long but at least one. When memory has what follows, r goes
// on there; notices that were told meanwhile are passed over. Where r is neither
// moved, nor warm, nor at end, nobody has what follows.
func (r *Reader) Warm(events []protocol.Event, end Position, maxBytes int) (frames []byte, n int, ok bool) {
	s := r.stream
	if r.rewound() {
		return nil, 0, true
	}
	var payload []byte
	moved, newest := false, int64(0)
	if len(events) > 0 {
		frames = make([]byte, 0, framesSize(events, maxBytes))
	}
	if len(events) == int(r.page) {
		r.page = uint8(min(2*len(events), maxPage))
	}
	for i := range events {
		if events[i].Seq > end.seq {
			break
		}
		if len(frames) >= maxBytes {
			r.page = uint8(min(max(i, minPage), maxPage))
			break
		}
		r.seq, newest, moved = events[i].Seq, events[i].TS, true
		if payload = appendEvent(payload[:0], s.encoding.Dialect, &events[i]); len(payload) > 0 {
			frames = appendFrame(frames, payload, s.encoding.Deflate)
			n++
		}
	}
	s.log.mu.RLock()
	defer s.log.mu.RUnlock()
	if s.log.tail != nil && moved {
		s.log.tail.tells(newest)
	}
	r.find()
	late := len(events) == 0 && r.seq < s.log.head // it was given before what the log has heard of since
	return frames, n, moved || r.Passed(end) || !r.cold || late
}

// rewound reports whether what the store gave is of another life than what is read now,
// which Read sees to.
func (r *Reader) rewound() bool {
	l := r.stream.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if r.lives != l.lives() {
		r.cold = false
		return true
	}
	return false
}

// Life is the life of the log that r reads, empty where there is but one. ok: the log is
// still in it.
func (r *Reader) Life() (life string, ok bool) {
	l := r.stream.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.tail == nil {
		return "", true
	}
	return l.tail.life, r.lives == l.tail.lives
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
