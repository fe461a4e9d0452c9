//go:build e2e

package redis

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/broker/brokertest"
	"github.com/parley-chat/parley/internal/testserver"
)

// noticed is how long it may take until a way on which nothing comes is taken for cut:
// silence, a connection that is tried, and a busy machine.
const noticed = silence + 2*time.Second

// breaks has something go wrong for as long as it takes to be noticed, and be mended
// again. Then all is heard as before.
func breaks(t *testing.T, p pair, break_, mend func(), topics ...string) {
	t.Helper()
	began := time.Now()
	break_()
	p.ear.AwaitAway(1)
	took := time.Since(began)
	if took > noticed {
		t.Errorf("it was noticed after %v, want at most %v", took, noticed)
	}
	began = time.Now()
	mend()
	p.ear.AwaitListens(2, topics...)
	t.Logf("noticed after %v, heard again %v after it was mended", took.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	p.say(t, topics...)
}

func TestACutCableIsNoticed(t *testing.T) {
	server := testserver.StartRedis(t)
	link := testserver.NewLink(t, server.Addr)
	p := newPair(t, "redis://"+link.Addr, rooms(100)...)
	breaks(t, p, link.Cut, link.Mend, rooms(100)...)
}

func TestAPausedRedisIsNoticed(t *testing.T) {
	server := testserver.StartRedis(t)
	p := newPair(t, server.URL(), rooms(100)...)
	breaks(t, p, func() { server.Signal(syscall.SIGSTOP) }, func() { server.Signal(syscall.SIGCONT) }, rooms(100)...)
}

func TestAKilledRedisIsNoticedAndComesBack(t *testing.T) {
	server := testserver.StartRedis(t)
	p := newPair(t, server.URL(), rooms(100)...)
	breaks(t, p, server.Kill, server.Start, rooms(100)...)
}

// A publisher whose way is cut alone says later what it had to say: who listens has
// noticed nothing.
func TestWhatAPublisherSaidWhileItWasCutIsHeardLater(t *testing.T) {
	server := testserver.StartRedis(t)
	link := testserver.NewLink(t, server.Addr)
	p := newPair(t, server.URL(), "lobby")
	ear := brokertest.NewEar(t)
	far := opener("redis://"+link.Addr)(t, ear)
	defer far.Close()
	far.Subscribe("attic")
	ear.AwaitListens(1, "attic")
	link.Cut()
	for i := range 1000 {
		far.Publish("lobby", fmt.Append(nil, i))
	}
	ear.AwaitAway(1)
	link.Mend()
	p.ear.AwaitHeard(1001, "lobby")
	if _, _, away := p.ear.Counts(""); away != 0 {
		t.Errorf("who listened was away: %s", p.ear)
	}
}

func TestASlowAndLossyLineCarriesAllInTheEnd(t *testing.T) {
	server := testserver.StartRedis(t)
	link := testserver.NewLink(t, server.Addr)
	p := newPair(t, "redis://"+link.Addr, rooms(10)...)
	link.Slow(20*time.Millisecond, 20)
	for i := range 300 {
		p.speaks.Publish("room 1", make([]byte, 2000))
		if i == 150 {
			link.Drop()
		}
	}
	p.ear.AwaitListens(2, rooms(10)...)
	link.Mend()
	p.say(t, rooms(10)...)
}

// Redis ends a connection whose reader is too slow. That reader hears that it missed
// something, and nobody else notices.
func TestWhoWasCutOffForSlownessListensAgain(t *testing.T) {
	server := testserver.StartRedis(t, "--client-output-buffer-limit", "pubsub", "1mb", "0", "0")
	p := newPair(t, server.URL(), "lobby")
	release := p.ear.Stick()
	defer release()
	for range 1000 {
		p.speaks.Publish("lobby", make([]byte, 60<<10))
	}
	other := brokertest.NewEar(t)
	b := opener(server.URL())(t, other)
	defer b.Close()
	b.Subscribe("fence")
	other.AwaitListens(1, "fence")
	p.speaks.Publish("fence", []byte("all is published"))
	other.AwaitHeard(1, "fence")
	release()
	p.ear.AwaitListens(2, "lobby")
	p.say(t, "lobby")
}
