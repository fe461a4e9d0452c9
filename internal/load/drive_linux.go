package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pace says what is due when, going round the senders.
type pace struct {
	schedule

	senders []*session
	began   int64
	said    uint64
}

// A turn says at most so many that are overdue, before it reads again.
const maxTurn = 256

// sayDue says what is due, and returns when the next is.
func (l *loop) sayDue(now int64) (next int64, err error) {
	p := l.pace
	due := min(p.due(time.Duration(now-p.began)), p.said+maxTurn)
	for ; p.said < due; p.said++ {
		s := p.senders[p.said%uint64(len(p.senders))]
		if err := l.say(s, p.began+int64(p.at(p.said))); err != nil {
			return 0, err
		}
	}
	return p.began + int64(p.at(p.said)), nil
}

// begin has the senders begin: from now on what is due is said in time, and in
// closed loop each sender's own message brings its next.
func (l *loop) begin() error {
	if l.cfg.Exact {
		l.gather = 0
	} else {
		l.gather = gatherFor
	}
	l.sending = true
	if l.pace != nil {
		l.pace.began = l.now()
	}
	for _, s := range l.sessions {
		if s.closed {
			if err := l.say(s, l.now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// drive goes on for so long: it says what is due, and reads what comes.
func (l *loop) drive(ctx context.Context, until int64) error {
	for {
		now := l.now()
		if now >= until {
			return nil
		}
		wait := until - now
		if l.sending && l.pace != nil {
			next, err := l.sayDue(now)
			if err != nil {
				return err
			}
			wait = min(wait, next-now)
		}
		if _, err := l.poll(ctx, time.Duration(wait)); err != nil {
			return err
		}
	}
}

const (
	calm     = 100 * time.Millisecond // nothing for so long: the rooms have settled
	patience = 30 * time.Second       // for a server that does nothing of what it should
)

// until reads what comes until done, telling how far it is. It gives up when the
// count has not changed for long.
func (l *loop) until(ctx context.Context, phase Phase, total int, count func() int) error {
	for last, since := -1, l.now(); ; {
		n := count()
		l.tell(Progress{Phase: phase, Done: n, Total: total}, n >= total)
		switch now := l.now(); {
		case n >= total:
			return nil
		case n != last:
			last, since = n, now
		case now-since > int64(patience):
			return l.stuck(phase, n, total)
		}
		if _, err := l.poll(ctx, calm); err != nil {
			return err
		}
	}
}

func (l *loop) stuck(phase Phase, n, total int) error {
	err := fmt.Errorf("%s: %d of %d, and no progress in %v", phase, n, total, patience)
	return errors.Join(err, l.refusal)
}

const tellEvery = int64(250 * time.Millisecond)

// tell passes on how far the run is, a few times a second at most unless it must.
func (l *loop) tell(p Progress, must bool) {
	now := l.now()
	if l.cfg.Progress == nil || !must && now-l.toldAt < tellEvery {
		return
	}
	l.toldAt = now
	l.cfg.Progress(p)
}

// settle waits until nothing comes any more.
func (l *loop) settle(ctx context.Context) error {
	for deadline := l.now() + int64(patience); ; {
		switch n, err := l.poll(ctx, calm); {
		case err != nil:
			return err
		case n == 0:
			return nil
		case l.now() > deadline:
			return fmt.Errorf("the rooms have not settled within %v", patience)
		}
	}
}
