package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/protocol"
)

// public looks at each address that people use.
func (x *examination) public(ctx context.Context) {
	for _, raw := range x.Public {
		u, err := url.Parse(raw)
		if err != nil { // whoever gave it has been told
			x.of(Proxy).fault(fmt.Sprintf("%q is no URL", raw), "")
			continue
		}
		x.doing(u.Host)
		good := u.Scheme != "https" || x.certificate(ctx, u)
		r := x.newReach(u, good)
		if !x.answers(ctx, r) {
			continue
		}
		x.plain(ctx, u)
		if !x.upgrades(ctx, r) {
			continue
		}
		x.carries(ctx, r)
		x.address(ctx, r)
		x.origins(ctx, r)
		x.idle(ctx, r)
	}
}

// answers looks whether a Parley is behind an address at all.
func (x *examination) answers(ctx context.Context, r reach) bool {
	n, host := x.of(Proxy), r.url.Host
	status, header, text, err := r.get(ctx, "/healthz", "")
	switch {
	case err != nil:
		n.fault(fmt.Sprintf("%s can't be reached: %v", host, err), "look at its name, its firewall, and whether the proxy runs")
		return false
	case status >= 300 && status < 400:
		n.fault(fmt.Sprintf("%s redirects to %s", host, cut(header.Get("Location"))), "browsers follow no redirect of a WebSocket: give people the address where it ends")
		return false
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		n.fault(fmt.Sprintf("%s answers %d: the proxy reaches no node", host, status), "is a node running where the proxy looks, and ready?")
		return false
	case status != http.StatusOK || text != "alive":
		n.warn(fmt.Sprintf("%s answers /healthz with %d, which is not Parley's", host, status), "have the proxy pass all paths on, if the page is to come from Parley; else this is as it should be")
	}
	if status, _, _, err := r.get(ctx, "/metrics", ""); err == nil && status == http.StatusOK && !loopback(r.url.Hostname()) {
		n.fault("anybody can read /metrics at "+host, "have the proxy answer /metrics with 404, and set a header that says it is one (X-Forwarded-For)")
	}
	return true
}

// plain looks what becomes of those who type no https.
func (x *examination) plain(ctx context.Context, u *url.URL) {
	n := x.of(Proxy)
	if u.Scheme != "https" {
		if !loopback(u.Hostname()) {
			n.warn(u.Host+" is plain http: what is said, and who says it, can be read and changed on the way", "have a proxy do TLS, or give --tls-cert and --tls-key")
		}
		return
	}
	if u.Port() != "" {
		return // where its plain port would be, nobody knows
	}
	http := *u
	http.Scheme = "http"
	status, header, _, err := x.newReach(&http, true).get(ctx, "/", "")
	switch {
	case err != nil:
		n.ok("plain http is not served")
	case status >= 300 && status < 400 && strings.HasPrefix(header.Get("Location"), "https://"):
		n.ok("plain http leads to https")
	default:
		n.warn(fmt.Sprintf("plain http://%s answers %d and leads nowhere", u.Host, status), "have the proxy redirect it to https")
	}
}

// upgrades looks whether sessions open where they can be asked for.
func (x *examination) upgrades(ctx context.Context, r reach) bool {
	n := x.of(Proxy)
	open := false
	for _, path := range []string{"/ws", "/"} {
		conn, _, err := r.dial(ctx, x.Token, ask{path: path})
		if err == nil {
			_ = conn.CloseNow()
			n.ok("a WebSocket opens at %s%s", r.url.Host, path)
			open = true
			continue
		}
		var why *refused
		errors.As(err, &why) // it is one
		x.refused(n, r, path, why)
	}
	return open
}

