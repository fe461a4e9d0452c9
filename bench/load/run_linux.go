package load

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

const (
	quiet    = 200 * time.Millisecond // nothing for so long: the room has settled
	patience = 30 * time.Second       // for what a server should do at once
)

func (l *loop) connect() error {
	for i := range l.cfg.Sessions {
		socket, err := dial(l.cfg.Addr)
		if err != nil {
			return fmt.Errorf("connect session %d: %w", i, err)
		}
		l.sessions = append(l.sessions, &session{index: i, socket: socket})
		// By edges, since a read takes all there is: its buffer is far greater than a socket's.
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(i)}
		if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, socket, &event); err != nil {
			return fmt.Errorf("connect session %d: %w", i, err)
		}
	}
	return nil
}

// join lets one session after the other into the room: a notice tells everyone the names of all, so that a thousand
// at once would be a benchmark of its own.
func (l *loop) join() error {
	for _, s := range l.sessions {
		command := fmt.Sprintf(`{"type":"join","username":%q,"room":"bench"}`, username(s.index))
		if err := s.write(masked(opText, []byte(command))); err != nil {
			return fmt.Errorf("join session %d: %w", s.index, err)
		}
		if err := l.pollUntil(func() bool { return s.joined }); err != nil {
			return fmt.Errorf("join session %d: %w", s.index, err)
		}
	}
	return l.settle()
}

func (l *loop) pollUntil(done func() bool) error {
	for deadline := l.now() + int64(patience); !done(); {
		if l.now() > deadline {
			return fmt.Errorf("no answer within %v", patience)
		}
		if _, err := l.poll(quiet); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) settle() error {
	for deadline := l.now() + int64(patience); ; {
		switch n, err := l.poll(quiet); {
		case err != nil:
			return err
		case n == 0:
			return nil
		case l.now() > deadline:
			return fmt.Errorf("the room has not settled within %v", patience)
		}
	}
}

// measure sends through warm-up and window, takes the figures at the window's ends, and then waits for every
// session to have every message.
func (l *loop) measure(res *Result) error {
	drive := l.saturate
	if l.cfg.Rate > 0 {
		drive = l.pace()
	} else if err := l.begin(); err != nil {
		return err
	}
	if err := drive(l.cfg.Warmup); err != nil {
		return err
	}
	before, err := readUsage(l.cfg.PID)
	if err != nil {
		return err
	}
	l.reset()
	began := l.now()
	if err := drive(l.cfg.Window); err != nil {
		return err
	}
	res.Window = time.Duration(l.now() - began)
	res.Deliveries, res.Messages, res.Reads = l.deliveries, l.messages, l.reads
	res.P50, res.P99, res.Max = l.latency.quantile(0.50), l.latency.quantile(0.99), l.latency.max
	after, err := readUsage(l.cfg.PID)
	if err != nil {
		return err
	}
	res.ServerCPU = after.server - before.server
	res.GeneratorCPU = after.generator - before.generator
	res.OtherCPU = max(after.machine-before.machine-res.ServerCPU-res.GeneratorCPU, 0)
	if res.LoadedRSS, err = rssOf(l.cfg.PID); err != nil {
		return err
	}
	return l.drain()
}

// begin sends each sender's first message; from then on its own brings the next.
func (l *loop) begin() error {
	l.sending = true
	for _, s := range l.sessions[:l.cfg.Senders] {
		if err := l.send(s, l.now()); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) saturate(d time.Duration) error {
	for end := l.now() + int64(d); ; {
		left := end - l.now()
		if left <= 0 {
			return nil
		}
		if _, err := l.poll(time.Duration(left)); err != nil {
			return err
		}
	}
}

// pace returns what sends at the fixed rate, going round the senders, on one schedule over all calls.
func (l *loop) pace() func(time.Duration) error {
	plan, began, k := schedule{rate: l.cfg.Rate}, l.now(), uint64(0)
	return func(d time.Duration) error {
		for end := l.now() + int64(d); ; {
			now := l.now()
			if now >= end {
				return nil
			}
			for due := plan.due(time.Duration(now - began)); k < due; k++ {
				s := l.sessions[k%uint64(l.cfg.Senders)]
				if err := l.send(s, began+int64(plan.at(k))); err != nil {
					return err
				}
			}
			wait := min(began+int64(plan.at(k)), end) - now
			if _, err := l.poll(time.Duration(wait)); err != nil {
				return err
			}
		}
	}
}

// drain waits until every session has seen every message that was sent.
func (l *loop) drain() error {
	l.sending = false
	sent := uint64(l.order.next)
	for deadline := l.now() + int64(patience); ; {
		behind := 0
		for _, s := range l.sessions {
			if s.chats < sent {
				behind++
			}
		}
		if behind == 0 {
			return nil
		}
		if l.now() > deadline {
			return fmt.Errorf("%d sessions never saw all %d messages", behind, sent)
		}
		if _, err := l.poll(quiet); err != nil {
			return err
		}
	}
}
