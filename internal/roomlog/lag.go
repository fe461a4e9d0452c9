package roomlog

import (
	"sort"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// Lag is how far a reader is behind its log.
type Lag struct {
	Events int           // that it has yet to pass, as far as is known
	Frames int           // the same of its encoding; 0 for one that must ask the store
	Bytes  int           // how long those are that memory still holds
	Age    time.Duration // since the oldest of those was appended
	Older  bool          // memory no longer holds the oldest that it has yet to read
}

// Lag is called by the session's owner, as Read is.
func (r *Reader) Lag() (g Lag) {
	l := r.stream.log
	l.mu.RLock()
	defer l.mu.RUnlock()
	if s := r.stream; !r.cold {
		if g.Frames = int(s.head - r.cursor); g.Frames == 0 {
			return g // of events that its dialect doesn't have, it has none to read
		}
		g.Older = len(s.segments) == 0 || s.segments[0].first > r.cursor
		var oldest time.Duration
		if g.Bytes, oldest = s.behind(r.cursor); g.Bytes > 0 {
			g.Age = Since() - oldest
		}
	}
	from := r.seq
	if from == 0 && !r.sought { // it came to a log that had nothing yet
		from = max(l.first, 1) - 1
	}
	g.Events = int(max(l.newest(), from) - from)
	return g
}

// behind is how many bytes are kept after cursor, and when their first was appended.
func (s *stream) behind(cursor Cursor) (bytes int, oldest time.Duration) {
	i := max(sort.Search(len(s.segments), func(i int) bool { return s.segments[i].first > cursor })-1, 0)
	for at := i; at < len(s.segments); at++ {
		g := &s.segments[at]
		bytes += len(g.buf)
		if at > i || len(g.marks) == 0 {
			continue
		}
		from := min(int(max(cursor, g.first)-g.first), len(g.marks)-1)
		oldest = g.marks[from].at
		if from > 0 {
			bytes -= int(g.marks[from-1].end)
		}
	}
	return bytes, oldest
}

// Size is what a log has, and holds.
type Size struct {
	Head     protocol.Seq // 0: nobody has asked for it yet
	Appended int          // events, since the room was opened
	Bytes    int          // in memory, of all encodings
}

// Size may be called by any goroutine.
func (l *Log) Size() Size {
	l.mu.RLock()
	defer l.mu.RUnlock()
	size := Size{Head: l.newest()}
	if l.first > 0 {
		size.Appended = int(l.head - l.first + 1)
	}
	for _, s := range l.streams {
		if s != nil {
			size.Bytes += s.bytes
		}
	}
	return size
}
