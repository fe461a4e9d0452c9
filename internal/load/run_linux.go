package load

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Run connects the sessions, lets them join their rooms, does what the scenario
// says, and measures. It fails with ErrBroken where a message was lost, repeated
// or out of order, and with ErrBehind where the rate was too much. It wants one
// thread for itself; a process has one run at a time.
func Run(ctx context.Context, cfg Config) (res Result, err error) {
	if cfg, err = cfg.withDefaults(); err != nil {
		return Result{}, err
	}
	if err := roomForFiles(cfg.Sessions + cfg.Busy); err != nil {
		return Result{}, err
	}
	runtime.LockOSThread() // one thread is this loop's; the scheduler need not move it
	defer runtime.UnlockOSThread()

	l, err := newLoop(cfg)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	res = Result{
		Scenario: cfg.Scenario, Server: cfg.Server, Wire: cfg.Wire.Name(), Offered: cfg.Rate,
		Sessions: len(l.sessions), Rooms: len(l.rooms), Senders: l.senders(), Nodes: len(l.dests),
	}
	if res.Fresh, err = readProcess(cfg.pids()...); err != nil {
		return res, err
	}
	if err := l.assemble(ctx); err != nil {
		return res, err
	}
	if res.Ready, err = readProcess(cfg.pids()...); err != nil {
		return res, err
	}
	return res, l.play(ctx, &res)
}

// play does what the scenario says.
func (l *loop) play(ctx context.Context, res *Result) error {
	switch l.cfg.Scenario {
	case Idle:
		return l.idle(ctx, res)
	case History:
		return l.history(ctx, res)
	case Storm:
		return l.storm(ctx, res)
	case Slow:
		return l.slow(ctx, res)
	default:
		return l.talkative(ctx, res)
	}
}

// assemble connects all sessions, and then has them join. Of history only the
// first one joins, to fill the room: the others read on without.
func (l *loop) assemble(ctx context.Context) error {
	l.first = append(l.first, l.sessions...)
	err := l.until(ctx, Connecting, len(l.sessions), func() int { return int(l.readied) })
	if err != nil {
		return err
	}
	l.refusal = nil
	joiners := l.sessions
	if l.cfg.Scenario == History {
		joiners = joiners[:1]
	}
	l.admits = true
	for _, s := range joiners {
		if err := l.wait(s); err != nil {
			return err
		}
	}
	if err := l.until(ctx, Joining, len(joiners), func() int { return l.present }); err != nil {
		return err
	}
	if err := l.settle(ctx); err != nil {
		return err
	}
	if l.cfg.Scenario == Idle {
		return nil
	}
	if err := l.probe(ctx); err != nil {
		return err
	}
	if l.cfg.Scenario == History {
		return l.fill(ctx)
	}
	return nil
}

// What a process needs beside its sessions: standard streams, epoll, and files of
// /proc for a moment.
const otherFiles = 64

func roomForFiles(sessions int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	if uint64(sessions+otherFiles) > limit.Cur {
		return fmt.Errorf("sessions %d: want at most %d, since a process may open %d files here (ulimit -n)",
			sessions, max(int(limit.Cur)-otherFiles, 0), limit.Cur)
	}
	return nil
}
