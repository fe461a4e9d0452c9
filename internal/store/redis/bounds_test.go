//go:build e2e

package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
	"github.com/parley-chat/parley/protocol"
)

func TestARoomKeepsItsNewestEventsAndNothingOfOthers(t *testing.T) {
	const history, said = 100, 400
	server := testserver.StartRedis(t)
	s, c := open(t, server.URL()+"?history=100"), client(t, server.URL())
	for i := range protocol.Seq(said) {
		m := message("lobby", fmt.Sprint("@ada ", i))
		m.Key = fmt.Sprint("k", i)
		seq := do(t, s, m)[0].Event.Seq
		batch := []store.Draft{{Room: "lobby", Kind: protocol.KindReact, User: ada, Target: seq, Emoji: "👍"}}
		switch i % 3 {
		case 0:
			batch = append(batch, store.Draft{Room: "lobby", Kind: protocol.KindEdit, User: ada, Target: seq, Text: "edited"})
		case 1:
			batch = append(batch, store.Draft{Room: "lobby", Kind: protocol.KindDelete, User: ada, Target: seq})
		}
		do(t, s, batch...)
	}
	events := readAll(t, s, "lobby")
	at, err := s.Room(ctx, "lobby")
	if err != nil || len(events) != history || at.First != at.Head-history+1 {
		t.Fatalf("%d events, %+v, %v", len(events), at, err)
	}
	if _, err := s.Read(ctx, "lobby", at.First-2, 1); !errors.Is(err, store.ErrNotKept) {
		t.Errorf("what is older: %v", err)
	}
	kept, there := map[protocol.Seq]bool{}, 0
	for _, e := range events {
		if e.Kind == protocol.KindMessage {
			kept[e.Seq] = true
			if !e.Deleted {
				there++
			}
		}
	}
	for what, want := range map[string]int{"text": there, "key": len(kept)} {
		if n := int(c.HLen(ctx, "parley:"+what+":{lobby}").Val()); n != want {
			t.Errorf("%d of %s for %d messages", n, what, want)
		}
	}
	for _, seq := range c.HKeys(ctx, "parley:changed:{lobby}").Val() {
		if n, _ := strconv.ParseUint(seq, 10, 64); !kept[protocol.Seq(n)] {
			t.Errorf("a change of %s, which isn't kept", seq)
		}
	}
	for _, key := range c.Keys(ctx, "parley:*:{lobby}:*").Val() {
		if n, _ := strconv.ParseUint(key[strings.LastIndexByte(key, ':')+1:], 10, 64); !kept[protocol.Seq(n)] {
			t.Errorf("%s is still there", key)
		}
	}
	// The key of a message that is gone is free.
	m := message("lobby", "again")
	m.Key = "k0"
	if r := do(t, s, m)[0]; !r.New {
		t.Errorf("%+v", r)
	}
	found, err := s.Search(ctx, store.Query{Text: "ada", Limit: 1000})
	if err != nil || len(found.Events) == 0 || len(found.Events) > there {
		t.Errorf("%d were found, %v", len(found.Events), err)
	}
}

func TestAHistoryThatWasSetShorterGoesBitByBit(t *testing.T) {
	url := testserver.StartRedis(t).URL()
	s := open(t, url)
	for range 10 {
		do(t, s, many("lobby", 200, "hi")...)
	}
	s = open(t, url+"?history=100")
	for range 20 {
		do(t, s, message("lobby", "hi"))
	}
	if events := readAll(t, s, "lobby"); len(events) != 100 {
		t.Fatalf("%d events", len(events))
	}
}

func many(room string, n int, text string) []store.Draft {
	drafts := make([]store.Draft, n)
	for i := range drafts {
		drafts[i] = message(room, text)
	}
	return drafts
}

// What a message takes is said in docs/keeping-house.md.
func TestAMessageTakesLittleMemory(t *testing.T) {
	server := testserver.StartRedis(t)
	s, c := open(t, server.URL()), client(t, server.URL())
	for _, keyed := range []bool{false, true} {
		before := used(t, c)
		room := fmt.Sprint("keyed ", keyed)
		for range 20 {
			drafts := many(room, 500, strings.Repeat("x", 100))
			for i := range drafts {
				if keyed {
					drafts[i].Key = store.NewID()
				}
			}
			do(t, s, drafts...)
		}
		each := (used(t, c) - before) / 10_000
		t.Logf("a message of 100 letters takes %d bytes, with a key: %v", each, keyed)
		if each > 600 {
			t.Errorf("a message of 100 letters takes %d bytes", each)
		}
	}
}

