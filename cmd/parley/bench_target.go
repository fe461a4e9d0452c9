package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/parley-chat/parley/internal/load"
	"github.com/parley-chat/parley/internal/tui"
)

// benchTarget is the server that is driven.
type benchTarget struct {
	addr  string     // host:port
	ip    netip.Addr // that the host has
	port  uint16
	asked string // path and query
}

// targets are all nodes that are driven, in their order; at least one.
func (c *benchCommand) targets() ([]benchTarget, error) {
	urls := c.Nodes
	switch {
	case len(urls) == 0:
		urls = []string{c.URL}
	case c.URL != usualBenchURL:
		return nil, fmt.Errorf("URL %q: give it as --url, too, where there are several", c.URL)
	case len(urls) > 1 && c.PID != nil && *c.PID != 0:
		return nil, errors.New("--pid is one process, and there are several nodes: leave it out, or want 0 to measure none")
	}
	var all []benchTarget
	var wrong []error
	for _, raw := range urls {
		t, err := readBenchTarget(raw, c.YesThisIsMine)
		if err == nil && len(all) > 0 && t.asked != all[0].asked {
			err = fmt.Errorf("URL %q: want the path of the others, %s", raw, all[0].asked)
		}
		all, wrong = append(all, t), append(wrong, err)
	}
	return all, errors.Join(wrong...)
}

const usualBenchURL = "ws://localhost:8080/ws"

const lookupTimeout = 5 * time.Second

// readBenchTarget reads a URL, and refuses one at a public address unless the
// person says that it is theirs.
func readBenchTarget(raw string, mine bool) (benchTarget, error) {
	t, err := tui.ParseTarget(raw)
	if err != nil {
		return benchTarget{}, err
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return benchTarget{}, err
	}
	if u.Scheme == "wss" {
		return benchTarget{}, fmt.Errorf("URL %q: the load generator speaks no TLS: measure the server behind its proxy, by ws://", raw)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	found := benchTarget{addr: net.JoinHostPort(u.Hostname(), port), asked: u.RequestURI()}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return benchTarget{}, fmt.Errorf("URL %q: %w", raw, err)
	}
	found.port = uint16(number)
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return benchTarget{}, fmt.Errorf("URL %q: %w", raw, err)
	}
	for _, ip := range ips {
		ip = ip.Unmap()
		if !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified() && !mine {
			return benchTarget{}, fmt.Errorf("URL %q is at the public address %s, and load on somebody else's server is an attack: "+
				"give --yes-this-is-mine if you may", raw, ip)
		}
		if !found.ip.IsValid() || ip.Is4() {
			found.ip = ip
		}
	}
	// Who was looked at is who is driven, whatever the name says later.
	found.addr = netip.AddrPortFrom(found.ip, found.port).String()
	return found, nil
}

// path is that of the upgrade; "" where the wire knows better: Parley takes every
// wire at / and /ws, and parley.v1 names its guests there.
func (t benchTarget) path(wire string) string {
	if wire == "parley.v1" && (t.asked == "/" || t.asked == "/ws") {
		return ""
	}
	return t.asked
}

func readToken(given string) (string, error) {
	return (&joinCommand{Token: given}).token()
}

// local says whether the server can be on this machine.
func (t benchTarget) local() bool {
	if t.ip.IsLoopback() || t.ip.IsUnspecified() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Unmap() == t.ip {
			return true
		}
	}
	return false
}

// process is the server's, and what to say where it isn't known.
func (c *benchCommand) process(t benchTarget) (pid int, note string) {
	if c.PID != nil {
		return *c.PID, ""
	}
	const without = "its processor time and memory are not measured"
	if !t.local() {
		return 0, "the server is on another machine: " + without
	}
	pid, err := listener(t.ip, t.port)
	if err != nil {
		return 0, fmt.Sprintf("can't tell which process listens at %s (%v): %s; --pid names it", t.addr, err, without)
	}
	return pid, ""
}

// hinted says what to do about an error, where we know.
func hinted(err error, t benchTarget) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "rate_limited") || strings.Contains(text, "Slow down!"):
		return fmt.Errorf("%w: the server limits how much each user sends: start it with --rate off", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: is `parley serve --rate off` running there?", err)
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("%w: raise the limit of open files (ulimit -n), here and at the server", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: so many connections from one address to %s use up its ports: ask for fewer --sessions", err, t.addr)
	case strings.Contains(text, "answered 401"):
		return fmt.Errorf("%w: the server lets in only people with a token: give one with --token", err)
	case strings.Contains(text, "answered 404"):
		return fmt.Errorf("%w: no WebSocket is at %s there: is the address right?", err, t.asked)
	case errors.Is(err, load.ErrBehind):
		return fmt.Errorf("%w: ask for a lower --rate, or for --search to find the highest", err)
	}
	return err
}
