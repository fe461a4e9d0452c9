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
	polls   roomlog.Polls
	failing bool
}

const (
	pollPart      = 1000 // rooms in one question
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
	step := time.NewTicker(roomlog.PollAway)
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
	if f.polls.Due(now, f.peers.cluster.Away()) {
		f.upkeep.Look(f.peers.engine.rooms.followed()...)
	}
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
	f.polls.Took(time.Since(began))
}

func (f *logFollower) askFor(logs []*roomlog.Log) {
	ctx, cancel := context.WithTimeout(f.ctx, followTimeout)
	defer cancel()
	f.peers.engine.metrics.Polls.Inc()
	_, err := f.upkeep.Ask(ctx, f.peers.store, logs, time.Now)
	if failing := err != nil; failing != f.failing && f.ctx.Err() == nil {
		f.failing = failing
		f.say(err)
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
// nothing that is said from now on, and who is there on other nodes. Where the store
// doesn't tell, or they don't, that is found out later.
func (p *peers) settle(ctx context.Context, r *liveRoom) {
	p.base(ctx, r)
	p.people.await(ctx, r)
}

func (p *peers) base(ctx context.Context, r *liveRoom) {
	if r.log.Based() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	lacks, err := p.follower.upkeep.Ask(ctx, p.store, []*roomlog.Log{r.log}, time.Now)
	if lacks || err != nil {
		signal(p.follower.more)
	}
}
