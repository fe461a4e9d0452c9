package roomlog

import (
	"sort"
	"time"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
)

// Cursor counts the frames of an encoding that their reader has. Reading goes on
// with the next one. In the tutorial's encodings notices count too, so it is no
// seq there.
type Cursor uint64

// Segments double from the first size to the last, so that a quiet room costs
// little and a busy one is read in few pieces.
const (
	minSegment = 1 << 10
	maxSegment = 64 << 10
)

// stream is one encoding of a log: whole frames, one after the other. Its bytes
// are never changed once written, so readers keep them without a lock; all else is
// guarded by the log's mu.
type stream struct {
	// Fixed after Attach.
	log      *Log
	encoding Encoding
	dense    bool // every event is in it

	readers  []*Reader
	segments []segment // oldest first; only the last one grows
	head     Cursor    // frames ever written
	begins   Cursor    // frames written in the log's former lives
	bytes    int       // of all segments, as allocated
}

type segment struct {
	first Cursor // frames written before this segment
	buf   []byte
	marks []mark // one for each frame
}

type mark struct {
	end   int32         // of the frame in buf
	event bool          // no notice
	seq   protocol.Seq  // of this event, or of the newest before this notice
	at    time.Duration // when it was appended, since start
}

// append writes one frame; m says what it is. compress asks for permessage-deflate
// where it pays. It returns by how much the memory held has grown.
func (s *stream) append(payload []byte, compress bool, m mark) (grown int) {
	size := len(payload) + maxHeader
	if n := len(s.segments); n == 0 || cap(s.segments[n-1].buf)-len(s.segments[n-1].buf) < size {
		next := minSegment
		if n > 0 {
			next = min(2*cap(s.segments[n-1].buf), maxSegment)
		}
		next = max(next, size)
		s.segments = append(s.segments, segment{first: s.head, buf: make([]byte, 0, next)})
		s.bytes += next
		grown = next
	}
	last := &s.segments[len(s.segments)-1]
	last.buf = appendFrame(last.buf, payload, compress)
	m.end = int32(len(last.buf))
	last.marks = append(last.marks, m)
	s.head++
	return grown
}

func appendFrame(dst, payload []byte, compress bool) []byte {
	if compress {
		return frame.AppendDeflatedFrame(dst, frame.Text, payload)
	}
	return frame.AppendFrame(dst, frame.Text, payload)
}

// maxHeader is the longest header of a server's frame (RFC 6455 §5.2).
const maxHeader = 10

// trim drops the oldest segments until at most limit bytes are left, but never
// the one that grows. It returns how many bytes went.
func (s *stream) trim(limit int) (dropped int) {
	n := 0
	for ; n < len(s.segments)-1 && s.bytes-dropped > limit; n++ {
		dropped += cap(s.segments[n].buf)
	}
	s.drop(n, dropped)
	return dropped
}

// forget drops the segments that nobody waits for, but for the one that grows: what
// everybody has read is the store's to keep, and so is what follows for those who
// must ask the store first.
func (s *stream) forget() (dropped int) {
	slowest := s.slowest()
	n := 0
	for ; n < len(s.segments)-1 && s.segments[n+1].first <= slowest; n++ {
		dropped += cap(s.segments[n].buf)
	}
	s.drop(n, dropped)
	return dropped
}

// slowest is the least cursor of those who go on in memory.
func (s *stream) slowest() Cursor {
	slowest := s.head
	for _, r := range s.readers {
		if passed := Cursor(r.passed.Load()); len(s.segments) > 0 && passed >= s.segments[0].first {
			slowest = min(slowest, passed)
		}
	}
	return slowest
}

// resumeTime is how long a quiet log keeps what everybody has read for those who
// come back to it with a cursor.
const resumeTime = 30 * time.Second

// rest is forget for a log that has become quiet, of which not even the last segment
// need be kept. Nobody comes back to the tutorial's frames.
func (s *stream) rest(now time.Duration) (dropped int) {
	n := len(s.segments)
	if n == 0 || s.slowest() < s.head {
		return s.forget()
	}
	marks := s.segments[n-1].marks
	if s.dense && now-marks[len(marks)-1].at < resumeTime {
		return s.forget()
	}
	dropped = s.bytes
	s.segments, s.bytes = nil, 0
	return dropped
}

