package engine

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// A node beside others sends its people to them little by little, and in no order.
func TestADrainIsSpreadOverItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, spread = 400, 3 * time.Second
		e := startEngine(t, func(c *Config) { c.Spread = spread })
		start := time.Now()
		type told struct {
			number int
			at     time.Duration
		}
		all := make(chan told, people)
		for i := range people {
			p := pipe(t, e)
			go func() {
				op, payload, err := p.read()
				if code, _, _ := frame.ParseClose([]byte(payload)); err != nil || op != frame.Close || code != 1001 {
					t.Errorf("opcode %d with %q, %v; want close 1001", op, payload, err)
				}
				all <- told{i, time.Since(start)}
				p.conn.Close()
			}()
		}
		synctest.Wait()
		if err := e.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > spread+drainStep {
			t.Errorf("it took %v, want %v", took, spread)
		}
		var sixths [6]int
		early := 0 // of those that came first, how many went in the first half
		for range people {
			x := <-all
			sixths[min(int(6*x.at/spread), 5)]++
			if x.number < people/2 && x.at < spread/2 {
				early++
			}
		}
		for i, n := range sixths { // 67 by chance, give or take 7
			if n < 30 || n > 110 {
				t.Errorf("in the %d. sixth %d of %d are told: %v", i+1, n, people, sixths)
			}
		}
		if early < 60 || early > 140 {
			t.Errorf("of the 200 who came first %d went first", early)
		}
	})
}

func TestWhoIsYetToGoIsServedAsEver(t *testing.T) {
	onEach(t, func(t *testing.T, on func(*Config)) {
		e := startEngine(t, on, unlimited, func(c *Config) { c.Spread = time.Second })
		const people = 20
		ended := make(chan int, people) // of each, how many of its messages were answered behind the drain's begin
		begun := make(chan struct{})
		for i := range people {
			p := dial(t, e, guest(fmt.Sprint("u", i)))
			p.mustDo("join", `"room":"lobby"`)
			go func() {
				<-begun
				answered := 0
				for n := 0; ; n++ {
					p.sendFrame(frame.Text, fmt.Sprintf(`{"type":"send","id":"%d","room":"lobby","text":"x"}`, n))
					for {
						op, payload, err := p.read()
						if err != nil {
							t.Errorf("u%d: %v", i, err)
						}
						if err != nil || op == frame.Close {
							ended <- answered
							p.conn.Close()
							return
						}
						if len(payload) > 12 && payload[:12] == `{"type":"ok"` {
							answered++
							break
						}
					}
				}
			}()
		}
		drained := make(chan error, 1)
		go func() { drained <- e.Drain(t.Context()) }()
		eventually(t, "it drains", e.isDraining)
		close(begun)
		all, served := 0, 0
		for range people {
			n := <-ended
			all += n
			if n > 0 {
				served++
			}
		}
		if err := <-drained; err != nil {
			t.Error(err)
		}
		if served < people/2 {
			t.Errorf("%d of %d were served while it drained, %d messages in all", served, people, all)
		}
	})
}

func TestWhoComesWhileItDrainsIsToldToGoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, func(c *Config) { c.Spread = 8 * time.Second })
		stays := pipe(t, e)
		left := make(chan error, 1)
		go func() {
			_, _, err := stays.read()
			stays.conn.Close()
			left <- err
		}()
		synctest.Wait()
		drained := make(chan error, 1)
		go func() { drained <- e.Drain(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		pipe(t, e).wantClose(1001)
		wantAt(t, start, 0)
		if err := errors.Join(<-left, <-drained); err != nil {
			t.Error(err)
		}
	})
}

func TestADrainWithNobodyHereTakesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, func(c *Config) { c.Spread = 8 * time.Second })
		start := time.Now()
		if err := e.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantAt(t, start, 0)
	})
}
