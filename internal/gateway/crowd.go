package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// crowd counts who is here, who knocks and who only stands there, by address, and
// who is here by user.
type crowd struct {
	others Others // fixed after init; nil where the node is alone

	mu        sync.Mutex
	addresses map[netip.Prefix]*counts
	users     map[string]int
	swept     time.Time // when addresses that have nobody left were forgotten
	warned    time.Time // when the log last spoke of a limit
}

// counts is what one address has.
type counts struct {
	sessions   int
	conns      int       // that are no sessions (yet)
	second     time.Time // in which handshakes are counted
	handshakes int
}

func (n *counts) nobody() bool { return n.sessions == 0 && n.conns == 0 }

func (c *crowd) init(others Others) {
	c.others = others
	c.addresses, c.users = map[netip.Prefix]*counts{}, map[string]int{}
}

// place is one session's place in the crowd.
type place struct {
	crowd   *crowd
	address *counts // nil: not counted
	user    string  // empty: none yet
}

// groupOf is what counts as one address: an IPv4 address, or an IPv6 /64, since
// whoever has one of its addresses has them all (RFC 4291 §2.5.1). Loopback is not
// counted.
func groupOf(addr netip.Addr) (group netip.Prefix, counted bool) {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	group, _ = addr.Prefix(bits) // fails only for more bits than there are
	return group, !addr.IsLoopback()
}

// of gives the counts of one address. It wants mu held.
func (c *crowd) of(address netip.Prefix, now time.Time) *counts {
	c.sweep(now)
	n := c.addresses[address]
	if n == nil {
		n = &counts{second: now}
		c.addresses[address] = n
	}
	return n
}

// connect counts a connection that has asked for nothing yet. Whether or not
// there are too many, it is to be followed by disconnect.
func (c *crowd) connect(addr netip.Addr, now time.Time) *refusal {
	address, counted := groupOf(addr)
	if !counted {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.of(address, now)
	n.conns++
	if n.conns > protocol.MaxSessionsPerAddress {
		return c.limited(protocol.CodeTooManySessions,
			fmt.Sprintf("More than %d connections without a session from one address.", protocol.MaxSessionsPerAddress), now)
	}
	return nil
}

func (c *crowd) disconnect(addr netip.Addr) {
	address, counted := groupOf(addr)
	if !counted {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addresses[address].conns--
}

// enter takes a place for a handshake, or says why there is none.
func (c *crowd) enter(addr netip.Addr, now time.Time) (*place, *refusal) {
	address, counted := groupOf(addr)
	if !counted {
		return &place{crowd: c}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.of(address, now)
	if now.Sub(n.second) >= time.Second {
		n.second, n.handshakes = now, 0
	}
	n.handshakes++
	switch {
	case n.handshakes > protocol.MaxHandshakesPerAddr:
		return nil, c.limited(protocol.CodeTooManyHandshakes,
			fmt.Sprintf("More than %d handshakes a second from one address.", protocol.MaxHandshakesPerAddr), now)
	case n.sessions >= protocol.MaxSessionsPerAddress:
		return nil, c.limited(protocol.CodeTooManySessions,
			fmt.Sprintf("More than %d sessions of one address.", protocol.MaxSessionsPerAddress), now)
	}
	n.sessions++
	return &place{crowd: c, address: n}, nil
}

// limited refuses, and has the log say why at most once a minute.
func (c *crowd) limited(code protocol.Code, text string, now time.Time) *refusal {
	why := &refusal{code: code, status: http.StatusTooManyRequests, text: text, retry: time.Second}
	if now.Sub(c.warned) >= time.Minute {
		c.warned = now
		why.level = slog.LevelWarn
		why.log = text + " If it is a proxy of yours, name it with --trusted-proxy, so that its clients are told apart"
	}
	return why
}

// sweep forgets, once a second, the addresses that have nobody here and did not
// knock within it.
func (c *crowd) sweep(now time.Time) {
	if now.Sub(c.swept) < time.Second {
		return
	}
	c.swept = now
	for address, n := range c.addresses {
		if n.nobody() && now.Sub(n.second) >= time.Second {
			delete(c.addresses, address)
		}
	}
}

// seat gives the place to a user, unless the user has too many, on whichever nodes.
func (p *place) seat(user string) *refusal {
	p.crowd.mu.Lock()
	defer p.crowd.mu.Unlock()
	sessions := p.crowd.users[user]
	if p.crowd.others != nil {
		sessions += p.crowd.others.Elsewhere(user)
	}
	if sessions >= protocol.MaxSessionsPerUser {
		return &refusal{code: protocol.CodeTooManySessions, status: http.StatusTooManyRequests, retry: 10 * time.Second,
			text: fmt.Sprintf("This user has %d sessions already: close one.", protocol.MaxSessionsPerUser),
			log:  "a user who has as many sessions as one may was turned away"}
	}
	p.crowd.users[user]++
	p.user = user
	p.crowd.seats(user)
	return nil
}

// leave gives the place back.
func (p *place) leave() {
	p.crowd.mu.Lock()
	defer p.crowd.mu.Unlock()
	if p.address != nil {
		p.address.sessions--
	}
	if p.user == "" {
		return
	}
	p.crowd.users[p.user]--
	p.crowd.seats(p.user)
	if p.crowd.users[p.user] == 0 {
		delete(p.crowd.users, p.user)
	}
}

// seats has other nodes know how many sessions a user has here. It wants mu held.
func (c *crowd) seats(user string) {
	if c.others != nil {
		c.others.Seats(user, c.users[user])
	}
}
