package engine

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestOneWhoLeavesItsAnswersUnreadIsNotReadFrom(t *testing.T) {
	const asked = 10_000
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t))
		var sent atomic.Int64
		go func() {
			for range asked {
				p.send("nonsense")
				sent.Add(1)
			}
		}()
		synctest.Wait() // until nobody can go on
		answer := len(errorFrame("Invalid JSON"))
		if n, most := sent.Load(), int64(2*maxAnswerBytes/answer); n == 0 || n > most {
			t.Fatalf("%d frames were read from one who reads no answer, want 1 to %d", n, most)
		}
		for range asked { // once it reads, nothing is missing
			p.want(errorFrame("Invalid JSON"))
		}
	})
}
