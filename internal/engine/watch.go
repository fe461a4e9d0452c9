package engine

import (
	"maps"
	"time"
)

// watch is what a loop notes of its own work while somebody looks. A loop at which
// nobody does has none, and pays for a comparison in each round and pass.
type watch struct {
	since   time.Time // the last look
	busy    time.Duration
	longest time.Duration // of its rounds
	writes  int
	frames  int
	rooms   map[*liveRoom]time.Duration // what their passes took
}

// watchFor is how long a loop takes notes for somebody who looks no more.
const watchFor = 5 * time.Second

func newWatch(now time.Time) *watch {
	return &watch{since: now, rooms: map[*liveRoom]time.Duration{}}
}

// watched notes a round that began at a time, before what it counted is published.
func (l *loop) watched(began time.Time) {
	w := l.watch
	if w == nil {
		return
	}
	took := time.Since(began)
	w.busy += took
	w.longest = max(w.longest, took)
	w.writes += l.counts.writes
	w.frames += l.counts.frames
	if began.Sub(w.since) > watchFor {
		l.watch = nil
	}
}

// passed notes a pass through a room.
func (w *watch) passed(r *liveRoom, took time.Duration) {
	if w != nil {
		w.rooms[r] += took
	}
}

// look is one look at a loop. It is the loop's until done is closed.
type look struct {
	asked time.Time
	done  chan struct{}

	view  LoopView
	found found
	at    int // the next connection to be met
}

// found is what a look finds of rooms and of those who are behind.
type found struct {
	slow    slow
	work    map[*liveRoom]float64 // share of a core that their passes took
	gathers map[*liveRoom]bool
}

func newFound() found {
	return found{slow: newSlow(), work: map[*liveRoom]float64{}, gathers: map[*liveRoom]bool{}}
}

func (f *found) merge(other *found) {
	f.slow.merge(&other.slow)
	for r, share := range other.work {
		f.work[r] += share
	}
	maps.Copy(f.gathers, other.gathers)
}

// lookSlice is how many connections a look goes through in a round: it delays a loop
// by about as much as a few writes. One that is behind counts for lookBehind of them,
// and so does each room that it has not read.
const (
	lookSlice  = 512
	lookBehind = 16
)

// ask has a loop looked at. last is the look before, where its answer came too late.
func (l *loop) ask(now time.Time, last *look) *look {
	k := &look{asked: now, done: make(chan struct{}), found: newFound()}
	if last != nil {
		k.view.Longest = last.view.Longest
	}
	l.notes.task(func(now time.Time) {
		k.begin(l, now)
		k.walk(l)
	})
	return k
}

// begin takes what the loop has noted since the last look.
func (k *look) begin(l *loop, now time.Time) {
	w := l.watch
	l.watch = newWatch(now)
	if w == nil {
		w = newWatch(now)
	}
	seconds := max(now.Sub(w.since), time.Millisecond).Seconds()
	k.view = LoopView{
		Number:     l.number,
		Sessions:   l.count,
		Rooms:      len(l.audiences),
		Busy:       w.busy.Seconds() / seconds,
		Load:       l.load.share,
		Gathering:  len(l.gathers),
		Passes:     len(l.passes) + len(l.put),
		Steps:      len(l.steps),
		Writes:     float64(w.writes) / seconds,
		Deliveries: float64(w.frames) / seconds,
		Longest:    max(millis(w.longest), k.view.Longest),
	}
	for r, took := range w.rooms {
		k.found.work[r] = took.Seconds() / seconds
	}
	for _, a := range l.gathers {
		k.found.gathers[a.room] = true
	}
}

// walk meets the loop's connections, a slice of them in each round, as many as there
// is time for.
func (k *look) walk(l *loop) {
	for n := 0; n < lookSlice && k.at < len(l.conns); k.at++ {
		if n++; l.conns[k.at] != nil {
			k.view.Met++
			n += lookBehind * k.found.slow.meet(l.conns[k.at])
		}
	}
	if k.at < len(l.conns) && time.Since(k.asked) < lookTimeout/2 {
		l.notes.task(func(time.Time) { k.walk(l) })
		return
	}
	close(k.done)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
