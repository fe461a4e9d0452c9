package gateway

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/protocol"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	here = netip.MustParseAddr("192.0.2.1")
)

func newCrowd() *crowd {
	c := new(crowd)
	c.init(nil)
	return c
}

// wantEmpty has a stranger knock and go a second after all else happened, and
// fails the test if anybody but the stranger is still remembered.
func (c *crowd) wantEmpty(t *testing.T, now time.Time) {
	t.Helper()
	stranger, why := c.enter(netip.MustParseAddr("203.0.113.99"), now.Add(time.Second))
	if why != nil {
		t.Fatal(why.text)
	}
	stranger.leave()
	if len(c.addresses) != 1 || len(c.users) != 0 {
		t.Errorf("%d addresses and %d users are remembered, want the stranger's alone", len(c.addresses), len(c.users))
	}
}

func TestAddressHasItsHandshakesOfASecond(t *testing.T) {
	c := newCrowd()
	knock := func(now time.Time) *refusal {
		place, why := c.enter(here, now)
		if why == nil {
			place.leave()
		}
		return why
	}
	for i := range protocol.MaxHandshakesPerAddr {
		if why := knock(noon.Add(time.Duration(i) * time.Millisecond)); why != nil {
			t.Fatalf("handshake %d: %s", i+1, why.text)
		}
	}
	why := knock(noon.Add(time.Second - 1))
	if why == nil || why.code != protocol.CodeTooManyHandshakes || why.status != 429 || why.text != "More than 500 handshakes a second from one address." {
		t.Fatalf("one more in that second: %+v", why)
	}
	if why := knock(noon.Add(time.Second)); why != nil {
		t.Errorf("in the next second: %s", why.text)
	}
	c.wantEmpty(t, noon.Add(time.Second))
}

func TestAddressHasItsSessions(t *testing.T) {
	c := newCrowd()
	now := noon
	var places []*place
	for i := range protocol.MaxSessionsPerAddress {
		if i%protocol.MaxHandshakesPerAddr == 0 {
			now = now.Add(time.Second)
		}
		place, why := c.enter(here, now)
		if why != nil {
			t.Fatalf("session %d: %s", i+1, why.text)
		}
		places = append(places, place)
	}
	now = now.Add(time.Second)
	if _, why := c.enter(here, now); why == nil || why.code != protocol.CodeTooManySessions || why.status != 429 {
		t.Fatalf("one more: %+v", why)
	}
	if _, why := c.enter(netip.MustParseAddr("192.0.2.2"), now); why != nil {
		t.Errorf("another address: %s", why.text)
	}
	places[0].leave()
	if place, why := c.enter(here, now); why != nil {
		t.Errorf("after one has left: %s", why.text)
	} else {
		places[0] = place
	}
	for _, p := range places {
		p.leave()
	}
	if n := c.addresses[netip.PrefixFrom(here, 32)].sessions; n != 0 {
		t.Errorf("%d sessions after all have left", n)
	}
}

func TestAddressHasItsSilentConnections(t *testing.T) {
	c := newCrowd()
	for i := range protocol.MaxSessionsPerAddress {
		if why := c.connect(here, noon); why != nil {
			t.Fatalf("connection %d: %s", i+1, why.text)
		}
	}
	why := c.connect(here, noon)
	if why == nil || why.code != protocol.CodeTooManySessions || !strings.Contains(why.log, "--trusted-proxy") {
		t.Fatalf("one more: %+v", why)
	}
	if _, why := c.enter(here, noon); why != nil {
		t.Errorf("a handshake on one of them: %s", why.text)
	} else {
		c.addresses[netip.PrefixFrom(here, 32)].sessions--
	}
	for range protocol.MaxSessionsPerAddress + 1 {
		c.disconnect(here)
	}
	if why := c.connect(here, noon); why != nil {
		t.Errorf("after all have gone: %s", why.text)
	}
	c.disconnect(here)
	c.wantEmpty(t, noon)
}

