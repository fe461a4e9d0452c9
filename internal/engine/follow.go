package engine

import (
	"context"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/roomlog"
)

// logFollower asks the store for what this node's logs lack of what others wrote.
type logFollower struct {
	// Fixed after newLogFollower.
	peers  *peers
	upkeep *roomlog.Upkeep
	ctx    context.Context
	stop   context.CancelFunc
	more   chan struct{}  // holds one while there is something to do at once
	work   sync.WaitGroup // run, and those who fill

	// Owned by run.
	polled  time.Time     // when all rooms were last asked for
	every   time.Duration // how long that is to hold, at least
	failing bool
}

const (
	// While nothing is heard of other nodes, the store is asked about all rooms so often,
	// and otherwise so seldom: what was lost on the way without a word is found then.
	pollAway = 500 * time.Millisecond
	pollHere = 5 * time.Second
	pollPart = 1000 // rooms in one question
	pollRest = 10   // times as long as asking took, nobody asks

	followTimeout = 5 * time.Second
)

func newLogFollower(p *peers) *logFollower {
	f := &logFollower{peers: p, upkeep: roomlog.NewUpkeep(), more: make(chan struct{}, 1)}
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

func (f *logFollower) start() {
	f.work.Add(1)
	go f.run()
}

func (f *logFollower) close() {
	f.stop()
	f.work.Wait()
}

// look has a room's head be asked for.
func (f *logFollower) look(r *liveRoom) {
	f.upkeep.Look(r.log)
	signal(f.more)
}

// wants has what a room's log lacks be read, if it lacks something.
func (f *logFollower) wants(r *liveRoom) {
	if f.upkeep.Wants(r.log, time.Now()) {
		signal(f.more)
	}
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
		logs, wait := f.upkeep.Due(time.Now())
		for _, l := range logs {
			f.work.Add(1)
			go f.fill(l)
		}
		due.Reset(wait)
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
	f.upkeep.Look(f.peers.engine.rooms.followed()...)
}

// askHeads asks for the heads that are to be asked for. What can't be answered now is
// asked for again at the next step.
func (f *logFollower) askHeads() {
	began := time.Now()
	logs := f.upkeep.Looks()
	for len(logs) > 0 && f.ctx.Err() == nil {
		n := min(len(logs), pollPart)
		f.askFor(logs[:n])
		logs = logs[n:]
	}
	f.every = pollRest * time.Since(began)
}

func (f *logFollower) askFor(logs []*roomlog.Log) {
	names := make([]string, len(logs))
	for i, l := range logs {
		names[i] = l.Room()
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
		f.upkeep.Look(logs...)
		return
	}
	now := time.Now()
	for i, l := range logs {
		f.upkeep.Reaches(l, life, heads[i], now)
	}
}

func (f *logFollower) say(err error) {
	if err != nil {
		f.peers.engine.log.Error("the store can't be asked what other nodes wrote", "err", err)
		return
	}
	f.peers.engine.log.Info("the store can be asked again what other nodes wrote")
}

// fill reads what a room's log lacks until it lacks nothing.
func (f *logFollower) fill(l *roomlog.Log) {
	defer f.work.Done()
	var err error
	for done := false; !done && err == nil; {
		ctx, cancel := context.WithTimeout(f.ctx, followTimeout)
		done, err = f.upkeep.Fill(ctx, l, f.peers.store)
		cancel()
	}
	f.upkeep.Filled(l, err, time.Now())
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
	if p.follower.upkeep.Reaches(r.log, life, heads[0], time.Now()) {
		signal(p.follower.more)
	}
}
