//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/internal/testserver"
)

// How much is said in how many rooms, and in how many of them people of one node are.
const (
	trafficRooms = 200
	trafficTalk  = 10 // messages a room
	trafficFew   = 5
	trafficMore  = 50
)

// TestClusterHearsOnlyOfRoomsThatItsPeopleAreIn has one node's people talk in 200 rooms
// while few of another's are in some of them: what the other is sent by Redis grows with
// those.
func TestClusterHearsOnlyOfRoomsThatItsPeopleAreIn(t *testing.T) {
	servers := testserver.StartRedis(t)
	f := launch(t, 2, onPostgresAndRedis(t, testserver.StartPostgres(t), servers))
	talker, listener := mustDialV1(t, f.nodes[0].server, "talker", ""), mustDialV1(t, f.nodes[1].server, "listener", "")
	c := redis.NewClient(&redis.Options{Addr: servers.Addr})
	defer c.Close()

	present := 0
	enter := func(rooms int) {
		for ; present < rooms; present++ {
			listener.mustDo(t, "join", fields{"room": fmt.Sprint("room-", present)})
		}
		eventually(t, fmt.Sprintf("the node listens to %d rooms", rooms), func() bool {
			channels, err := c.PubSubChannels(t.Context(), "*/room/*").Result()
			if err != nil {
				t.Fatal(err)
			}
			return len(channels) == rooms
		})
	}
	took := map[int]int64{}
	for _, rooms := range []int{0, trafficFew, trafficMore} {
		enter(rooms)
		before := f.nodes[1].broker.Got()
		for k := range trafficTalk {
			sayInAll(t, talker, fmt.Sprint(k, strings.Repeat(" something", 10)))
		}
		for i := 0; i < rooms*trafficTalk; {
			r, err := listener.next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Type == "event" {
				i++
			}
		}
		took[rooms] = f.nodes[1].broker.Got() - before
		t.Logf("%d messages in %d rooms: a node with people in %d of them was sent %d bytes by Redis", trafficTalk*trafficRooms, trafficRooms, rooms, took[rooms])
	}
	if few, more := took[trafficFew]-took[0], took[trafficMore]-took[0]; more < 5*few || more > 20*few {
		t.Errorf("ten times the rooms took %d bytes, where some took %d", more, few)
	}
}

// sayInAll has the same said in all rooms, and each of it be acknowledged.
func sayInAll(t *testing.T, c *v1, text string) {
	t.Helper()
	for i := range trafficRooms {
		if err := c.write(t.Context(), "send", fmt.Sprint(i), fields{"room": fmt.Sprint("room-", i), "text": text}); err != nil {
			t.Fatal(err)
		}
	}
	for range trafficRooms {
		if r, err := c.next(t.Context()); err != nil || r.Type != "ok" {
			t.Fatalf("a send is answered with %+v, %v", r, err)
		}
	}
}
