package engine

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
)

// viewer looks at an engine, for one at a time.
type viewer struct {
	mu       sync.Mutex
	last     time.Time // the look before; zero: nobody has looked
	pace     roomlog.Pace
	appended map[*liveRoom]int // events
	asked    []*look           // of each loop: the look that it has yet to answer, or nil
}

const (
	// A loop that hasn't answered by then is shown as silent.
	lookTimeout = time.Second

	// What rates are over where nobody has looked of late.
	firstWindow = 300 * time.Millisecond

	// Rooms that are looked at: of more than that, any so many and the busy ones.
	maxRoomsSeen = 20_000
)

// View looks at what the engine does. Where nobody has looked within 5 s it watches
// for 300 ms first; a loop that does not answer costs a second more. Nobody waits for
// it longer than for a few writes: neither a loop, nor the Writer, nor a session.
func (e *Engine) View() View {
	v := &e.viewer
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.last) > watchFor {
		v.look(e)
		time.Sleep(firstWindow)
	}
	return v.look(e)
}

// forget lets go of what is kept between looks, once nobody looks any more.
func (v *viewer) forget() {
	if !v.mu.TryLock() {
		return // somebody does
	}
	defer v.mu.Unlock()
	if time.Since(v.last) > watchFor {
		v.appended = nil
	}
}

func (v *viewer) look(e *Engine) View {
	now := time.Now()
	view := View{Window: max(now.Sub(v.last), time.Millisecond).Seconds()}
	v.last = now
	view.LogBytes, view.LogLimit = e.rooms.budget.Used(), e.rooms.budget.Total
	view.Writer = v.writer(e, view.Window)
	view.Crew = e.crew.view()
	e.mu.Lock()
	view.Sessions, view.Calls, view.Draining = e.sessions, e.calls, e.draining
	e.mu.Unlock()

	f := newFound()
	view.Loops = v.loops(e, &f, now)
	for _, c := range e.pairs.all() {
		view.Pairs++
		f.slow.meetPair(c)
	}
	f.slow.cut()
	view.Behind, view.Slowest = f.slow.count, f.slow.sessions
	view.Rooms, view.Busiest = v.rooms(e, &f, view.Window)
	return view
}

// loops asks all loops and waits for their answers. One that is asked has to answer
// before it is asked again.
func (v *viewer) loops(e *Engine, f *found, now time.Time) []LoopView {
	views := []LoopView{}
	if e.loops == nil {
		return views
	}
	if v.asked == nil {
		v.asked = make([]*look, len(e.loops.list))
	}
	for i, l := range e.loops.list {
		if last := v.asked[i]; last == nil || last.answered() {
			v.asked[i] = l.ask(now, last)
		}
	}
	late := time.NewTimer(lookTimeout)
	defer late.Stop()
	tooLate := false
	for i, l := range e.loops.list {
		k := v.asked[i]
		if !tooLate {
			tooLate = !k.wait(l, late.C)
		}
		if !k.answered() {
			views = append(views, LoopView{Number: i, Silent: millis(time.Since(k.asked))})
			continue
		}
		views = append(views, k.view)
		f.merge(&k.found)
		v.asked[i] = nil
	}
	return views
}

// wait waits until a loop has answered or is no more, or it is too late.
func (k *look) wait(l *loop, late <-chan time.Time) (inTime bool) {
	select {
	case <-k.done:
	case <-l.done:
	case <-late:
		return false
	}
	return true
}

func (k *look) answered() bool {
	select {
	case <-k.done:
		return true
	default:
		return false
	}
}

// rooms gives how many there are, the busiest, and those whose readers are behind the
// most.
func (v *viewer) rooms(e *Engine, f *found, window float64) (count int, shown []RoomView) {
	all := e.rooms.all()
	known := make(map[*liveRoom]int, len(all))
	var views []RoomView
	see := func(r *liveRoom) {
		if _, twice := known[r]; !twice {
			size := r.log.Size()
			known[r] = size.Appended
			views = append(views, v.room(r, &size, f, window))
		}
	}
	for r := range f.work {
		see(r)
	}
	for r := range f.slow.rooms {
		see(r)
	}
	for _, r := range all[:min(len(all), maxRoomsSeen)] {
		see(r)
	}
	v.appended = known
	slices.SortFunc(views, func(a, b RoomView) int {
		return cmp.Or(cmp.Compare(b.Work, a.Work), cmp.Compare(b.Events*float64(b.Members), a.Events*float64(a.Members)),
			cmp.Compare(b.Members, a.Members), cmp.Compare(a.Name, b.Name))
	})
	n := min(len(views), maxShown)
	return len(all), append(views[:n:n], furthestBehind(views[n:])...)
}

// room is what there is to tell of a room.
func (v *viewer) room(r *liveRoom, size *roomlog.Size, f *found, window float64) RoomView {
	view := RoomView{
		Name:      r.name,
		Members:   r.size(),
		Head:      size.Head,
		Bytes:     size.Bytes,
		Work:      f.work[r],
		Gathering: f.gathers[r],
	}
	if before, known := v.appended[r]; known {
		view.Events = float64(size.Appended-before) / window
	}
	if b := f.slow.rooms[r]; b != nil {
		view.Behind, view.Lag = b.count, b.most
	}
	return view
}

func (r *liveRoom) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.here()
}

// furthestBehind are the rooms whose slowest readers are the slowest.
func furthestBehind(views []RoomView) []RoomView {
	behind := slices.DeleteFunc(views, func(r RoomView) bool { return r.Behind == 0 })
	slices.SortFunc(behind, func(a, b RoomView) int { return compareLag(&b.Lag, &a.Lag) })
	return behind[:min(len(behind), maxShown)]
}

// writer is what the Writer did since the last look.
func (v *viewer) writer(e *Engine, window float64) WriterView {
	p, before := e.writer.Pace(), v.pace
	v.pace = p
	view := WriterView{
		Waiting:   p.Waiting,
		Bytes:     p.WaitingBytes,
		Batches:   float64(p.Batches-before.Batches) / window,
		Proposals: float64(p.Proposals-before.Proposals) / window,
		Longest:   millis(p.Longest),
		Standing:  millis(p.Standing),
	}
	if n := p.Batches - before.Batches; n > 0 {
		view.Mean = millis((p.Took - before.Took) / time.Duration(n))
	}
	return view
}

func (c *crew) view() CrewView {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CrewView{Working: c.working, Waiting: len(c.waiting)}
}
