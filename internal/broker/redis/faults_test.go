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

func TestACutCableIsNoticed(t *testing.T) {
	server := testserver.StartRedis(t)
	link := testserver.NewLink(t, server.Addr)
	p := brokertest.NewPair(t, opener("redis://"+link.Addr), rooms(100)...)
	p.Breaks(noticed, link.Cut, link.Mend)
}

func TestAPausedRedisIsNoticed(t *testing.T) {
	server := testserver.StartRedis(t)
	p := brokertest.NewPair(t, opener(server.URL()), rooms(100)...)
	p.Breaks(noticed, func() { server.Signal(syscall.SIGSTOP) }, func() { server.Signal(syscall.SIGCONT) })
}

func TestAKilledRedisIsNoticedAndComesBack(t *testing.T) {
	server := testserver.StartRedis(t)
	p := brokertest.NewPair(t, opener(server.URL()), rooms(100)...)
	p.Breaks(noticed, server.Kill, server.Start)
}

// A publisher whose way is cut alone says later what it had to say: who listens has
// noticed nothing.
func TestWhatAPublisherSaidWhileItWasCutIsHeardLater(t *testing.T) {
	server := testserver.StartRedis(t)
	link := testserver.NewLink(t, server.Addr)
	p := brokertest.NewPair(t, opener(server.URL()), "lobby")
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
	p.Ear.AwaitHeard(1001, "lobby")
	if _, _, away := p.Ear.Counts(""); away != 0 {
		t.Errorf("who listened was away: %s", p.Ear)
	}
}

func TestASlowAndLossyLineCarriesAllInTheEnd(t *testing.T) {
	server := testserver.StartRedis(t)
	link := testserver.NewLink(t, server.Addr)
	p := brokertest.NewPair(t, opener("redis://"+link.Addr), rooms(10)...)
	link.Slow(20*time.Millisecond, 20)
	for i := range 300 {
		p.Speaks.Publish("room 1", make([]byte, 2000))
		if i == 150 {
			link.Drop()
		}
	}
	p.Ear.AwaitListens(2, rooms(10)...)
	link.Mend()
	p.Say()
}

// Redis ends a connection whose reader is too slow. That reader hears that it missed
// something, and nobody else notices.
func TestWhoWasCutOffForSlownessListensAgain(t *testing.T) {
	server := testserver.StartRedis(t, "--client-output-buffer-limit", "pubsub", "1mb", "0", "0")
	p := brokertest.NewPair(t, opener(server.URL()), "lobby")
	release := p.Ear.Stick()
	defer release()
	for range 1000 {
		p.Speaks.Publish("lobby", make([]byte, 60<<10))
	}
	other := brokertest.NewEar(t)
	b := opener(server.URL())(t, other)
	defer b.Close()
	b.Subscribe("fence")
	other.AwaitListens(1, "fence")
	p.Speaks.Publish("fence", []byte("all is published"))
	other.AwaitHeard(1, "fence")
	release()
	p.Ear.AwaitListens(2, "lobby")
	p.Say()
}
