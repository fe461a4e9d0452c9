package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/broker"
	hub "github.com/parley-chat/parley/internal/broker/memory"
	"github.com/parley-chat/parley/internal/cluster"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/store/memory"
	"github.com/parley-chat/parley/protocol"
)

// place is a node among others that a test can cut off.
type place struct {
	*Engine
	broker *hub.Broker
	beats  *beats
}

// beats is a store that a node can fail to reach, as far as its lease goes.
type beats struct {
	*memory.Store
	away atomic.Bool
}

func (b *beats) Beat(ctx context.Context, node string, ttl time.Duration) ([]string, bool, error) {
	if b.away.Load() {
		return nil, false, errors.New("the store is away")
	}
	return b.Store.Beat(ctx, node, ttl)
}

// cluster is nodes on one store and one broker.
type clustered struct {
	t      *testing.T
	hub    *hub.Hub
	store  *memory.Store
	places []*place
}

func newClustered(t *testing.T, n int, change ...func(*Config)) *clustered {
	c := &clustered{t: t, hub: hub.New(), store: memory.NewRewindable(64 << 20)}
	for range n {
		c.add(change...)
	}
	synctest.Wait()
	return c
}

// add starts another node.
func (c *clustered) add(change ...func(*Config)) *place {
	p := &place{beats: &beats{Store: c.store}}
	of := cluster.New(cluster.Config{Store: p.beats, Log: slog.New(slog.DiscardHandler), Broker: func(ear broker.Ear) (broker.Broker, error) {
		p.broker = c.hub.Open(ear)
		return p.broker, nil
	}})
	p.Engine = startEngine(c.t, append(change, func(cfg *Config) { cfg.Store, cfg.Cluster = p.beats, of })...)
	c.places = append(c.places, p)
	return p
}

// die has a node end without a word.
func (p *place) die() {
	p.beats.away.Store(true)
	p.broker.Cut()
}

// come opens a session of the tutorial's dialect that joins the lobby.
func (p *place) come(t *testing.T, name string) *peer {
	t.Helper()
	x := pipe(t, p.Engine)
	x.join(name, "lobby")
	synctest.Wait()
	return x
}

// join is behind what anybody was told before: who isn't, joins at the same time.
func (p *peer) join(name, room string) {
	p.t.Helper()
	synctest.Wait()
	p.send(fmt.Sprintf(`{"type":"join","username":%q,"room":%q}`, name, room))
}

// hangUp closes sessions before a bubble ends.
func hangUp(peers ...*peer) {
	for _, p := range peers {
		p.conn.Close()
	}
	synctest.Wait()
}

// heard reads what comes within a while, and gives the last list of users.
func (p *peer) heard(within time.Duration) (texts []string, users string) {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(within))
	defer p.conn.SetReadDeadline(time.Time{}) //nolint:errcheck // of a pipe
	for {
		op, payload, err := p.read()
		if err != nil {
			return texts, users
		}
		switch op {
		case 9:
			p.sendFrame(10, payload)
			continue
		case 1:
		default:
			p.t.Errorf("opcode %d with %q", op, payload)
			return texts, users
		}
		var f struct {
			Text  string
			Users []string
		}
		if err := json.Unmarshal([]byte(payload), &f); err != nil {
			p.t.Error(err)
		}
		texts = append(texts, f.Text)
		if f.Users != nil {
			users = strings.Join(f.Users, " ")
		}
	}
}

func (p *peer) wantUsers(within time.Duration, want string) {
	p.t.Helper()
	if texts, got := p.heard(within); got != want {
		p.t.Errorf("the users are %q, want %q, after %q", got, want, texts)
	}
}