func used(t *testing.T, c *redis.Client) int {
	t.Helper()
	n, err := strconv.Atoi(info(c.Info(ctx, "memory").Val())["used_memory"])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenSaysWhatIsWrongAndWhatWouldBeRight(t *testing.T) {
	const secret = "Xq7ZpW"
	closed := testserver.FreeAddr(t)
	locked := testserver.StartRedis(t, "--requirepass", secret)
	cluster := testserver.StartRedis(t, "--cluster-enabled", "yes")
	evicting := testserver.StartRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	replica := testserver.StartRedis(t, "--replicaof", "127.0.0.1 "+closed[strings.LastIndexByte(closed, ':')+1:])
	admin := client(t, "redis://:"+secret+"@"+locked.Addr)
	rules := [][]any{
		{"ACL", "SETUSER", "reader", "on", ">" + secret, "~parley:*", "+@all", "-@admin", "-@dangerous", "+info", "-xadd"},
		{"ACL", "SETUSER", "elsewhere", "on", ">" + secret, "~other:*", "+@all", "-@admin", "-@dangerous", "+info"},
	}
	for _, rule := range rules {
		if err := admin.Do(ctx, rule...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for url, want := range map[string]string{
		"redis://:" + secret + "@" + closed:               "no Redis answers at " + closed,
		locked.URL():                                      "wants a password",
		"redis://:wrong" + secret + "@" + locked.Addr:     "no such user and password",
		"redis://reader:" + secret + "@" + locked.Addr:    "+@all -@admin",
		"redis://elsewhere:" + secret + "@" + locked.Addr: "its keys",
		cluster.URL():                                       "a Redis Cluster can't keep logs",
		"redis+cluster://" + cluster.Addr:                   "a Redis Cluster can't keep logs",
		evicting.URL():                                      "noeviction",
		replica.URL():                                       "is a replica",
		"rediss://" + locked.Addr:                           "TLS",
		locked.URL() + "?history=7":                         "history is how many",
		locked.URL() + "?prefix=a%20b":                      "prefix is what",
		locked.URL() + "?password=" + secret:                "no option",
		"redis+sentinel://:" + secret + "@" + closed + "/m": "no Redis answers",
	} {
		_, err := Open(ctx, url, quiet)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: its error shows the password: %v", url, err)
		}
	}
}

// The user is the one that docs/keeping-house.md tells to make.
func TestAUserWithFewRightsIsEnough(t *testing.T) {
	server := testserver.StartRedis(t)
	admin := client(t, server.URL())
	rule := []any{"ACL", "SETUSER", "parley", "on", ">pw", "~parley:*", "+@all", "-@admin", "-@dangerous", "+info", "+config|get"}
	if err := admin.Do(ctx, rule...).Err(); err != nil {
		t.Fatal(err)
	}
	s := open(t, "redis://parley:pw@"+server.Addr)
	do(t, s, message("lobby", "hi"))
	if all := strings.Join(s.Warnings(), "\n"); !strings.Contains(all, "writes nothing to disk") {
		t.Errorf("warnings: %s", all)
	}
	if rooms, err := s.Rooms(ctx); err != nil || len(rooms) != 1 {
		t.Errorf("%+v, %v", rooms, err)
	}
	if err := s.Revoke(ctx, store.Revocation{User: "u1", At: 1}); err != nil {
		t.Error(err)
	}
}

func TestTwoDeploymentsShareARedisAndNothingElse(t *testing.T) {
	url := testserver.StartRedis(t).URL()
	a, b := open(t, url+"?prefix=a:"), open(t, url+"?prefix=b:")
	do(t, a, message("lobby", "a"))
	if rooms, err := b.Rooms(ctx); err != nil || len(rooms) > 0 {
		t.Errorf("%+v, %v", rooms, err)
	}
	if string(a.Secret()) == string(b.Secret()) || a.Life() == b.Life() {
		t.Error("they have one secret or life")
	}
}
