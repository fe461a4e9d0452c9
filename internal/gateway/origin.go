package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/parley-chat/parley/protocol"
)

// origins decides which pages may use this server. Browsers send a page's origin
// with every upgrade and every POST, and let no page change it (RFC 6454 §7);
// programs send none, and are not checked.
type origins struct {
	publicURL  origin // zero if nothing is known
	allowed    []string
	listenHost string
	nullPasses bool       // pages from files may speak the tutorial dialect: guests only, and from this machine alone
	warnOfNull *sync.Once // …and the log says so at the first one
	warn       func(string)
}

func newOrigins(c Config) origins {
	host := hostOf(c.Listen)
	public, _ := parseOrigin(c.PublicURL)
	o := origins{
		publicURL:  public,
		listenHost: host,
		nullPasses: c.Verifier == nil && isLoopback(host),
		warnOfNull: new(sync.Once),
		warn:       func(text string) { c.Log.Warn(text) },
	}
	for _, s := range c.AllowOrigins {
		if parsed, ok := parseOrigin(s); ok {
			s = parsed.String()
		}
		o.allowed = append(o.allowed, s)
	}
	return o
}

// origin is a page's scheme, host and port, in lower case; the port that its
// scheme implies is left out.
type origin struct{ scheme, host, port string }

func parseOrigin(s string) (origin, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.Path != "" || strings.ContainsAny(s, "@?#") {
		return origin{}, false
	}
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	if o.port == impliedPort(o.scheme) {
		o.port = ""
	}
	return o, true
}

func impliedPort(scheme string) string {
	return map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}[scheme]
}

func (o origin) String() string {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if o.port != "" {
		host += ":" + o.port
	}
	return o.scheme + "://" + host
}

// check is the rule. A page passes if its origin was allowed, or is this
// server's own: its host name is the one that was asked for (ports don't count,
// since proxies lose them) and a name that this server goes by, so that a name
// which was only made to point here does not pass. Pages of this very machine
// pass, too. The dialect is V1 for all that is no upgrade.
func (os *origins) check(r *http.Request, dialect protocol.Dialect) *refusal {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 {
		return originRefused(strings.Join(values, ", "), "a browser sends one, so no setting lets it in")
	}
	if values[0] == "null" || values[0] == "file://" { // as embedded browsers write it
		return os.checkNull(dialect)
	}
	o, ok := parseOrigin(values[0])
	if !ok {
		return originRefused(values[0], "that is no origin, so no setting lets it in")
	}
	if o == os.publicURL || slices.Contains(os.allowed, o.String()) {
		return nil
	}
	// Schemes of apps and extensions name no host of the network.
	web := o.scheme == "http" || o.scheme == "https"
	own := web && o.host == hostOf(r.Host)
	if web && isLoopback(o.host) || own && os.knows(o.host) {
		return nil
	}
	if own {
		return originRefused(o.String(), "if that is what people type to get here, say --public-url "+o.String())
	}
	return originRefused(o.String(), "--allow-origin "+o.String()+" would let it in")
}

// checkNull is for pages that have no origin: from a file, but also from a
// sandboxed frame on anybody's page.
func (os *origins) checkNull(dialect protocol.Dialect) *refusal {
	if slices.Contains(os.allowed, "null") {
		return nil
	}
	if !os.nullPasses || dialect != protocol.Tutorial {
		return originRefused("null", "--allow-origin null would let it in, and a sandboxed frame on any page, too")
	}
	os.warnOfNull.Do(func() {
		os.warn("a page without an origin came in: one opened from a file, or a sandboxed frame of any site. " +
			"It passes in the tutorial dialect, since this server has only guests and listens on this machine alone")
	})
	return nil
}

// originRefused turns a page away; advice is for the operator.
func originRefused(origin, advice string) *refusal {
	const longest = 200 // of what an unknown peer puts into our log
	origin, advice = cut(origin, longest), cut(advice, 2*longest)
	return &refusal{
		code:   protocol.CodeOriginRefused,
		level:  slog.LevelWarn,
		status: http.StatusForbidden,
		text:   "Pages of this origin may not use this server. Its log says what would let them in.",
		log:    fmt.Sprintf("a page of origin %q was turned away: %s", origin, advice),
	}
}

func cut(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

// knows reports whether this server goes by a host name: a loopback name, any
// address, or the host that it was told to listen on.
func (os *origins) knows(host string) bool { return goesBy(host, os.listenHost) }

func goesBy(host, listenHost string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || isLoopback(host) || host == listenHost && host != ""
}

// exactlyOurs reports whether a request comes from a page of this very server, or
// from no page at all. Only then does a cookie say who it is: a page on another
// port of the same host gets it, too.
func (os *origins) exactlyOurs(r *http.Request) bool {
	value := r.Header.Get("Origin")
	if value == "" {
		return true
	}
	o, ok := parseOrigin(value)
	if !ok {
		return false
	}
	asked, ok := parseOrigin(o.scheme + "://" + r.Host)
	if r.TLS != nil && o.scheme != "https" { // without TLS, a proxy in front may have it
		ok = false
	}
	return ok && o == asked || o == os.publicURL
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost" || strings.HasSuffix(host, ".localhost") // RFC 6761 §6.3
	}
	return addr.Unmap().IsLoopback()
}