func TestTutorialClientsOnTwoNodesTalkAsOnOne(t *testing.T) {
	for _, nodes := range []int{1, 2} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClustered(t, nodes)
				ada, grace := pipe(t, c.places[0].Engine), pipe(t, c.places[nodes-1].Engine)
				ada.join("ada", "lobby")
				ada.want(`{"type":"system","text":"ada joined #lobby","users":["ada"]}`)
				grace.join("grace", "lobby")
				joined := `{"type":"system","text":"grace joined #lobby","users":["ada","grace"]}`
				grace.want(joined)
				ada.want(joined)
				ada.send(`{"type":"chat","text":"hello"}`)
				ada.want(chatFrame("ada", "hello", 0))
				grace.want(chatFrame("ada", "hello", 0))
				grace.send(`{"type":"chat","text":"hello, ada"}`)
				ada.want(chatFrame("grace", "hello, ada", 0))
				grace.want(chatFrame("grace", "hello, ada", 0))
				grace.send(`{"type":"leave"}`)
				ada.want(`{"type":"system","text":"grace left #lobby","users":["ada"]}`)
				grace.send(`{"type":"chat","text":"anybody?"}`)
				grace.want(errorFrame("Join a room first"))
				grace.join("grace", "lobby")
				grace.want(joined)
				ada.want(joined)
				grace.join("hopper", "attic")
				grace.want(`{"type":"system","text":"hopper joined #attic","users":["hopper"]}`)
				ada.want(`{"type":"system","text":"grace left #lobby","users":["ada"]}`)
				ada.join("ada", "attic")
				both := `{"type":"system","text":"ada joined #attic","users":["hopper","ada"]}`
				ada.want(both)
				grace.want(both)
				grace.conn.Close()
				ada.want(`{"type":"system","text":"hopper left #attic","users":["ada"]}`)
				hangUp(ada)
			})
		})
	}
}

func TestTheUsersAreInOneOrderOnAllNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		var all []*peer
		var want []string
		for i := range 12 {
			name := fmt.Sprint("user", i)
			want = append(want, name)
			all = append(all, c.places[i*7%3].come(t, name))
			all[i].ofText(name + " joined")
			synctest.Wait()
		}
		c.places[1].come(t, "last").wantUsers(time.Second, strings.Join(want, " ")+" last")
		for _, p := range all {
			p.wantUsers(time.Second, strings.Join(want, " ")+" last")
		}
		hangUp(all...)
	})
}

func TestACrowdOnManyNodesIsToldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 2)
		const crowd = 3 * room.Big
		before := c.places[0].broker.Stats()
		var all []*peer
		for i := range crowd {
			p := c.places[i%2].come(t, fmt.Sprint("user", i))
			go func() {
				for {
					if _, _, err := p.read(); err != nil {
						return
					}
				}
			}()
			all = append(all, p)
		}
		time.Sleep(2 * time.Second)
		late := c.places[1].come(t, "late")
		got := late.next()
		if !strings.Contains(got, fmt.Sprintf(`"count":%d`, crowd+1)) || strings.Count(got, "user") != room.Big+1 {
			t.Errorf("%.200s … %s", got, got[len(got)-30:])
		}
		after := c.places[0].broker.Stats()
		if sent := after.Published - before.Published; sent > 200 {
			t.Errorf("%d joins of a moment cost %d messages", crowd/2, sent)
		} else {
			t.Logf("%d joins, %d messages", crowd/2, sent)
		}
		hangUp(append(all, late)...)
	})
}

func TestADeadNodesPeopleAreGoneWithinFifteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		ada, grace, linus := c.places[0].come(t, "ada"), c.places[1].come(t, "grace"), c.places[1].come(t, "linus")
		go grace.heard(time.Minute)
		go linus.heard(time.Minute)
		ada.wantUsers(time.Second, "ada grace linus")
		c.places[1].die()
		texts, users := ada.heard(15 * time.Second)
		if users != "ada" || len(texts) != 1 || texts[0] != "grace and linus left #lobby" && texts[0] != "linus and grace left #lobby" {
			t.Errorf("%q, and the users are %q", texts, users)
		}
		// It was frozen, and wakes.
		c.places[1].beats.away.Store(false)
		c.places[1].broker.Mend()
		if texts, users := ada.heard(10 * time.Second); users != "ada grace linus" {
			t.Errorf("%q, and the users are %q", texts, users)
		}
		hangUp(ada, grace, linus)
	})
}

func TestWhatHappensWhileTheBrokerIsAwayIsKnownAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		ada, grace := c.places[0].come(t, "ada"), c.places[1].come(t, "grace")
		ada.wantUsers(time.Second, "ada grace")
		for _, p := range c.places {
			p.broker.Cut()
		}
		linus := c.places[1].come(t, "linus")
		linus.wantUsers(time.Second, "ada grace linus")
		grace.wantUsers(20*time.Second, "ada grace linus") // nobody is taken for gone
		ada.wantUsers(time.Second, "")
		grace.send(`{"type":"leave"}`)
		hopper := c.places[2].come(t, "hopper")
		time.Sleep(time.Second)
		for _, p := range c.places {
			p.broker.Mend()
		}
		for name, p := range map[string]*peer{"ada": ada, "linus": linus, "hopper": hopper} {
			if texts, got := p.heard(2 * time.Second); got != "ada linus hopper" {
				t.Errorf("%s: the users are %q after %q", name, got, texts)
			}
		}
		hangUp(ada, grace, linus, hopper)
	})
}

