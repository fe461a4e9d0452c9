package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

func parsePrefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		prefix, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err == nil && prefix.Addr().Is4In6() { // as addresses of peers are
			prefix, err = prefix.Addr().Unmap().Prefix(prefix.Bits() - 96)
		}
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q: want an address or a network, such as 10.0.0.0/8", s)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

// client is the address that a request comes from: the peer's, or what a proxy
// that is trusted says, the last one that isn't such a proxy itself.
func (g *Gateway) client(r *http.Request) netip.Addr {
	addr := peer(r)
	if !g.trusted(addr) {
		return addr
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0; i-- {
		hop, err := parseHop(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		addr = hop
		if !g.trusted(addr) {
			break
		}
	}
	return addr
}

// parseHop reads an address as proxies write it, with a port or without.
func parseHop(s string) (netip.Addr, error) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err
}

func (g *Gateway) trusted(addr netip.Addr) bool {
	for _, p := range g.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// peer is the address at the other end of the connection itself.
func peer(r *http.Request) netip.Addr { return addressOf(r.RemoteAddr) }

func addressOf(hostport string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil { // a listener that isn't TCP: nobody whom we could tell apart
		return netip.IPv6Unspecified()
	}
	return ap.Addr().Unmap().WithZone("")
}

// hostOf is the host of HOST or HOST:PORT, in lower case.
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = host
	}
	return strings.ToLower(strings.Trim(hostport, "[]"))
}
