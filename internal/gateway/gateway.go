package gateway

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/protocol"
)

// Sessions takes over what was let in.
type Sessions interface {
	Open(engine.Opening)
}

// Config is what a gateway is made of.
type Config struct {
	Sessions Sessions
	Verifier auth.Verifier // nil: everybody comes in as a guest
	Metrics  *metrics.Metrics
	Log      *slog.Logger
	Page     http.Handler // serves / and its assets

	Listen         string // as it was asked for: its host is a name of this server
	PublicURL      string // an origin; empty if nothing is known
	AllowOrigins   []string
	TrustedProxies []string // addresses or prefixes
	MetricsToken   string
}

// Gateway is the door of one node.
type Gateway struct {
	// Fixed after New.
	sessions     Sessions
	verifier     auth.Verifier
	metrics      *metrics.Metrics
	log          *slog.Logger
	origins      origins
	proxies      []netip.Prefix
	metricsToken string
	handler      http.Handler

	// Any goroutine.
	draining atomic.Bool
	crowd    crowd
}

// New makes a gateway. Its errors name the setting that is wrong.
func New(c Config) (*Gateway, error) {
	proxies, err := parsePrefixes(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		sessions:     c.Sessions,
		verifier:     c.Verifier,
		metrics:      c.Metrics,
		log:          c.Log,
		origins:      newOrigins(c),
		proxies:      proxies,
		metricsToken: c.MetricsToken,
	}
	g.crowd.init()
	g.handler = g.routes(c.Page)
	return g, nil
}

func parsePrefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		prefix, err := netip.ParsePrefix(s)
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q: want an address or a network, such as 10.0.0.0/8", s)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

// Handler serves every route.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Drain turns newcomers away from now on, and says so at /readyz.
func (g *Gateway) Drain() { g.draining.Store(true) }

// Server is an HTTP server for g, with every deadline that keeps a slow peer from
// holding on to it.
func Server(g *Gateway) *http.Server {
	return &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: protocol.HandshakeTimeout,
		ReadTimeout:       protocol.HandshakeTimeout,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 alone
	}
}

func (g *Gateway) routes(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("/readyz", g.ready)
	mux.HandleFunc("/metrics", g.showMetrics)
	mux.HandleFunc("/api/v1/whoami", g.whoami)
	mux.HandleFunc("/ws", g.upgrade)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && wantsUpgrade(r) {
			g.upgrade(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
	return mux
}

// wantsUpgrade reports whether a request for / asks for a WebSocket and not for
// the page.
func wantsUpgrade(r *http.Request) bool {
	return hasToken(r.Header, "Upgrade", "websocket") || r.Header.Get("Sec-Websocket-Key") != ""
}

func (g *Gateway) ready(w http.ResponseWriter, _ *http.Request) {
	if g.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
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
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
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
