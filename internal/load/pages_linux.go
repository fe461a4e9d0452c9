package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// pages are what history counts.
type pages struct {
	base    uint64 // the room's newest event before it was filled
	asking  bool   // a page that came brings the next
	asked   int    // pages under way
	got     uint64 // pages
	events  uint64
	took    histogram
	another *rand.Rand
}

// How many messages are under way at once while a room is filled.
const filling = 64

// fill has the first session, alone in its room, say what others will read.
func (l *loop) fill(ctx context.Context) error {
	s := l.sessions[0]
	l.pages.base = s.seq
	l.sending, s.closed, l.quota = true, true, max(l.cfg.Fill-filling, 0)
	for range min(l.cfg.Fill, filling) {
		if err := l.say(s, l.now()); err != nil {
			return err
		}
	}
	before := s.place
	if err := l.until(ctx, Filling, l.cfg.Fill, func() int { return int(s.place - before) }); err != nil {
		return err
	}
	l.sending, l.quota = false, -1
	return nil
}

// history has all sessions read pages of one room, each its next when it has one.
func (l *loop) history(ctx context.Context, res *Result) error {
	l.pages.another = rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same pages in each run
	now := l.now()
	for _, s := range l.sessions {
		if err := l.ask(s, now); err != nil {
			return err
		}
	}
	l.pages.asking = true
	l.tell(Progress{Phase: Warming}, true)
	if err := l.drive(ctx, now+int64(l.cfg.Warmup)); err != nil {
		return err
	}
	w, err := l.open()
	if err != nil {
		return err
	}
	l.pages.got, l.pages.events = 0, 0
	l.pages.took.reset()
	if err := l.watch(ctx, w, l.cfg.Window); err != nil {
		return err
	}
	res.History = &HistoryResult{Pages: l.pages.got, Events: l.pages.events, Took: l.pages.took.latency()}
	if err := l.shutWindow(w, res); err != nil {
		return err
	}
	l.pages.asking = false
	return l.until(ctx, Draining, len(l.sessions), func() int { return len(l.sessions) - l.pages.asked })
}

// ask asks for a page anywhere in what was filled in.
func (l *loop) ask(s *session, now int64) error {
	after := l.pages.base + l.pages.another.Uint64N(uint64(max(l.cfg.Fill-l.cfg.Page, 0)+1))
	s.asked = now
	l.pages.asked++
	l.payload = l.cfg.Wire.(Pager).Page(l.payload[:0], s.who, after, l.cfg.Page)
	return l.write(s, frame.Text, l.payload)
}

func (l *loop) paged(s *session, m *Message, now int64) error {
	if m.Events == 0 || m.Events > l.cfg.Page {
		return fmt.Errorf("%w: a page of %d events, want 1 to %d", ErrBroken, m.Events, l.cfg.Page)
	}
	l.pages.asked--
	l.pages.got++
	l.pages.events += uint64(m.Events)
	l.pages.took.add(time.Duration(now - s.asked))
	if !l.pages.asking {
		return nil
	}
	return l.ask(s, l.now())
}