// refused says what stands between a handshake and its session.
func (x *examination) refused(n notes, r reach, path string, why *refused) {
	found := fmt.Sprintf("no WebSocket opens at %s%s: %s", r.url.Host, path, why)
	switch {
	case why.is(http.StatusUnauthorized):
		n.unknown(r.url.Host+path+" lets in only people with a token, so nothing behind the door was looked at", "give the doctor one with --token @FILE")
	case why.is(http.StatusSwitchingProtocols):
		n.fault(found, "something on the way changes the handshake's answer: have it pass Upgrade, Connection and Sec-WebSocket-… on as they are")
	case strings.Contains(why.text, "handshake is HTTP/1.1"):
		n.fault(found, "the proxy speaks HTTP/1.0 to the node; nginx: proxy_http_version 1.1")
	case why.is(http.StatusUpgradeRequired):
		n.fault(found, "the proxy drops Upgrade and Connection; nginx: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"")
	case why.is(http.StatusForbidden):
		n.fault(found, "no page asked, so it is not Parley's origin rule: look at what else stands in front")
	case why.is(http.StatusTooManyRequests):
		n.fault(found, "one address has too many sessions: where all have the proxy's, --trusted-proxy with its address")
	case why.is(http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout):
		n.fault(found, "the proxy reaches no node that is ready")
	case why.is(http.StatusNotFound, http.StatusOK) && path == "/":
		n.warn(found, "clients that ask at / alone, as wscat and the tutorial's page do, don't get in; have the proxy pass / on too")
	case why.is(http.StatusNotFound, http.StatusOK):
		n.fault(found, "the proxy answers by itself: have it pass "+path+" on")
	case why.is(http.StatusBadRequest):
		n.fault(found, "the proxy changes the handshake: have it pass Host, Upgrade, Connection and Sec-WebSocket-… on")
	default:
		n.fault(found, "look into the log of the proxy, and of the node")
	}
}

// carries looks what goes through a session.
func (x *examination) carries(ctx context.Context, r reach) {
	n := x.of(Proxy)
	l, err := r.open(ctx, x.Token, ask{})
	switch {
	case errors.Is(err, errNotV1):
		n.fault("the proxy drops Sec-WebSocket-Protocol, so that parley.v1 can't be spoken", "have it pass that header on, both ways")
		return
	case err != nil:
		n.fault(fmt.Sprintf("a session with parley.v1 does not begin: %v", inWords(err)), "what goes through an upgraded connection must not be buffered; nginx: proxy_buffering off")
		return
	}
	defer l.close()
	ahead, exact, middle, err := l.away(ctx)
	if err != nil {
		n.fault(fmt.Sprintf("no answer comes through: %v", inWords(err)), "what goes through an upgraded connection must not be buffered")
		return
	}
	n.ok("parley.v1 is spoken there, and answers in %s (p50); no sticky sessions are needed: each may go on at any node", short(middle))
	if ahead.Abs()-exact > offBy && len(x.Nodes) == 0 {
		n.warn(fmt.Sprintf("the clock there is %s this machine's", apart(ahead)), "have both kept by NTP (chrony, systemd-timesyncd)")
	}
	x.large(ctx, n, l)
	x.deflates(ctx, n, r)
}

// large sends the longest message that there may be: white space is as good as any.
func (x *examination) large(ctx context.Context, n notes, l *line) {
	command := `{"type":"ping","id":"%s"}`
	command += strings.Repeat(" ", protocol.MaxMessageBytes-len(command)-len("doctor-00"))
	if _, _, err := l.do(ctx, command); err != nil {
		n.fault(fmt.Sprintf("a message of %d bytes does not go through: %v", protocol.MaxMessageBytes, inWords(err)),
			"something on the way bounds a frame below that")
		return
	}
	n.ok("a message of %d bytes goes through", protocol.MaxMessageBytes)
}

func (x *examination) deflates(ctx context.Context, n notes, r reach) {
	conn, header, err := r.dial(ctx, x.Token, ask{v1: true, deflate: true})
	if err != nil {
		n.warn(fmt.Sprintf("no session opens that asks for compression: %v", err), "have the proxy pass Sec-WebSocket-Extensions on")
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it is done
	if !strings.Contains(header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
		n.warn("compression (permessage-deflate) is not agreed on: pages of history take more bytes", "have the proxy pass Sec-WebSocket-Extensions on, both ways")
		return
	}
	l := &line{conn: conn}
	if _, _, err := l.do(ctx, `{"type":"ping","id":"%s"}`+strings.Repeat(" ", 8<<10)); err != nil {
		n.fault(fmt.Sprintf("what is compressed does not come through: %v", inWords(err)), "have the proxy leave frames as they are")
		return
	}
	n.ok("compressed messages go through")
}

// address looks from where the server believes that we come, which a node tells to those
// who bring its metrics token. 203.0.113.0/24 is for documents (RFC 5737): nobody's.
func (x *examination) address(ctx context.Context, r reach) {
	const forged = "203.0.113.9"
	n := x.of(Proxy)
	token := x.Settings.MetricsToken
	if token == "" || !r.safe {
		n.unknown("whose address the limits and the log see was not looked at", "give --metrics-token, to the nodes and to the doctor")
		return
	}
	r.forged = forged
	_, header, _, err := r.get(ctx, "/healthz", token)
	said, parseErr := netip.ParseAddr(header.Get("Parley-Address"))
	switch {
	case err != nil || parseErr != nil:
		n.unknown("whose address the limits and the log see is not told", "give --metrics-token, the same to the nodes and to the doctor")
	case said.String() == forged:
		n.fault("the server believes what anybody says of their address, so that limits bind nobody",
			"have the proxy set X-Forwarded-For anew; nginx: proxy_set_header X-Forwarded-For $remote_addr; or --trusted-proxy with fewer addresses")
	case near(said.String()) && !near(r.url.Hostname()):
		n.warn(fmt.Sprintf("the server takes us for %s: if that is the proxy's address and not ours, everybody shares its limits", said),
			"--trusted-proxy with that address, and have the proxy set X-Forwarded-For; nginx: proxy_set_header X-Forwarded-For $remote_addr")
	default:
		n.ok("the server takes us for %s, whatever we say of our address", said)
	}
}

// origins looks which pages are let in.
func (x *examination) origins(ctx context.Context, r reach) {
	n := x.of(Origin)
	own := originOf(r.url)
	if s := x.Settings.PublicURL; s != "" && s != own && x.Local {
		n.warn(fmt.Sprintf("--public-url is %s, and people come by %s", s, own), "--public-url "+own)
	}
	// The dialect of the pages: the tutorial's is let in from more places.
	switch why := x.page(ctx, r, ask{origin: own, v1: true}); {
	case why == nil:
		n.ok("its own pages are let in")
	case why.is(http.StatusForbidden):
		n.fault("its own pages ("+own+") are refused", "start the nodes with --public-url "+own+", and have the proxy pass Host on; nginx: proxy_set_header Host $http_host")
	default:
		n.fault("its own pages don't get in: "+why.Error(), "look into the log of the node")
	}
	const foreign = "https://parley-doctor.invalid" // RFC 2606 §2: there is no such site
	switch why := x.page(ctx, r, ask{origin: foreign, v1: true}); {
	case why == nil:
		n.fault("pages of any site are let in, and may use a visitor's chat", "have the proxy pass Origin on as it is, and set none by itself")
	case why.is(http.StatusForbidden):
		n.ok("pages of other sites are refused")
	default:
		n.warn("pages of other sites don't get in, but not by Parley's rule: "+why.Error(), "have the proxy pass Origin on as it is")
	}
	switch why := x.page(ctx, r, ask{origin: "null"}); {
	case why == nil && loopback(r.url.Hostname()):
		n.ok("pages from a file are let in, in the tutorial's dialect, as guests' servers on this machine alone do")
	case why == nil:
		n.warn("pages from a file are let in, and so are sandboxed frames on anybody's page", "leave out --allow-origin null, unless that is meant")
	default:
		n.ok("pages from a file are refused")
	}
}

// originOf is how a browser writes it (RFC 6454 §6.2).
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// page opens a session as a page does; nil if it opens.
func (x *examination) page(ctx context.Context, r reach, a ask) *refused {
	conn, _, err := r.dial(ctx, x.Token, a)
	if err == nil {
		_ = conn.CloseNow()
		return nil
	}
	var why *refused
	errors.As(err, &why)
	return why
}

// idle waits in silence, but for the answers to pings, for longer than two of them take.
func (x *examination) idle(ctx context.Context, r reach) {
	n := x.of(Proxy)
	heartbeat := x.Settings.Heartbeat
	if heartbeat == 0 {
		heartbeat = 30 * time.Second
	}
	quiet := 2*heartbeat + heartbeat/4
	if !x.Long {
		n.unknown("whether a silent session stays open was not looked at", "--long does, for "+short(quiet))
		return
	}
	x.doing(fmt.Sprintf("%s, in silence for %s", r.url.Host, short(quiet)))
	var pings atomic.Int32
	conn, _, err := r.dial(ctx, x.Token, ask{pinged: func() { pings.Add(1) }})
	if err != nil {
		n.fault(fmt.Sprintf("no WebSocket opens: %v", err), "")
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it is done
	began := time.Now()
	silence, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	_, _, err = conn.Read(silence)
	switch stayed := time.Since(began); {
	case silence.Err() != nil && pings.Load() > 0:
		n.ok("a silent session stays open for %s, through %d pings", short(stayed), pings.Load())
	case silence.Err() != nil:
		n.fault(fmt.Sprintf("no ping came in %s", short(stayed)), "something on the way holds frames back; or --heartbeat is longer here than at the nodes")
	case websocket.CloseStatus(err) != -1:
		n.fault(fmt.Sprintf("a silent session is closed after %s: %v", short(stayed), inWords(err)), "look into the log of the node")
	default:
		patience := stayed.Round(100 * time.Millisecond) // as it is set somewhere, not as it was measured
		n.fault(fmt.Sprintf("a silent session is cut off after %s", short(patience)),
			fmt.Sprintf("have the proxy wait for longer than the pings, which come every %s; nginx: proxy_read_timeout 86400s; HAProxy: timeout tunnel 1h", short(heartbeat)))
	}
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || err != nil && strings.EqualFold(host, "localhost")
}

// cut is the beginning of what a stranger said.
func cut(s string) string {
	return strings.ToValidUTF8(oneLine(s[:min(len(s), 200)]), "")
}
