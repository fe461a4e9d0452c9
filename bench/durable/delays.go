package durable

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Pace says how a room is to be measured that isn't full.
type Pace struct {
	Readers   int
	Senders   int
	PerSecond int // messages
	Window    time.Duration
}

// Paced is how long it took from a send to its answer, and to the last reader; and
// an fsync of one page on the same disk meanwhile.
type Paced struct {
	Ack, Last, Fsync Delays
}

// Delayed has people say so much in a room, and others read it. folder is on the
// server's disk.
func Delayed(addr, folder string, p Pace) (Paced, error) {
	m := &paced{Pace: p, sent: make([]atomic.Int64, p.PerSecond*int(p.Window/time.Millisecond)/1000)}
	m.acks = make(Delays, len(m.sent))
	m.lasts = make(Delays, len(m.sent))
	m.heard = make([]atomic.Int32, len(m.sent))
	var all sync.WaitGroup
	errs := make(chan error, p.Readers+2*p.Senders+1)
	for range p.Readers {
		l, err := dial(addr)
		if err != nil {
			return Paced{}, err
		}
		defer l.conn.Close()
		if _, err := l.ask(`{"type":"join","id":"j","room":"paced","last":0}`); err != nil {
			return Paced{}, err
		}
		all.Go(func() { errs <- m.read(l) })
	}
	senders := make([]*line, p.Senders)
	for i := range senders {
		l, err := dial(addr)
		if err != nil {
			return Paced{}, err
		}
		defer l.conn.Close()
		senders[i] = l
		all.Go(func() { errs <- m.hear(l, i) })
	}
	stop := make(chan struct{})
	var fsyncs Delays
	var disk sync.WaitGroup
	disk.Go(func() {
		var err error
		fsyncs, err = fsync(folder, stop)
		errs <- err
	})
	err := m.say(senders)
	all.Wait()
	close(stop)
	disk.Wait()
	close(errs)
	for e := range errs {
		if err == nil {
			err = e
		}
	}
	return Paced{m.acks, m.lasts, fsyncs}, err
}

// paced is a measurement under way.
type paced struct {
	Pace
	sent  []atomic.Int64 // when, of each message: nanoseconds
	heard []atomic.Int32 // by how many
	acks  Delays         // each is written once, by whoever hears of it
	lasts Delays
}

// say sends each message when it is due, in turns.
func (m *paced) say(senders []*line) error {
	began := time.Now()
	for n := range m.sent {
		due := began.Add(time.Duration(n) * time.Second / time.Duration(m.PerSecond))
		time.Sleep(time.Until(due))
		l := senders[n%len(senders)]
		l.put(fmt.Sprintf(`{"type":"send","id":"%d","room":"paced","text":"%d %s","key":%q}`, n, n, text, keyOf(n%len(senders), n)))
		m.sent[n].Store(time.Now().UnixNano())
		if err := l.flush(); err != nil {
			return err
		}
	}
	return nil
}

func (m *paced) since(n int) time.Duration {
	return time.Duration(time.Now().UnixNano() - m.sent[n].Load())
}

// hear reads a sender's answers.
func (m *paced) hear(l *line, who int) error {
	for n := who; n < len(m.sent); n += m.Senders {
		payload, err := l.answer()
		if err != nil {
			return err
		}
		if got := numberAfter(payload, `"id":"`); got != n {
			return fmt.Errorf("the answer to %d comes, that to %d is due", got, n)
		}
		m.acks[n] = m.since(n)
	}
	return nil
}

// read reads everything that is said.
func (m *paced) read(l *line) error {
	for heard := 0; heard < len(m.sent); {
		payload, err := l.next()
		if err != nil {
			return err
		}
		if n := numberAfter(payload, `"text":"`); n >= 0 && n < len(m.sent) {
			heard++
			if m.heard[n].Add(1) == int32(m.Readers) {
				m.lasts[n] = m.since(n)
			}
		}
	}
	return nil
}

// fsync writes and syncs a page every few milliseconds until stop is closed.
func fsync(folder string, stop chan struct{}) (took Delays, err error) {
	f, err := os.Create(filepath.Join(folder, "page"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	page := make([]byte, 4096)
	for {
		select {
		case <-stop:
			return took, nil
		case <-tick.C:
		}
		began := time.Now()
		if _, err := f.WriteAt(page, 0); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
}
