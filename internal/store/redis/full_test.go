//go:build e2e

package redis

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testserver"
)

func TestAFullRedisCanBeReadByNewConnections(t *testing.T) {
	server := testserver.StartRedis(t, "--appendonly", "yes")
	s, c := follow(t, server.URL()), client(t, server.URL())
	do(t, s.Store, message("lobby", "1"))
	gone := store.Revocation{User: "u1", At: 5}
	if err := s.Revoke(ctx, gone); err != nil {
		t.Fatal(err)
	}
	full := func() {
		t.Helper()
		if err := c.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.Set(ctx, "other", "1", 0).Err(); !isFull(err) {
			t.Fatalf("it isn't full: %v", err)
		}
	}
	full()
	if events := readAll(t, open(t, server.URL()), "lobby"); len(events) != 1 {
		t.Errorf("a new node reads %+v", events)
	}
	server.Kill()
	server.Start()
	full()
	if events := readAll(t, s.Store, "lobby"); len(events) != 1 || s.told() != 1 {
		t.Errorf("after a restart: %+v, told of %d lives", events, s.told())
	}
	c.FlushAll(ctx)
	full()
	if rooms, err := s.Rooms(ctx); err != nil || len(rooms) > 0 || s.told() != 2 {
		t.Errorf("emptied: %+v, %v, told of %d lives", rooms, err, s.told())
	}
	if _, err := s.Append(ctx, []store.Draft{message("lobby", "2")}); err == nil || !strings.Contains(err.Error(), "Redis is full") {
		t.Errorf("%v", err)
	}
	c.ConfigSet(ctx, "maxmemory", "0")
	if err := s.acquaint(ctx); err != nil { // as any new connection does
		t.Fatal(err)
	}
	if all, err := open(t, server.URL()).Revocations(ctx, 0); err != nil || len(all) != 1 || all[0] != gone {
		t.Errorf("revocations: %+v, %v", all, err)
	}
}
