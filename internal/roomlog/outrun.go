package roomlog

import (
	"sort"
	"sync/atomic"
	"time"
)

// outrun is whether a log's writers are ahead of those who read it, by how much and
// for how long. It is looked at now and then by whoever wants to write, and costs
// those who deliver nothing.
type outrun struct {
	looked atomic.Int64 // when it was last looked at, as Since counts
	every  atomic.Int64 // how long that holds
	since  atomic.Int64 // the first of the looks in a row that found it so
	is     atomic.Bool
}

// A reader is late that has yet to be given what lies as far back as LateBytes: an
// eighth of what the log keeps. So it is with what is as old as lateAfter, unless one
// write brings it up: then the node is busy, and to slow the writers would not help. One
// in lateShare may be late while all others keep up.
const (
	LateBytes = 1 << 20
	lateAfter = 250 * time.Millisecond
	oneWrite  = 64 << 10
	lateShare = 8

	lookEvery = 10 * time.Millisecond
	lookShare = 20 // of the time, a twentieth goes into looking
)

// Counts has r count among those whom the log's writers must not outrun, as long as t
// says that it takes what it is given. Until it is called, r may be as late as it
// likes: it has yet to read what was there before it.
func (r *Reader) Counts(t *Taker) { r.taker.Store(t) }

// Outrun is for how long the log's writers have been ahead of its readers: 0 while
// they aren't. Readers that don't take what they are given never count, nor do those
// that are read on from the store.
func (l *Log) Outrun() time.Duration {
	o, now := &l.outrun, Since()
	looked := o.looked.Load()
	age := now - time.Duration(looked)
	if (age < 0 || age >= max(lookEvery, time.Duration(o.every.Load()))) && o.looked.CompareAndSwap(looked, int64(now)) {
		is := l.isOutrun(now)
		if is && !o.is.Load() {
			o.since.Store(int64(now))
		}
		o.is.Store(is)
		o.every.Store(int64(lookShare * (Since() - now)))
	}
	if !o.is.Load() {
		return 0
	}
	return max(now-time.Duration(o.since.Load()), 1)
}

func (l *Log) isOutrun(now time.Duration) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	readers, late := 0, 0
	for _, s := range l.streams {
		if s == nil {
			continue
		}
		due := s.due(now - lateAfter)
		for _, r := range s.readers {
			passed := Cursor(r.passed.Load())
			taker := r.taker.Load()
			if passed == anyCursor || taker == nil || !taker.takes(now) {
				continue
			}
			readers++
			if passed < due {
				late++
			}
		}
	}
	return late*lateShare > readers
}

// due is the place that every reader should have passed, where what was appended up to
// by is old.
func (s *stream) due(by time.Duration) Cursor {
	return max(s.before(LateBytes), min(s.old(by), s.before(oneWrite)))
}

// old is the place behind what was appended up to by.
func (s *stream) old(by time.Duration) Cursor {
	i := sort.Search(len(s.segments), func(i int) bool {
		marks := s.segments[i].marks
		return marks[len(marks)-1].at > by
	})
	if i == len(s.segments) {
		return s.head
	}
	g := &s.segments[i]
	return g.first + Cursor(sort.Search(len(g.marks), func(i int) bool { return g.marks[i].at > by }))
}

// before is the place that so many bytes lie behind, or a part of a frame more: the
// first that is held, where that is less.
func (s *stream) before(bytes int) Cursor {
	for i := len(s.segments) - 1; i >= 0; i-- {
		g := &s.segments[i]
		if bytes -= len(g.buf); bytes < 0 {
			return g.first + Cursor(sort.Search(len(g.marks), func(j int) bool { return int(g.marks[j].end) > -bytes }))
		}
	}
	if len(s.segments) == 0 {
		return s.head
	}
	return s.segments[0].first
}

// Waiting is how many bytes of proposals for the log wait for the store, about.
func (l *Log) Waiting() int { return int(l.waiting.Load()) }
