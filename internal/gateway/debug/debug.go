package debug

import (
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/gateway"
)

// Viewer looks at what is shown.
type Viewer interface{ View() engine.View }

// Handler serves the page at /, what changes of it at /now, /view.json, /metrics, and
// /debug/pprof/.
func Handler(v Viewer, counters *prometheus.Registry, insiders gateway.Insiders) http.Handler {
	p := &page{looker: looker{viewer: v, counters: counters}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /now", p.now)
	mux.HandleFunc("GET /view.json", p.json)
	mux.Handle("GET /metrics", promhttp.HandlerFor(counters, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/cmdline", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "The command line is not shown: it may hold secrets.", http.StatusNotFound)
	})
	return guard(insiders, mux)
}

// guard lets insiders through, and no page of another origin.
func guard(insiders gateway.Insiders, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		switch {
		case !insiders.Has(r):
			http.Error(w, "This is for this machine alone, or for those who bring the bearer token of --metrics-token.", http.StatusForbidden)
		case !ownPage(r):
			http.Error(w, "A page of another site asked for this. Open it by its address.", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ownPage reports whether a request comes from no page, or from ours. Browsers say
// so (Fetch Metadata, §2.4), those that don't send an Origin where it matters. A link
// to the front page may be followed from anywhere: who set it sees nothing of it.
func ownPage(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	return r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// Server is an HTTP server for h. A profile takes as long as it was asked for, and its
// handler moves the deadline; nothing else does.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       15 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          gateway.ErrorLog(log),
		Protocols:         protocols,
	}
}
