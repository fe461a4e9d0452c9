package gateway

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// showMetrics answers insiders.
func (g *Gateway) showMetrics(w http.ResponseWriter, r *http.Request) {
	if !g.insiders.Has(r) {
		http.Error(w, "The metrics are for this machine alone, or for those who bring the bearer token of --metrics-token.", http.StatusForbidden)
		return
	}
	promhttp.HandlerFor(g.metrics.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}
