package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// wantAt fails unless d has passed since start, to the millisecond.
func wantAt(t *testing.T, start time.Time, d time.Duration) {
	t.Helper()
	if got := time.Since(start); got != d {
		t.Fatalf("after %v, want %v", got, d)
	}
}

func (p *peer) wantPing() {
	p.t.Helper()
	if op, payload, err := p.read(); err != nil || op != frame.Ping {
		p.t.Fatalf("opcode %d with %q, %v; want a ping", op, payload, err)
	}
}

func TestASilentSessionIsCutOffAtTheSecondTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t)
		start := time.Now()
		silent, ada := pipe(t, e), pipe(t, e)
		silent.send(`{"type":"join","username":"silent"}`)
		silent.next()
		ada.send(`{"type":"join","username":"ada"}`)
		ada.next()
		silent.next()
		left := make(chan time.Duration)
		go func() {
			ada.want(`{"type":"system","text":"silent left #general","users":["ada"]}`)
			left <- time.Since(start)
		}()
		silent.wantPing()
		wantAt(t, start, 30*time.Second)
		silent.wantEnd()
		wantAt(t, start, 60*time.Second)
		if at := <-left; at != 60*time.Second {
			t.Fatalf("its room saw it leave after %v, want 60s", at)
		}
	})
}

func TestAnythingThatComesKeepsASessionAlive(t *testing.T) {
	for name, say := range map[string]func(p *peer){
		"pong":        func(p *peer) { p.sendFrame(frame.Pong, "") },
		"ping":        func(p *peer) { p.sendFrame(frame.Ping, "") },
		"text":        func(p *peer) { p.send(`{"type":"leave"}`) },
		"half a text": func(p *peer) { p.sendBytes([]byte{0x81}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				p := pipe(t, startEngine(t))
				p.wantPing()
				time.Sleep(time.Until(start.Add(60*time.Second - time.Millisecond)))
				go say(p)
				for {
					op, _, err := p.read()
					if err != nil {
						t.Fatalf("cut off after %v", time.Since(start))
					}
					if op == frame.Ping {
						break
					}
				}
				wantAt(t, start, 60*time.Second)
			})
		})
	}
}

func TestAnHourOfPongsIsAnHourOfPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := pipe(t, startEngine(t))
		for i := 1; i <= 120; i++ {
			p.wantPing()
			wantAt(t, start, time.Duration(i)*30*time.Second)
			p.sendFrame(frame.Pong, "")
		}
	})
}

func TestAMessageThatIsNeverFinishedEndsItsSession(t *testing.T) {
	for name, start := range map[string][]byte{
		"half a header": {0x81},
		"half a frame":  frame.AppendMaskedFrame(nil, frame.Text, make([]byte, 100), [4]byte{})[:50],
		"half a message": func() []byte {
			b := frame.AppendMaskedFrame(nil, frame.Text, []byte("hi"), [4]byte{})
			b[0] &^= 0x80 // no FIN
			return b
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := pipe(t, startEngine(t))
				time.Sleep(5 * time.Second)
				p.sendBytes(start)
				time.Sleep(5 * time.Second)
				if name == "half a message" {
					p.sendFrame(frame.Ping, "") // a control frame in between doesn't finish it
					if op, _, err := p.read(); err != nil || op != frame.Pong {
						t.Fatalf("opcode %d, %v; want a pong", op, err)
					}
				}
				p.wantClose(1008)
				wantAt(t, began, 15*time.Second)
			})
		})
	}
}

func TestANodeThatStoodStillCutsNobodyOff(t *testing.T) {
	now := time.Now()
	s := &session{engine: &Engine{heartbeat: 30 * time.Second}, carrier: wakeless{}, pulse: newPulse(30*time.Second, now)}
	if s.Tick(now.Add(30 * time.Second)) {
		t.Fatal("cut off at the first tick")
	}
	stopped := now.Add(300 * time.Second) // the tick of 60 s comes four minutes late
	if s.Tick(stopped) {
		t.Fatal("cut off although the node stood still")
	}
	if at := s.Deadline(); !at.Equal(stopped.Add(30 * time.Second)) {
		t.Fatalf("the next tick is %v after, want 30s", at.Sub(stopped))
	}
	if !s.Tick(stopped.Add(30 * time.Second)) {
		t.Fatal("kept although it was silent for a whole interval")
	}
}

type wakeless struct{ carrier }

func (wakeless) Wake() {}

func TestOneWhoMovesWithoutEndIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := pipe(t, startEngine(t))
		for i := range 350 {
			p.send(`{"type":"join","username":"ada","room":"lobby"}`)
			p.want(`{"type":"system","text":"ada joined #lobby","users":["ada"]}`)
			if i == maxMoves-1 {
				wantAt(t, start, 0)
			}
		}
		if took := time.Since(start); took < 30*time.Second || took > 40*time.Second {
			t.Fatalf("350 joins took %v, want 100 in any 10 s", took)
		}
	})
}

func TestMessagesThatAreFinishedInTimeGoOnForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipe(t, startEngine(t))
		whole := frame.AppendMaskedFrame(nil, frame.Text, []byte(`{"type":"leave"}`), [4]byte{1, 2, 3, 4})
		p.sendBytes(whole[:5])
		for range 40 { // what comes at once is the end of one and the beginning of the next
			time.Sleep(500 * time.Millisecond)
			p.sendBytes(append(append([]byte(nil), whole[5:]...), whole[:5]...))
		}
	})
}