// TestWhatIsLostOnTheWayIsFound loses half of all messages, without a word.
func TestWhatIsLostOnTheWayIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		c.hub.Set(hub.Faults{Lose: 0.5, Repeat: 0.2, Reorder: 0.2})
		var all []*peer
		for i := range 9 {
			all = append(all, c.places[i%3].come(t, fmt.Sprint("user", i)))
			time.Sleep(50 * time.Millisecond)
			all[i].heard(time.Millisecond)
		}
		for _, p := range all[6:] {
			p.send(`{"type":"leave"}`)
		}
		time.Sleep(time.Second)
		c.hub.Set(hub.Faults{})
		var first []string
		for i, p := range all[:6] {
			texts, _ := p.heard(8 * time.Second)
			got := slices.Collect(func(yield func(string) bool) {
				r := c.places[i%3].rooms.find("lobby")
				r.mu.Lock()
				defer r.mu.Unlock()
				r.members.Names(100)(yield)
			})
			if i == 0 {
				first = got
			}
			if !slices.Equal(got, first) || len(got) != 6 || slices.Sorted(slices.Values(got))[5] != "user5" {
				t.Errorf("user%d: the users are %q after %q, and for the first %q", i, got, texts, first)
			}
		}
		hangUp(all...)
	})
}

func whisperAs(t *testing.T, e *Engine, id auth.Identity) *v1Peer {
	t.Helper()
	p := &v1Peer{peer: pipe(t, e, in, as(id))}
	p.welcome = p.frame()
	return p
}

func TestPresenceIsToldOverNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 2)
		ada := whisper(t, c.places[0].Engine, "ada")
		ada.joined(t)
		grace := whisper(t, c.places[1].Engine, "grace")
		if got := grace.joined(t); names(got["joined"]) != "ada grace" || got["count"] != 2.0 {
			t.Error(got)
		}
		before := time.Now()
		for {
			got := ada.ofType("presence")
			if strings.Contains(names(got["joined"]), "grace") && got["count"] == 2.0 {
				break
			}
		}
		if took := time.Since(before); took > signalEvery {
			t.Errorf("took %v", took)
		}
		grace.mustDo("rename", `"name":"Grace H."`)
		for !strings.Contains(names(ada.ofType("presence")["joined"]), "Grace H.") {
		}
		grace.mustDo("typing", `"room":"lobby"`)
		for names(ada.ofType("typing")["users"]) != "Grace H." {
		}
		since := time.Now()
		if got := names(ada.ofType("typing")["users"]); got != "" || time.Since(since) > protocol.TypingFor+time.Second {
			t.Errorf("%q is typing after %v", got, time.Since(since))
		}
		grace.mustDo("leave", `"room":"lobby"`)
		for names(ada.ofType("presence")["left"]) != "Grace H." {
		}
		hangUp(ada.peer, grace.peer)
	})
}

func TestAUserOfTwoNodesIsThereOnceAndTheSamePassIsTheSameUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		id := guest("ada")
		phone, desk := whisperAs(t, c.places[0].Engine, id), whisperAs(t, c.places[1].Engine, id)
		phone.joined(t)
		if got := desk.joined(t); got["count"] != 1.0 || names(got["joined"]) != "ada" {
			t.Error(got)
		}
		grace := whisper(t, c.places[1].Engine, "grace")
		if got := grace.joined(t); got["count"] != 2.0 {
			t.Error(got)
		}
		phone.mustDo("leave", `"room":"lobby"`)
		time.Sleep(time.Second)
		if got := grace.mustDo("rooms", "")["rooms"].([]any)[0].(map[string]any); got["count"] != 2.0 {
			t.Errorf("she left on one of two nodes: %v", got)
		}
		desk.mustDo("leave", `"room":"lobby"`)
		for names(grace.ofType("presence")["left"]) != "ada" {
		}
		hangUp(phone.peer, desk.peer, grace.peer)
	})
}

