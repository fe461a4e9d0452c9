//go:build e2e

package redis

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/broker/brokertest"
	"github.com/parley-chat/parley/internal/testserver"
)

func TestAClusterKeepsTheBrokersPromises(t *testing.T) {
	cluster := testserver.StartRedisCluster(t, 3, false)
	all := func(s syscall.Signal) func() {
		return func() {
			for _, r := range cluster.Masters {
				r.Signal(s)
			}
		}
	}
	brokertest.Run(t, func(*testing.T) brokertest.Backend {
		return brokertest.Backend{Open: opener(cluster.URL()), Cut: all(syscall.SIGSTOP), Mend: all(syscall.SIGCONT)}
	})
}

func rooms(n int) (topics []string) {
	for i := range n {
		topics = append(topics, fmt.Sprint("room ", i))
	}
	return topics
}

func TestAShardThatIsMovedIsHeardOnItsNewServer(t *testing.T) {
	cluster := testserver.StartRedisCluster(t, 3, false)
	topics := rooms(40)
	p := brokertest.NewPair(t, opener(cluster.URL()), topics...)
	from, slot := cluster.Owner("{parley-3}")
	to := cluster.Masters[0]
	if from == to {
		to = cluster.Masters[1]
	}
	cluster.Move(slot, from, to)
	p.Ear.AwaitListens(2, topics...)
	p.Say()
}

func TestAClustersFailoverIsSurvived(t *testing.T) {
	cluster := testserver.StartRedisCluster(t, 3, true)
	topics := rooms(40)
	p := brokertest.NewPair(t, opener(cluster.URL()), topics...)
	cluster.Masters[1].Kill()
	killed := time.Now()
	p.Ear.AwaitListens(2, topics...)
	t.Logf("all is heard again after %v", time.Since(killed).Round(time.Millisecond))
	p.Say()
	cluster.Masters[1].Start() // as a replica now
	p.Say()
}

func TestASentinelsFailoverIsFollowed(t *testing.T) {
	sentinel := testserver.StartSentinel(t, "sesame")
	url := strings.Replace(sentinel.URL(), "://", "://:sesame@", 1) + "?sentinel_password=sesame"
	topics := rooms(10)
	p := brokertest.NewPair(t, opener(url), topics...)
	sentinel.Master.Kill()
	killed := time.Now()
	p.Ear.AwaitListens(2, topics...)
	t.Logf("all is heard again after %v", time.Since(killed).Round(time.Millisecond))
	p.Say()
	sentinel.Master.Start()
	p.Say()
}

func TestTLSWithAnACLUserOfAFewRights(t *testing.T) {
	files := testserver.NewCertificates(t)
	server := testserver.StartRedisTLS(t, files,
		"--user", "default", "off", "--user", "parley", "on", ">s3cret/@", "resetchannels", "&parley/*", "&room*", "+@connection", "+publish", "+subscribe", "+unsubscribe")
	url := fmt.Sprintf("rediss://parley:s3cret%%2F%%40@%s?ca=%s&cert=%s&key=%s", server.Addr, files.CA, files.Cert, files.Key)
	brokertest.NewPair(t, opener(url), rooms(3)...)
}

func TestWhoMayNotPublishIsAwayAndSaysWhy(t *testing.T) {
	server := testserver.StartRedis(t, "--user", "parley", "on", ">s3cret", "allchannels", "+@connection", "+subscribe", "+unsubscribe")
	for url, want := range map[string]string{
		"redis://parley:s3cret@" + server.Addr:         "NOPERM",
		"redis://parley:hunter2@" + server.Addr:        "WRONGPASS",
		"redis://" + testserver.FreeAddr(t):            "refused",
		"rediss://" + server.Addr:                      "connect",
		"redis+sentinel://" + server.Addr + "/main":    "main",
		"redis+cluster://parley:s3cret@" + server.Addr: "cluster",
	} {
		ear := brokertest.NewEar(t)
		b := opener(url)(t, ear)
		b.Subscribe("lobby")
		ear.AwaitAway(1)
		if listens, _, _ := ear.Counts("lobby"); listens != 0 || !b.Stats().Away {
			t.Errorf("%s: it listens: %s", url, ear)
		}
		if why := ear.String(); !strings.Contains(strings.ToLower(why), strings.ToLower(want)) || strings.Contains(why, "hunter2") {
			t.Errorf("%s: %s, want %q in it", url, why, want)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
