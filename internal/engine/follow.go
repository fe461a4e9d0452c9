package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// logFollower has the logs of this node's rooms keep up with what other nodes write: what
// the broker didn't bring it reads from the store.
type logFollower struct {
	// Fixed after newLogFollower.
	peers *peers
	ctx   context.Context
	stop  context.CancelFunc
	more  chan struct{} // holds one while there is something to do at once

	// Owned by run.
	polled  time.Time     // when all rooms were last asked for
	every   time.Duration // how long that is to hold, at least
	failing bool

	// Guarded by mu.
	mu    sync.Mutex
	looks map[*liveRoom]bool  // whose heads are to be asked for
	holes map[*liveRoom]*hole // that lack something
	work  sync.WaitGroup      // run, and those who fill
}

// hole is what a room's log lacks.
type hole struct {
	due     time.Time // when it is to be filled
	filling bool
	again   bool // something was said of it while it was filled
	failed  int  // times in a row
}

const (
	// Something that came before what it lacks mostly comes by itself.
	holeWait = 20 * time.Millisecond

	// While nothing is heard of other nodes, the store is asked about all rooms so often,
	// and otherwise so seldom: what was lost on the way without a word is found then.
	pollAway = 500 * time.Millisecond
	pollHere = 5 * time.Second
	pollPart = 1000 // rooms in one question
	pollRest = 10   // times as long as asking took, nobody asks

	fillPage  = 256
	farBehind = 4096 // events: more of them, readers had better read each for itself
	maxFills  = 4
	maxPause  = 5 * time.Second

	followTimeout = 5 * time.Second
)

func newLogFollower(p *peers) *logFollower {
	f := &logFollower{peers: p, more: make(chan struct{}, 1), looks: map[*liveRoom]bool{}, holes: map[*liveRoom]*hole{}}
	f.ctx, f.stop = context.WithCancel(context.Background())
	f.work.Add(1)
	return f
}

func (f *logFollower) close() {
	f.stop()
	f.work.Wait()
}

// look has a room's head be asked for.
func (f *logFollower) look(r *liveRoom) {
	f.mu.Lock()
	f.looks[r] = true
	f.mu.Unlock()
	signal(f.more)
}

// wants has what a room's log lacks be read, if it lacks something.
func (f *logFollower) wants(r *liveRoom) {
	h, ok := r.log.Hole()
	if !ok {
		return
	}
	due := time.Now()
	if h.Waits && !f.peers.cluster.Away() {
		due = due.Add(holeWait - h.Age)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch x := f.holes[r]; {
	case x == nil:
		f.holes[r] = &hole{due: due}
	case x.filling:
		x.again = true
	case due.Before(x.due) && x.failed == 0:
		x.due = due
	default:
		return
	}
	signal(f.more)
}

func (f *logFollower) run() {
	defer f.work.Done()
	step := time.NewTicker(pollAway)
	defer step.Stop()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	for {
		select {
		case <-f.more:
		case now := <-step.C:
			f.poll(now)
		case <-due.C:
		case <-f.ctx.Done():
			return
		}
		f.askHeads()
		due.Reset(f.fillDue(time.Now()))
	}
}

// poll has all rooms be asked for, when it is time.
func (f *logFollower) poll(now time.Time) {
	every := pollHere
	if f.peers.cluster.Away() {
		every = pollAway
	}
	if now.Sub(f.polled) < max(every-pollAway/2, f.every) {
		return
	}
	f.polled = now
	rooms := f.peers.engine.rooms.followed()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rooms {
		f.looks[r] = true
	}
}

// askHeads asks for the heads that are to be asked for. What can't be answered now is
// asked for again at the next step.
func (f *logFollower) askHeads() {
	f.mu.Lock()
	looks := f.looks
	f.looks = map[*liveRoom]bool{}
	f.mu.Unlock()
	began := time.Now()
	part := make([]*liveRoom, 0, min(len(looks), pollPart))
	for r := range looks {
		if part = append(part, r); len(part) == pollPart {
			f.askFor(part)
			part = part[:0]
		}
	}
	f.askFor(part)
	f.every = pollRest * time.Since(began)
}

func (f *logFollower) askFor(rooms []*liveRoom) {
	if len(rooms) == 0 || f.ctx.Err() != nil {
		return
	}
	names := make([]string, len(rooms))
	for i, r := range rooms {
		names[i] = r.name
	}
	ctx, cancel := context.WithTimeout(f.ctx, followTimeout)
	defer cancel()
	life := f.peers.store.Life()
	heads, err := f.peers.store.Heads(ctx, names)
	if failing := err != nil; failing != f.failing && f.ctx.Err() == nil {
		f.failing = failing
		f.say(err)
	}
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, r := range rooms {
			f.looks[r] = true
		}
		return
	}
	for i, r := range rooms {
		f.reaches(r, life, heads[i])
	}
}

