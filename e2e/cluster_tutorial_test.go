//go:build e2e

package e2e

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/testserver"
)

// TestClusterOfTwoNodesTalksTheTutorialAsOneDoes has the same said to one node, and to
// two that have Redis alone, as the tutorial would have it: what each client is sent is
// the same, byte for byte, but for the times.
func TestClusterOfTwoNodesTalksTheTutorialAsOneDoes(t *testing.T) {
	redis := testserver.StartRedis(t)
	one := transcript(t, launch(t, 1, onSQLite(t)))
	two := transcript(t, launch(t, 2, onRedis(t, redis, 0)))
	for who := range one {
		if !slices.Equal(one[who], two[who]) {
			t.Errorf("client %d is sent by one node\n%q\nand by two\n%q", who, one[who], two[who])
		}
	}
	for who := range one {
		t.Logf("client %d was sent %d frames", who, len(one[who]))
	}
}

// TestClusterOfTwoNodesServesTwoTerminals is the conversation of the tutorial, in two
// wscats on two nodes.
func TestClusterOfTwoNodesServesTwoTerminals(t *testing.T) {
	f := launch(t, 2, onRedis(t, testserver.StartRedis(t), 0))
	tutorialConversation(t, f.nodes[0].server, f.nodes[1].server)
}

// act is what one client of three does, and how many frames each is sent for it.
type act struct {
	who   int
	sends string // empty: it hangs up
	heard [3]int
}

var tutorialScript = []act{
	{0, `{"type":"join","username":"ada","room":"general"}`, [3]int{1}},
	{1, `{"type":"join","username":"grace","room":"general"}`, [3]int{1, 1}},
	{0, `{"type":"chat","text":"hello"}`, [3]int{1, 1}},
	{1, `{"type":"chat","text":"hi \"ada\" 👋\nsecond line"}`, [3]int{1, 1}},
	{1, `{"type":"join","username":"grace","room":"attic"}`, [3]int{1, 1}},
	{0, `{"type":"chat","text":"alone"}`, [3]int{1}},
	{0, `{"type":"join","username":"ada","room":"attic"}`, [3]int{1, 1}},
	{2, `{"type":"join","username":"linus","room":"attic"}`, [3]int{1, 1, 1}},
	{2, `{"type":"chat","text":"all three"}`, [3]int{1, 1, 1}},
	{0, `nonsense`, [3]int{1}},
	{0, `{"type":"leave"}`, [3]int{0, 1, 1}},
	{0, `{"type":"chat","text":"nowhere"}`, [3]int{1}},
	{1, `{"type":"chat","text":"two are left"}`, [3]int{0, 1, 1}},
	{0, `{"type":"join","room":"attic"}`, [3]int{1, 1, 1}},
	{0, `{"type":"join","username":"grace","room":"attic"}`, [3]int{1, 2, 2}},
	{1, `{"type":"chat","text":""}`, [3]int{0, 1}},
	{1, `{"type":"chat","text":"which grace?"}`, [3]int{1, 1, 1}},
	{2, ``, [3]int{1, 1}},
	{1, ``, [3]int{1}},
	{0, `{"type":"chat","text":"good night"}`, [3]int{1}},
}

var timestamps = regexp.MustCompile(`"timestamp":\d{13}`)

// transcript is all that three clients are sent, the first and the others on different
// nodes if there are such.
func transcript(t *testing.T, f *fleet) (all [3][]string) {
	t.Helper()
	var clients [3]*client
	for i := range clients {
		clients[i] = dial(t, f.ws()[min(i, 1)%len(f.nodes)], nil)
	}
	read := func(who int) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, data, err := clients[who].conn.Read(ctx)
		if err != nil {
			t.Fatalf("client %d, after %q: %v", who, all[who], err)
		}
		all[who] = append(all[who], timestamps.ReplaceAllString(string(data), `"timestamp":0`))
	}
	watchers := watch(t, f)
	for _, a := range tutorialScript {
		if a.sends == "" {
			clients[a.who].conn.CloseNow() //nolint:errcheck // it is gone either way
		} else {
			clients[a.who].sendRaw(a.sends)
		}
		for who, n := range a.heard {
			for range n {
				read(who)
			}
		}
		agree(t, watchers)
	}
	return all
}

// watch has somebody at each node.
func watch(t *testing.T, f *fleet) (all []*v1) {
	t.Helper()
	for _, n := range f.nodes {
		all = append(all, mustDialV1(t, n.server, "watcher", ""))
	}
	return all
}

// agree waits until all nodes know the same people: what somebody does at one of them is
// known at the others a moment later, and those who do something meanwhile can't be told
// of it.
func agree(t *testing.T, watchers []*v1) {
	t.Helper()
	counts := func(w *v1) map[string]int {
		all := map[string]int{}
		for _, r := range w.mustDo(t, "rooms", nil).Rooms {
			if r.Count > 0 {
				all[r.Name] = r.Count
			}
		}
		return all
	}
	within(t, peopleWithin, "all nodes know the same people", func() bool {
		for _, w := range watchers[1:] {
			if !maps.Equal(counts(w), counts(watchers[0])) {
				return false
			}
		}
		return true
	})
}
