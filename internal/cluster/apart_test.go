package cluster

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/broker"
	hub "github.com/parley-chat/parley/internal/broker/memory"
)

// keyed is a store with a secret of its own.
type keyed struct {
	*registry
	secret string
}

func (k keyed) Secret() []byte { return []byte(k.secret) }

// listener is a node that notes all it hears.
type listener struct {
	*Cluster
	heard []string
}

func join(t *testing.T, h *hub.Hub, secret, name string) *listener {
	t.Helper()
	l := &listener{Cluster: New(Config{
		Store: keyed{newRegistry(), secret}, Log: slog.New(slog.DiscardHandler), Node: name,
		Broker: func(ear broker.Ear) (broker.Broker, error) { return h.Open(ear), nil },
	})}
	note := func(m *Message) { l.heard = append(l.heard, fmt.Sprint(m.From, " ", m.Room, " ", string(m.Body))) }
	ears := Ears{
		Message: map[Kind]func(*Message){KindEvents: note, KindPeople: note, KindUser: note, KindRevoked: note},
		Hint:    func(room string) { l.heard = append(l.heard, "hint "+room) },
	}
	if err := l.Join(t.Context(), ears); err != nil {
		t.Fatal(err)
	}
	l.Follow("lobby")
	h.Deliver()
	return l
}

func TestTwoDeploymentsOnOneBrokerHearNothingOfEachOther(t *testing.T) {
	h := hub.NewStepped(1)
	ada, grace := join(t, h, "one", "ada"), join(t, h, "one", "grace")
	// The other deployment's node has the same name as one of the first's.
	other, twin := join(t, h, "two", "linus"), join(t, h, "two", "grace")
	for _, n := range []*listener{ada, other} {
		n.Tell("lobby", "life", KindEvents, []byte("to lobby"))
		n.TellAll(KindRevoked, []byte("to all"))
		n.TellNode("grace", KindUser, []byte("to grace"))
	}
	h.Deliver()
	for n, want := range map[*listener]string{
		grace: "[ada lobby to lobby ada  to all ada  to grace]",
		twin:  "[linus lobby to lobby linus  to all linus  to grace]",
		ada:   "[]", other: "[]",
	} {
		if got := fmt.Sprint(n.heard); got != want || n.Forged() != 0 {
			t.Errorf("%s heard %s, want %s; %d forged", n.Node(), got, want, n.Forged())
		}
	}
}

// Whoever can publish, but has no key, makes nodes look at their store, and no more.
func TestAForgedMessageIsAHintAtMost(t *testing.T) {
	h := hub.NewStepped(1)
	ada, grace := join(t, h, "one", "ada"), join(t, h, "one", "grace")
	forger := h.Open(nil) // it listens to nothing
	ada.Tell("lobby", "life", KindEvents, []byte("hello"))
	h.Deliver()
	sealed := ada.seals.seal(ada.topics.all, KindRevoked, "life", []byte("all"), ada.now())
	random := make([]byte, 200)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	grace.heard = nil
	forged := 0
	for _, payload := range [][]byte{nil, {}, random, {messageVersion}, sealed, sealed[:30], []byte(strings.Repeat("x", 5000))} {
		forger.Publish(grace.topics.room("lobby"), payload)
		forger.Publish(grace.topics.node("grace"), payload)
		forged += 2
	}
	h.Deliver()
	if got, want := fmt.Sprint(grace.heard), "["+strings.TrimSpace(strings.Repeat("hint lobby ", forged/2))+"]"; got != want {
		t.Errorf("grace heard %s, want %s", got, want)
	}
	if grace.Forged() != uint64(forged) {
		t.Errorf("%d counted as forged, want %d", grace.Forged(), forged)
	}
}
