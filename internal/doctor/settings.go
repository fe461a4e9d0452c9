package doctor

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// settings looks at what a node here would be started with.
func (x *examination) settings(context.Context) {
	n := x.of(Settings)
	if x.Wrong != nil {
		for line := range strings.Lines(x.Wrong.Error()) {
			n.fault(strings.TrimSuffix(line, "\n"), "a server doesn't start with it")
		}
	}
	if !x.Local {
		n.unknown("no settings are given, so only what can be seen from outside is looked at",
			"give the flags, variables or --config of the server, best on its machine")
		return
	}
	s := &x.Settings
	for _, warning := range s.Warnings() {
		n.warn(warning, "keep it only if that is meant")
	}
	x.together()
	if x.Wrong == nil {
		n.ok("a server starts with them: store %s, broker %s, listens on %s", s.StoreName(), s.BrokerName(), s.Listen)
	}
}

// together looks at what is right by itself, and not in company.
func (x *examination) together() {
	s, n := &x.Settings, x.of(Settings)
	if len(x.Nodes) > 1 && s.Store != "" && !s.Shared() {
		n.fault(fmt.Sprintf("%d nodes, and --store %s, which each has for itself", len(x.Nodes), s.StoreName()),
			"give all of them one --store: a postgres:// or redis:// URL")
	}
	if len(x.Nodes) > 1 && s.Shared() && s.Broker == "memory" {
		n.warn("several nodes without a broker between them ask the store what is new, which takes longer", "--broker postgres, or a redis:// URL")
	}
	behind := strings.HasPrefix(s.PublicURL, "https://") && s.TLSCert == ""
	if behind && len(s.TrustedProxies) == 0 {
		n.warn("--public-url is https and there is no --tls-cert, so a proxy is in front; without --trusted-proxy everybody has its address, and shares its limits",
			"--trusted-proxy with the proxy's address")
	}
	if host, _, _ := net.SplitHostPort(s.Listen); s.PublicURL == "" && s.Listen != "" && !near(host) {
		n.warn("--public-url is not given: a page that is opened by a name is refused", "--public-url with what people type, such as https://chat.example")
	}
}
