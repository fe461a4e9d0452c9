package gateway

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// showMetrics answers whoever is on this machine, with nothing in between (no
// proxy, and no page whose name was made to point here), or has the token.
func (g *Gateway) showMetrics(w http.ResponseWriter, r *http.Request) {
	if !(direct(r) && g.origins.knows(hostOf(r.Host))) && !g.hasMetricsToken(r) {
		http.Error(w, "The metrics are for this machine alone, or for those who bring the bearer token of --metrics-token.", http.StatusForbidden)
		return
	}
	promhttp.HandlerFor(g.metrics.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// direct reports whether a request comes from this machine, and no header says
// that somebody stands between us and the client.
func direct(r *http.Request) bool {
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return false
		}
	}
	return peer(r).IsLoopback()
}

func (g *Gateway) hasMetricsToken(r *http.Request) bool {
	token := bearer(r)
	return g.metricsToken != "" && subtle.ConstantTimeCompare([]byte(token), []byte(g.metricsToken)) == 1
}
