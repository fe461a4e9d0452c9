package gateway

import (
	"net/http"

	"github.com/parley-chat/parley/protocol"
)

// post makes a route of /api/v1 of do. What is asked for there passes the checks
// of an upgrade, and holds a place in the crowd until it is answered, so that
// nobody tries tokens or says things faster here.
func (g *Gateway) post(do func(r *http.Request) (answer []byte, why *refusal)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// First of all, so that a page may read why it is refused.
		forbidden := g.origins.check(r, protocol.V1)
		if origin := r.Header.Get("Origin"); origin != "" && forbidden == nil {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Add("Vary", "Origin")
		}
		place, why := g.enter(g.client(r))
		if why != nil {
			g.refuseJSON(w, r, why)
			return
		}
		defer place.leave()
		if forbidden != nil {
			g.refuseJSON(w, r, forbidden)
			return
		}
		switch r.Method {
		case http.MethodOptions: // of a page of another origin: may it ask at all?
			w.Header().Set("Access-Control-Allow-Methods", "POST")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			w.WriteHeader(http.StatusNoContent)
		case http.MethodPost:
			r.Body = http.MaxBytesReader(w, r.Body, protocol.MaxMessageBytes)
			answer, why := do(r)
			if why != nil {
				g.refuseJSON(w, r, why)
				return
			}
			writeJSON(w, http.StatusOK, answer)
		default:
			w.Header().Set("Allow", "POST, OPTIONS")
			http.Error(w, "Want a POST.", http.StatusMethodNotAllowed)
		}
	}
}

// whoami tells a page why its upgrade was refused, which the browser hides. A
// guest without a pass has no id and no name yet.
func (g *Gateway) whoami(r *http.Request) ([]byte, *refusal) {
	who, why := g.identify(r)
	if why != nil {
		return nil, why
	}
	type user struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Role string `json:"role"`
	}
	return inJSON(struct {
		User user `json:"user"`
	}{user{who.User, who.Name, who.Role}}), nil
}
