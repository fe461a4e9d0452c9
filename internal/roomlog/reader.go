package roomlog

// Reader reads one encoding of a log for one session. Its methods are called by
// whoever owns the session, one at a time.
type Reader struct {
	// Fixed after Attach.
	log      *Log
	encoding Encoding

	// Owned by the session's owner.
	cursor Cursor

	// Guarded by log.mu.
	skip  Cursor // the frame behind this cursor isn't for this reader
	skips bool   // there is such a frame
}

// Attach adds a reader at the head: it will read what is appended from now on.
// It must be detached in the end.
func (l *Log) Attach(e Encoding) *Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[e.index()]
	if s == nil {
		s = &stream{}
		l.streams[e.index()] = s
	}
	s.readers++
	return &Reader{log: l, encoding: e, cursor: s.head}
}

// Detach ends r; an encoding that nobody reads any more is forgotten.
func (r *Reader) Detach() {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[r.encoding.index()]
	s.readers--
	if s.readers == 0 {
		l.budget.used.Add(-int64(s.bytes))
		l.streams[r.encoding.index()] = nil
	}
}

// Cursor is what r has read.
func (r *Reader) Cursor() Cursor { return r.cursor }

// Head is what there is to read.
func (r *Reader) Head() Cursor {
	r.log.mu.RLock()
	defer r.log.mu.RUnlock()
	return r.log.streams[r.encoding.index()].head
}

// Read moves r forward, up to end at most, and appends to dst what it has passed:
// whole frames, oldest first, at most maxBytes of them but at least one; none at
// the head. The bytes are shared: do not change them. ErrNotInMemory: the next
// frame was dropped, and r stays where it is.
func (r *Reader) Read(dst [][]byte, end Cursor, maxBytes int) ([][]byte, Batch, error) {
	l := r.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.streams[r.encoding.index()]
	end = min(end, s.head)
	if r.skips && r.cursor == r.skip {
		r.cursor, r.skips = r.cursor+1, false
	}
	if r.skips && end > r.skip {
		end = r.skip
	}
	dst, b, err := s.read(dst, r.cursor, end, maxBytes)
	r.cursor += Cursor(b.Frames)
	return dst, b, err
}
