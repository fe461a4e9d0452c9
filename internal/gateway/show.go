package gateway

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// forwarding headers say that somebody stands between us and the client.
var forwarding = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}

// showMetrics answers whoever is on this machine, with nothing in between (no
// proxy, and no page whose name was made to point here), or has the token.
func (g *Gateway) showMetrics(w http.ResponseWriter, r *http.Request) {
	if !(direct(r) && g.origins.knows(hostOf(r.Host))) && !g.hasMetricsToken(r) {
		http.Error(w, "The metrics are for this machine alone, or for those who bring the bearer token of --metrics-token.", http.StatusForbidden)
		return
	}
	promhttp.HandlerFor(g.metrics.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

func direct(r *http.Request) bool {
	proxied := slices.ContainsFunc(forwarding, func(name string) bool { return len(r.Header.Values(name)) > 0 })
	return !proxied && peer(r).IsLoopback()
}

func (g *Gateway) hasMetricsToken(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && g.metricsToken != "" && subtle.ConstantTimeCompare([]byte(token), []byte(g.metricsToken)) == 1
}
