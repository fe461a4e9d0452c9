//go:build e2e

package postgres

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/broker"
	"github.com/parley-chat/parley/internal/broker/brokertest"
	"github.com/parley-chat/parley/internal/testserver"
)

// noticed is how long it may take until a way on which nothing comes is taken for cut:
// silence, the round that ends then, and a busy machine.
const noticed = silence + 3*time.Second

func rooms(n int) (topics []string) {
	for i := range n {
		topics = append(topics, fmt.Sprint("room ", i))
	}
	return topics
}

func TestACutCableIsNoticed(t *testing.T) {
	link := testserver.NewLink(t, testserver.StartPostgres(t).Addr)
	brokertest.NewPair(t, opener(through(link)), rooms(100)...).Breaks(noticed, link.Cut, link.Mend)
}

func TestAPausedPostgreSQLIsNoticed(t *testing.T) {
	server := testserver.StartPostgres(t)
	p := brokertest.NewPair(t, opener(server.URL("postgres")), rooms(100)...)
	p.Breaks(noticed, func() { server.Signal(syscall.SIGSTOP) }, func() { server.Signal(syscall.SIGCONT) })
}

func TestAKilledPostgreSQLIsNoticedAndComesBack(t *testing.T) {
	server := testserver.StartPostgres(t)
	brokertest.NewPair(t, opener(server.URL("postgres")), rooms(100)...).Breaks(noticed, server.Kill, server.Start)
}

func TestASlowAndLossyLineCarriesAllInTheEnd(t *testing.T) {
	link := testserver.NewLink(t, testserver.StartPostgres(t).Addr)
	p := brokertest.NewPair(t, opener(through(link)), rooms(10)...)
	link.Slow(20*time.Millisecond, 20)
	for i := range 300 {
		p.Speaks.Publish(fmt.Sprint("room ", i%10), make([]byte, 2000))
		if i == 150 {
			link.Drop()
		}
	}
	p.Ear.AwaitListens(2, rooms(10)...)
	link.Mend()
	p.Say()
}

func TestBehindAPoolerWithoutSessionsItSaysSo(t *testing.T) {
	server := testserver.StartPostgres(t)
	pooler := testserver.StartPgBouncer(t, server.Addr, 4)
	ear := brokertest.NewEar(t)
	b := opener(pooler.URL("postgres"))(t, ear)
	b.Subscribe("lobby")
	ear.AwaitAway(1)
	if listens, _, _ := ear.Counts("lobby"); listens != 0 || !strings.Contains(ear.String(), "needs a session") {
		t.Errorf("behind a pooler in transaction mode: %s", ear)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhyItIsAwayIsSaidWithoutPasswords(t *testing.T) {
	server := testserver.StartPostgres(t)
	for url, want := range map[string]string{
		"postgres://postgres:hunter2@" + server.Addr + "/nowhere":              "does not exist",
		"postgres://postgres:hunter2@" + testserver.FreeAddr(t) + "/postgres":  "refused",
		"postgres://nobody:hunter2@" + server.Addr + "/postgres":               "does not exist",
		"postgres://ada:hunter2@" + server.Addr + "/postgres?sslmode=required": "",
	} {
		ear := brokertest.NewEar(t)
		b, err := Open(url, ear, nobody)
		if err != nil {
			if want != "" || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v", url, err)
			}
			continue
		}
		ear.AwaitAway(1)
		if why := ear.String(); !strings.Contains(why, want) || strings.Contains(why, "hunter2") {
			t.Errorf("%s: %s, want %q in it", url, why, want)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A topic of which more is said than NOTIFY carries keeps what was said last.
func TestABusyTopicKeepsItsNewestMessages(t *testing.T) {
	server := testserver.StartPostgres(t)
	link := testserver.NewLink(t, server.Addr)
	p := brokertest.NewPair(t, opener(server.URL("postgres")), "lobby", "attic")
	ear := brokertest.NewEar(t)
	far := opener(through(link))(t, ear)
	defer far.Close()
	far.Subscribe("cellar")
	ear.AwaitListens(1, "cellar")
	link.Cut()
	const said = 10 * ofTopic
	for i := range said {
		far.Publish("lobby", fmt.Append(nil, i))
	}
	far.Publish("attic", []byte("quiet here"))
	ear.AwaitAway(1)
	link.Mend()
	p.Ear.AwaitHeard(2, "attic")
	p.Ear.Await("the last", func() bool { return p.Ear.Has("lobby", fmt.Sprint(said-1)) })
	if heard, dropped := len(p.Ear.Said("lobby")), far.Stats().Dropped[broker.Conflated]; heard > 4*ofTopic || dropped < said-4*ofTopic { // a batch without an answer is said again
		t.Errorf("heard %d of %d, %d were conflated", heard, said, dropped)
	}
}
