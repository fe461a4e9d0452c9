package engine

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/parley-chat/parley/internal/frame"
)

func TestOneWhoLeavesItsAnswersUnreadIsNotReadFrom(t *testing.T) {
	const asked, payload = 10_000, "is anybody there?"
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t))
		var sent atomic.Int64
		go func() {
			for range asked {
				p.sendFrame(frame.Ping, payload)
				sent.Add(1)
			}
		}()
		synctest.Wait() // until nobody can go on
		if n, most := sent.Load(), int64(2*maxAnswerBytes/len(payload)); n == 0 || n > most {
			t.Fatalf("%d frames were read from one who reads no answer, want 1 to %d", n, most)
		}
		for range asked { // once it reads, nothing is missing
			if op, got, err := p.read(); err != nil || op != frame.Pong || got != payload {
				t.Fatalf("opcode %d with %q, %v; want a pong", op, got, err)
			}
		}
	})
}

func TestOneWhoReadsNothingStillSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, func(c *Config) { c.Rate.N = 0 })
		ada, busy := pipe(t, e), pipe(t, e)
		busy.send(`{"type":"join","username":"busy"}`)
		busy.next()
		ada.send(`{"type":"join","username":"ada"}`) // which busy does not read: its socket is full
		ada.next()
		go func() {
			for range 5 * maxInflight {
				busy.send(`{"type":"chat","text":"hi"}`)
			}
		}()
		var heard atomic.Int64
		go func() {
			for range 5 * maxInflight {
				ada.next()
				heard.Add(1)
			}
		}()
		synctest.Wait()
		if n := heard.Load(); n != 5*maxInflight {
			t.Fatalf("%d of its messages came, want %d", n, 5*maxInflight)
		}
	})
}