func (s *stream) drop(n, bytes int) {
	if n > 0 {
		s.segments = append([]segment(nil), s.segments[n:]...) // a new array, so that the old one goes
		s.bytes -= bytes
	}
}

// Batch is what a reader writes next.
type Batch struct {
	Frames int           // how many frames it holds
	Bytes  int           // how long they are
	Oldest time.Duration // when the first was appended, as Since counts
	More   bool          // behind it there is more
	seq    protocol.Seq  // of the newest event up to its end; 0 if none is known
}

// Add counts what is written together with b, behind it.
func (b *Batch) Add(next Batch) {
	if next.Frames > 0 && b.Frames == 0 {
		b.Oldest = next.Oldest
	}
	b.Frames += next.Frames
	b.Bytes += next.Bytes
}

// read appends to dst the bytes of the frames after cursor up to end, at most
// maxBytes of them but at least one frame.
func (s *stream) read(dst [][]byte, cursor, end Cursor, maxBytes int) ([][]byte, Batch, error) {
	var b Batch
	if cursor >= end {
		return dst, b, nil
	}
	if len(s.segments) == 0 || cursor < s.segments[0].first {
		return dst, b, ErrNotInMemory
	}
	i := sort.Search(len(s.segments), func(i int) bool { return s.segments[i].first > cursor }) - 1
	b.Oldest = s.segments[i].marks[cursor-s.segments[i].first].at
	for ; cursor < end; i++ {
		seg := &s.segments[i]
		piece, frames := seg.read(cursor, end, maxBytes-b.Bytes)
		if b.Frames > 0 && b.Bytes+len(piece) > maxBytes {
			break
		}
		dst = append(dst, piece)
		cursor += Cursor(frames)
		b.seq = seg.marks[cursor-seg.first-1].seq
		b.Bytes += len(piece)
		b.Frames += frames
		if cursor < seg.first+Cursor(len(seg.marks)) {
			break // the rest of the segment is for the next write
		}
	}
	return dst, b, nil
}

// read is the piece of a segment after cursor up to end: at most maxBytes long,
// but at least one frame.
func (g *segment) read(cursor, end Cursor, maxBytes int) (piece []byte, n int) {
	from, to := int(cursor-g.first), min(int(end-g.first), len(g.marks))
	start := 0
	if from > 0 {
		start = int(g.marks[from-1].end)
	}
	if int(g.marks[to-1].end)-start > maxBytes {
		fit := sort.Search(to-from, func(i int) bool { return int(g.marks[from+i].end)-start > maxBytes })
		to = from + max(fit, 1)
	}
	return g.buf[start:g.marks[to-1].end], to - from
}

// after is the place of the first event after seq, or the head without one. ok:
// nothing is missing before it. newest is the newest event that is known of.
func (s *stream) after(seq, newest protocol.Seq) (cursor Cursor, ok bool) {
	i := sort.Search(len(s.segments), func(i int) bool {
		marks := s.segments[i].marks
		return marks[len(marks)-1].seq > seq
	})
	if i == len(s.segments) {
		return s.head, seq >= newest
	}
	seg := &s.segments[i]
	at := sort.Search(len(seg.marks), func(j int) bool { return seg.marks[j].seq > seq })
	next := seg.marks[at].event && seg.marks[at].seq == seq+1
	inside := i > 0 || at > 0 // what the dialect has of the events between is in here
	return seg.first + Cursor(at), next || inside && !s.dense
}

// beforeNotices is the place of the first notice behind the last event before cursor,
// not before from. ok: no other notice is between from and there.
func (s *stream) beforeNotices(cursor, from Cursor) (place Cursor, ok bool) {
	place = cursor
	events := false
	for i := len(s.segments) - 1; i >= 0; i-- {
		g := &s.segments[i]
		for ; cursor > max(from, g.first); cursor-- {
			switch isEvent := g.marks[cursor-1-g.first].event; {
			case isEvent:
				events = true
			case events:
				return place, false
			default:
				place--
			}
		}
	}
	return place, cursor == from // else it was dropped
}