func TestUserHasFiftySessions(t *testing.T) {
	c := newCrowd()
	var places []*place
	sit := func(user string) *refusal {
		place, why := c.enter(netip.AddrFrom4([4]byte{10, 0, byte(len(places)), 1}), noon)
		if why != nil {
			t.Fatal(why.text)
		}
		places = append(places, place)
		return place.seat(user)
	}
	for i := range 50 {
		if why := sit("ada"); why != nil {
			t.Fatalf("session %d: %s", i+1, why.text)
		}
	}
	why := sit("ada")
	if why == nil || why.code != protocol.CodeTooManySessions || why.status != 429 || why.text != "This user has 50 sessions already: close one." {
		t.Fatalf("one more: %+v", why)
	}
	if why := sit("grace"); why != nil {
		t.Errorf("another user: %s", why.text)
	}
	places[7].leave()
	if why := sit("ada"); why != nil {
		t.Errorf("after one has left: %s", why.text)
	}
	for i, p := range places {
		if i != 7 {
			p.leave()
		}
	}
	c.wantEmpty(t, noon)
}

func TestAddressesAreToldApartByWhoHasThem(t *testing.T) {
	for name, c := range map[string]struct {
		one, other string
		same       bool
	}{
		"two IPv4 addresses":              {"192.0.2.1", "192.0.2.2", false},
		"two of one /64":                  {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
		"two of neighbouring /64s":        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		"an IPv4 address and its IPv6":    {"192.0.2.1", "64:ff9b::192.0.2.1", false},
		"nobody whom we could tell apart": {"::", "::", true},
	} {
		one, _ := groupOf(netip.MustParseAddr(c.one))
		other, _ := groupOf(netip.MustParseAddr(c.other))
		if same := one == other; same != c.same {
			t.Errorf("%s: %v and %v count as one: %v, want %v", name, one, other, same, c.same)
		}
	}
}

func TestLoopbackIsNotCounted(t *testing.T) {
	c := newCrowd()
	for _, addr := range []string{"127.0.0.1", "127.255.0.7", "::1"} {
		for range protocol.MaxSessionsPerAddress + 1 {
			if _, why := c.enter(netip.MustParseAddr(addr), noon); why != nil {
				t.Fatalf("%s: %s", addr, why.text)
			}
			if why := c.connect(netip.MustParseAddr(addr), noon); why != nil {
				t.Fatalf("%s: %s", addr, why.text)
			}
		}
		c.disconnect(netip.MustParseAddr(addr))
	}
	if len(c.addresses) != 0 {
		t.Errorf("%d addresses are remembered", len(c.addresses))
	}
}

func TestLogSpeaksOfALimitOnceAMinute(t *testing.T) {
	c := newCrowd()
	lines := 0
	for second := range 60 {
		now := noon.Add(time.Duration(second) * time.Second)
		for range 2 * protocol.MaxHandshakesPerAddr {
			place, why := c.enter(here, now)
			if why == nil {
				place.leave()
			} else if why.log != "" {
				if lines++; !strings.Contains(why.log, "--trusted-proxy") || why.level != slog.LevelWarn {
					t.Errorf("the log says %v %q", why.level, why.log)
				}
			}
		}
	}
	if lines != 1 {
		t.Errorf("%d lines in a minute, want 1", lines)
	}
}

// However people come and go, the counts are those of who is here, and nothing
// is left when they have gone.
func TestCountsAreThoseOfWhoIsHere(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	c, now := newCrowd(), noon
	var places []*place
	conns := map[netip.Addr]int{}
	sum := func() (sessions, silent int) {
		for _, n := range c.addresses {
			sessions, silent = sessions+n.sessions, silent+n.conns
		}
		return sessions, silent
	}
	standing := 0
	for range 20_000 {
		now = now.Add(time.Duration(rnd.IntN(100)) * time.Millisecond)
		addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(rnd.IntN(50))})
		switch rnd.IntN(4) {
		case 0:
			if place, why := c.enter(addr, now); why == nil {
				if place.seat(fmt.Sprint("user-", rnd.IntN(5))) == nil {
					places = append(places, place)
				} else {
					place.leave()
				}
			}
		case 1:
			if len(places) > 0 {
				i := rnd.IntN(len(places))
				places[i].leave()
				places = append(places[:i], places[i+1:]...)
			}
		case 2:
			c.connect(addr, now)
			conns[addr]++
			standing++
		case 3:
			if conns[addr] > 0 {
				c.disconnect(addr)
				conns[addr]--
				standing--
			}
		}
		if sessions, silent := sum(); sessions != len(places) || silent != standing {
			t.Fatalf("%d sessions and %d connections are counted, want %d and %d", sessions, silent, len(places), standing)
		}
	}
	for _, p := range places {
		p.leave()
	}
	for addr, n := range conns {
		for range n {
			c.disconnect(addr)
		}
	}
	c.wantEmpty(t, now)
}
