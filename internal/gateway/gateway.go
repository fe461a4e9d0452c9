package gateway

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/protocol"
)

// Sessions takes over what was let in.
type Sessions interface {
	Open(engine.Opening)
}

// Others are the other nodes, as far as a user's sessions are counted over all.
type Others interface {
	// Elsewhere is how many sessions a user has on them, as far as they have told.
	Elsewhere(user string) (sessions int)

	// Seats tells them how many the user has here now.
	Seats(user string, sessions int)
}

// Config is what a gateway is made of.
type Config struct {
	Sessions Sessions
	Others   Others // nil where the node is alone
	Commands Commands
	Verifier auth.Verifier // nil: everybody comes in as a guest
	Passes   *auth.Passes
	Metrics  *metrics.Metrics
	Log      *slog.Logger
	Page     http.Handler // serves / and its assets
	Contract http.Handler // serves /api/, what programs can do here; nil for nothing

	Listen         string // as it was asked for: its host is a name of this server
	PublicURL      string // an origin; empty if nothing is known
	AllowOrigins   []string
	TrustedProxies []string // addresses or prefixes
	MetricsToken   string

	// Revoked reports whether what somebody comes in with was revoked; nil: nothing ever is.
	Revoked func(who *auth.Identity) bool

	Busy func() bool // whether those who are in wait for the machine; nil: never
}

// Gateway is the door of one node.
type Gateway struct {
	// Fixed after New.
	sessions  Sessions
	commands  Commands
	reach     map[string]protocol.Reach // of each command
	verifier  auth.Verifier
	passes    *auth.Passes
	revoked   func(who *auth.Identity) bool
	metrics   *metrics.Metrics
	log       *slog.Logger
	origins   origins
	proxies   []netip.Prefix
	insiders  Insiders
	lines     map[protocol.Code]*rate.Limiter // of the log
	handler   http.Handler
	admission *admission

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
		sessions: c.Sessions,
		commands: c.Commands,
		reach:    reaches(),
		verifier: c.Verifier,
		passes:   c.Passes,
		revoked:  c.Revoked,
		metrics:  c.Metrics,
		log:      c.Log,
		origins:  newOrigins(c),
		proxies:  proxies,
		insiders: NewInsiders(c.Listen, c.MetricsToken),
		lines:    newLineLimits(),
	}
	if g.revoked == nil {
		g.revoked = func(*auth.Identity) bool { return false }
	}
	g.admission = newAdmission(c.Busy, c.Metrics)
	g.crowd.init(c.Others)
	g.handler = g.routes(c.Page, c.Contract)
	return g, nil
}

// Handler serves every route.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Drain turns newcomers away from now on, and says so at /readyz.
func (g *Gateway) Drain() { g.draining.Store(true) }

// Server is an HTTP server for g, with every deadline that keeps a slow peer from
// holding on to it.
func Server(g *Gateway) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // alone: a WebSocket takes its connection over
	return &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: protocol.HandshakeTimeout,
		ReadTimeout:       protocol.HandshakeTimeout,
		WriteTimeout:      time.Minute,
		IdleTimeout:       15 * time.Second, // long enough for a page and what belongs to it
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          ErrorLog(g.log),
		Protocols:         protocols,
		ConnState:         g.watch,
	}
}

// watch counts the connections that are no sessions, and hangs up on an address
// that has too many. What becomes of the others, the deadlines see to.
func (g *Gateway) watch(conn net.Conn, state http.ConnState) {
	addr := addressOf(conn.RemoteAddr().String())
	if g.trusted(addr) {
		return // all its clients come from there
	}
	switch state {
	case http.StateNew:
		if why := g.crowd.connect(addr, time.Now()); why != nil {
			g.count(addr, why)
			_ = conn.Close() // a peer that is turned away hears no more of it
		}
	case http.StateHijacked, http.StateClosed:
		g.crowd.disconnect(addr)
	}
}

func (g *Gateway) routes(page, contract http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", g.healthy)
	mux.HandleFunc("/readyz", g.ready)
	mux.HandleFunc("/metrics", g.showMetrics)
	mux.HandleFunc("/api/v1/whoami", g.post(g.whoami))
	mux.HandleFunc("/api/v1/{command}", g.post(g.command))
	if contract != nil {
		mux.Handle("/api/", contract)
	}
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

// healthy answers everybody alike, and tells insiders of what version the node is, and
// whom it takes them for: what a deployment is checked by, and no business of others.
func (g *Gateway) healthy(w http.ResponseWriter, r *http.Request) {
	if g.insiders.Has(r) {
		w.Header().Set("Parley-Version", g.metrics.Version())
		w.Header().Set("Parley-Address", g.client(r).String())
	}
	fmt.Fprintln(w, "alive")
}

func (g *Gateway) ready(w http.ResponseWriter, _ *http.Request) {
	if g.draining.Load() {
		http.Error(w, "draining", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}
