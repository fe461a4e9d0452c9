package durable

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// text is what is said: 96 bytes.
var text = strings.Repeat("what people say ", 6)

// keyOf is a key as clients make them, a UUIDv7: it begins with the time.
func keyOf(who, n int) string {
	return fmt.Sprintf("%012x-7%03x-9%03x-%012x", time.Now().UnixMilli(), n&0xfff, who&0xfff, n)
}

// Sends has sessions send messages with keys as fast as they are acknowledged, each
// with so many on their way, and gives how many are acknowledged a second.
func Sends(addr string, senders, ahead int, window time.Duration) (perSecond float64, err error) {
	var acked atomic.Int64
	var stop atomic.Bool
	var all sync.WaitGroup
	errs := make(chan error, senders)
	for i := range senders {
		l, err := dial(addr)
		if err != nil {
			return 0, err
		}
		defer l.conn.Close()
		all.Go(func() {
			if err := l.sendOn(i, ahead, &acked, &stop); err != nil {
				errs <- err
			}
		})
	}
	<-time.After(window / 4) // warms up
	before, began := acked.Load(), time.Now()
	select {
	case <-time.After(window):
	case err = <-errs:
	}
	perSecond = rate(int(acked.Load()-before), time.Since(began))
	stop.Store(true)
	all.Wait()
	return perSecond, err
}

// sendOn sends one message for each answer, and all that were answered at once
// together.
func (l *line) sendOn(who, ahead int, acked *atomic.Int64, stop *atomic.Bool) error {
	sent, waiting := 0, 0
	for {
		for ; waiting < ahead && !stop.Load(); waiting++ {
			l.put(fmt.Sprintf(`{"type":"send","id":"%d","room":"lobby","text":%q,"key":%q}`, sent, text, keyOf(who, sent)))
			sent++
		}
		if err := l.flush(); err != nil {
			return err
		}
		if waiting == 0 {
			return nil
		}
		for first := true; first || l.more() && waiting > 0; first = false {
			if _, err := l.answer(); err != nil {
				return err
			}
			waiting--
			acked.Add(1)
		}
	}
}