func TestRoomsAreCountedWhereNobodyOfTheNodeIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		ada, grace := c.places[0].come(t, "ada"), c.places[1].come(t, "grace")
		ada.ofText("ada joined")
		grace.ofText("grace joined")
		linus := whisper(t, c.places[2].Engine, "linus")
		count := func() any {
			rooms := linus.mustDo("rooms", "")["rooms"].([]any)
			if len(rooms) == 0 {
				return 0.0
			}
			return rooms[0].(map[string]any)["count"]
		}
		synctest.Wait()
		if got := count(); got != 2.0 {
			t.Errorf("%v are there, want 2", got)
		}
		another := c.places[1].come(t, "another")
		go another.heard(time.Hour)
		go ada.heard(time.Hour)
		go grace.heard(time.Hour)
		time.Sleep(2 * time.Second)
		if got := count(); got != 3.0 {
			t.Errorf("%v are there, want 3", got)
		}
		hangUp(ada, another)
		time.Sleep(2 * time.Second)
		if got := count(); got != 1.0 {
			t.Errorf("%v are there, want 1", got)
		}
		c.places[1].die()
		time.Sleep(15 * time.Second)
		if got := count(); got != 0.0 {
			t.Errorf("%v are there, and their node is not", got)
		}
		hangUp(grace, linus.peer)
	})
}

func TestNobodyWaitsForNodesThatSayNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 2)
		ada := c.places[0].come(t, "ada")
		ada.ofText("ada joined")
		synctest.Wait()
		c.places[0].broker.Cut() // and c.places[1] doesn't know
		if _, _, err := c.store.Beat(t.Context(), "mute", time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		for i, most := range []time.Duration{awaitFor, 0} {
			began := time.Now()
			grace := pipe(t, c.places[1].Engine)
			grace.join("grace", fmt.Sprint("room", i))
			grace.ofText("grace joined")
			if took := time.Since(began); took > most {
				t.Errorf("came in after %v, want %v", took, most)
			}
			hangUp(grace)
		}
		hangUp(ada)
	})
}

func TestRatesCountOverNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 2)
		id := guest("ada")
		phone, desk := whisperAs(t, c.places[0].Engine, id), whisperAs(t, c.places[1].Engine, id)
		for _, p := range c.places {
			p.Seats(id.User, 1) // as the door says it
		}
		synctest.Wait()
		for i := range 10 {
			[]*v1Peer{phone, desk}[i%2].mustDo("send", fmt.Sprintf(`"room":"lobby","text":"%d"`, i))
			time.Sleep(100 * time.Millisecond)
		}
		phone.wantCode(protocol.CodeRateLimited, "send", `"room":"lobby","text":"one too many"`)
		desk.wantCode(protocol.CodeRateLimited, "send", `"room":"lobby","text":"one too many"`)
		time.Sleep(10 * time.Second)
		desk.mustDo("send", `"room":"lobby","text":"in time"`)

		caller := guest("linus")
		sent := 0
		for i := range 20 {
			if _, err := c.places[i%2].Do(t.Context(), caller, "send", []byte(`{"room":"lobby","text":"a call"}`)); err == nil {
				sent++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if sent != 10 {
			t.Errorf("%d calls were done, want 10", sent)
		}
		hangUp(phone.peer, desk.peer)
	})
}

func TestAReadMarkFollowsItsUserToAnyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		id := guest("ada")
		phone, desk := whisperAs(t, c.places[0].Engine, id), whisperAs(t, c.places[1].Engine, id)
		for _, p := range c.places[:2] {
			p.Seats(id.User, 1)
		}
		synctest.Wait()
		phone.mustDo("send", `"room":"lobby","text":"one"`)
		phone.mustDo("read", `"room":"lobby","seq":1`)
		if got := desk.ofType("read"); got["seq"] != 1.0 || got["room"] != "lobby" {
			t.Error(got)
		}
		hangUp(phone.peer, desk.peer)
	})
}

func TestSessionsOfAUserAreKnownOverNodesUntilTheirNodeIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClustered(t, 3)
		c.places[0].Seats("ada", 3)
		c.places[1].Seats("ada", 2)
		time.Sleep(peopleStep)
		late := c.add()
		time.Sleep(peopleStep)
		want := func(p *place, n int) {
			t.Helper()
			synctest.Wait()
			if got := p.Elsewhere("ada"); got != n {
				t.Errorf("%d sessions elsewhere, want %d", got, n)
			}
		}
		want(c.places[0], 2)
		want(c.places[1], 3)
		want(c.places[2], 5)
		want(late, 5)
		c.places[1].Seats("ada", 0)
		time.Sleep(peopleStep)
		want(late, 3)
		c.places[0].die()
		time.Sleep(15 * time.Second)
		want(late, 0)
	})
}
