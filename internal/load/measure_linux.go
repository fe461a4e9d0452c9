package load

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// window is what is measured now.
type window struct {
	began  int64
	before usage
	cpu    time.Duration // the server's at the last sample
	series []Sample
	said   uint64 // messages at the last sample
	heard  uint64 // deliveries then
}

// open begins the window.
func (l *loop) open() (w *window, err error) {
	w = new(window)
	if w.before, err = readUsage(l.cfg.pids()...); err != nil {
		return nil, err
	}
	w.cpu = w.before.server
	l.reset()
	w.began = l.now()
	return w, nil
}

// watch drives on until the window has lasted so long, and takes a sample each
// second.
func (l *loop) watch(ctx context.Context, w *window, lasted time.Duration) error {
	for end := w.began + int64(lasted); l.now() < end; {
		next := w.began + int64(time.Duration(len(w.series)+1)*time.Second)
		if err := l.drive(ctx, min(next, end)); err != nil {
			return err
		}
		if l.now() >= next {
			if err := l.sample(w); err != nil {
				return err
			}
		}
	}
	return nil
}

// sample ends a second of the window.
func (l *loop) sample(w *window) error {
	cpu, err := cpuOf(l.cfg.pids()...)
	if err != nil {
		return err
	}
	rss, err := rssOf(l.cfg.pids()...)
	if err != nil {
		return err
	}
	s := Sample{
		At: time.Duration(l.now() - w.began), Messages: l.messages - w.said, Deliveries: l.deliveries - w.heard,
		P99: l.second.quantile(0.99), ServerCPU: cpu - w.cpu, RSS: rss, Sessions: l.present,
	}
	w.cpu, w.said, w.heard = cpu, l.messages, l.deliveries
	w.series = append(w.series, s)
	l.latency.merge(&l.second)
	l.second.reset()
	l.tell(Progress{Phase: Measuring, Sample: s}, true)
	return nil
}

// shutWindow ends the window and says what was seen in it.
func (l *loop) shutWindow(w *window, res *Result) error {
	res.Window = time.Duration(l.now() - w.began)
	after, err := readUsage(l.cfg.pids()...)
	if err != nil {
		return err
	}
	if res.Loaded, err = readProcess(l.cfg.pids()...); err != nil {
		return err
	}
	res.Series = w.series
	res.Messages, res.Deliveries, res.Reads, res.CutOff = l.messages, l.deliveries, l.reads, l.cutOff
	if l.deliveries > 0 {
		payload := int(l.bytes / l.deliveries)
		res.Frame = len(frame.AppendFrame(nil, frame.Text, make([]byte, payload)))
	}
	res.Gather = l.gather
	res.ServerCPU = after.server - w.before.server
	res.GeneratorCPU = after.generator - w.before.generator
	if len(l.cfg.pids()) > 0 { // else the server is one of the others
		res.OtherCPU = max(after.machine-w.before.machine-res.ServerCPU-res.GeneratorCPU, 0)
	}
	res.Cores = runtime.NumCPU()
	res.Limit = res.limit(l.due, l.cfg.Busy > 0)
	l.latencies(res)
	return nil
}

func (l *loop) latencies(res *Result) {
	l.latency.merge(&l.second)
	l.second.reset()
	res.Latency, res.Last, res.Quiet, res.Late = l.latency.latency(), l.last.latency(), l.quiet.latency(), l.late.latency()
}

// end waits for all that was said in the window, and counts how long it took, too:
// what a server left undone at the window's end is not forgiven.
func (l *loop) end(ctx context.Context, res *Result) error {
	if err := l.drain(ctx); err != nil {
		return err
	}
	l.latencies(res)
	return nil
}

// drain waits until every session has every message. A server that goes on
// delivering, but for too long, is behind; one that stops before has lost some.
func (l *loop) drain(ctx context.Context) error {
	l.sending = false
	if err := l.lastWord(); err != nil {
		return err
	}
	began, since, last := l.now(), l.now(), l.deliveries
	for {
		if err := l.placeAll(); err != nil {
			return err
		}
		behind := l.behind()
		if behind == 0 && l.order.unseen == 0 {
			return nil
		}
		l.tell(Progress{Phase: Draining, Done: len(l.sessions) - behind, Total: len(l.sessions)}, false)
		now := l.now()
		if l.deliveries != last {
			since, last = now, l.deliveries
		}
		switch {
		case now-began > int64(2*patience):
			return fmt.Errorf("%w: after %v %d sessions have not seen all that was said", ErrBehind, 2*patience, behind)
		case now-since > int64(l.cfg.giveUp):
			return l.lost()
		}
		if _, err := l.poll(ctx, calm); err != nil {
			return err
		}
	}
}

// lost says what never came, by an example.
func (l *loop) lost() error {
	if n := l.order.unseen; n > 0 {
		return fmt.Errorf("%w: nobody ever saw %d messages", ErrBroken, n)
	}
	i := slices.IndexFunc(l.sessions, lags)
	s := l.sessions[i]
	return fmt.Errorf("%w: %d sessions never saw all that was said, %s in %s but %d messages of %d",
		ErrBroken, l.behind(), s.who.Name, s.who.Room, s.place, s.room.head)
}

// lastWord says one more message where somebody came back without a cursor and
// has heard nothing since: they must hear this one.
func (l *loop) lastWord() error {
	if !slices.ContainsFunc(l.sessions, func(s *session) bool { return s.state == in && !s.placed }) {
		return nil
	}
	return l.say(l.sessions[0], l.now())
}

// placeAll places those who wait for it, though they hear nothing more.
func (l *loop) placeAll() error {
	for _, s := range l.sessions {
		if len(s.early) == 0 {
			continue
		}
		if err := l.place(s); err != nil {
			return fmt.Errorf("session %s: %w", s.who.Name, err)
		}
	}
	return nil
}

// behind counts the sessions that have not seen all of the rooms that they are in.
func (l *loop) behind() (n int) {
	for _, s := range l.sessions {
		if lags(s) {
			n++
		}
	}
	return n
}

func lags(s *session) bool {
	return s.state == in && (!s.placed || s.place < s.room.head)
}

// probe has the first session say a message that is only its token, to learn what
// a delivery has beside its text.
func (l *loop) probe(ctx context.Context) error {
	first := l.sessions[0]
	if err := l.say(first, l.now()); err != nil {
		return err
	}
	if err := l.drain(ctx); err != nil {
		return fmt.Errorf("the first message: %w", err)
	}
	empty := int(l.bytes/max(l.deliveries, 1)) - TokenBytes
	if l.cfg.Frame > 0 {
		n, err := textBytes(l.cfg.Frame, empty)
		if err != nil {
			return err
		}
		l.text = newText(n)
	}
	l.least = empty + len(l.text) - idWidth
	return nil
}

// idWidth is by how much deliveries of one length of text may differ: seqs and ids
// grow with time.
const idWidth = 16