func (f *logFollower) say(err error) {
	if err != nil {
		f.peers.engine.log.Error("the store can't be asked what other nodes wrote", "err", err)
		return
	}
	f.peers.engine.log.Info("the store can be asked again what other nodes wrote")
}

// reaches has a room's log know how far it goes.
func (f *logFollower) reaches(r *liveRoom, life string, head protocol.Seq) {
	if r.log.Base(life, head) {
		r.wake()
	}
	r.log.Reaches(life, head)
	f.wants(r)
}

// fillDue has what is due be filled, and says how long to wait for the next.
func (f *logFollower) fillDue(now time.Time) (wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wait = time.Hour
	filling := 0
	for _, x := range f.holes {
		if x.filling {
			filling++
		}
	}
	for r, x := range f.holes {
		switch in := x.due.Sub(now); {
		case x.filling:
		case in > 0:
			wait = min(wait, in)
		case filling < maxFills:
			x.filling = true
			filling++
			f.work.Add(1)
			go f.fill(r)
		}
	}
	return wait
}

// fill reads what a room's log lacks until it lacks nothing.
func (f *logFollower) fill(r *liveRoom) {
	defer f.work.Done()
	var err error
	for err == nil && f.ctx.Err() == nil {
		h, ok := r.log.Hole()
		if !ok {
			break
		}
		err = f.fillSome(r, &h)
	}
	f.filled(r, err)
}

// errNothing says that the store doesn't have what a log is said to hold.
var errNothing = errors.New("the store doesn't have it yet")

func (f *logFollower) fillSome(r *liveRoom, h *roomlog.Hole) error {
	ctx, cancel := context.WithTimeout(f.ctx, followTimeout)
	defer cancel()
	if h.Known-h.Cursor > farBehind {
		f.pass(r, h.Life, h.Known)
		return nil
	}
	events, err := f.peers.store.Read(ctx, r.name, h.Cursor, fillPage)
	switch {
	case errors.Is(err, store.ErrNotKept):
		kept, err := f.peers.store.Room(ctx, r.name)
		if err != nil {
			return err
		}
		f.pass(r, h.Life, max(kept.First, 1)-1)
		if kept.First <= h.Cursor+1 {
			return errNothing
		}
		return nil
	case err != nil:
		return err
	case len(events) == 0:
		return errNothing
	}
	if r.log.Offer(h.Life, events) {
		r.wake()
	}
	return nil
}

func (f *logFollower) pass(r *liveRoom, life string, seq protocol.Seq) {
	if r.log.Pass(life, seq) {
		r.wake()
	}
}

// filled ends a room's filling, or puts it off.
func (f *logFollower) filled(r *liveRoom, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.holes[r]
	switch {
	case err != nil:
		x.failed++
		x.filling, x.again = false, false
		x.due = time.Now().Add(min(holeWait<<min(x.failed, 10), maxPause))
	case x.again:
		*x = hole{due: time.Now()}
	default:
		delete(f.holes, r)
	}
	signal(f.more)
}

// settle waits until it is known where a room's log stands, so that who comes in misses
// nothing that is said from now on. Where the store doesn't tell, that is found out
// later.
func (p *peers) settle(ctx context.Context, r *liveRoom) {
	if r.log.Based() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	life := p.store.Life()
	heads, err := p.store.Heads(ctx, []string{r.name})
	if err != nil {
		p.follower.look(r)
		return
	}
	p.follower.reaches(r, life, heads[0])
}
