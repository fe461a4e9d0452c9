package gateway

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// identify says who a request is of: a guest where nobody needs a token, else
// whom the token speaks of.
func (g *Gateway) identify(r *http.Request) (auth.Identity, *refusal) {
	if g.verifier == nil {
		return auth.NewGuest(room.DefaultName), nil
	}
	token := g.token(r)
	if token == "" {
		return auth.Identity{}, unauthenticated("A token is needed: ?token=…, Authorization: Bearer …, the cookie " + cookieName +
			", or the subprotocol " + tokenPrefix + "….")
	}
	who, err := g.verifier.Verify(r.Context(), token)
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		// Not a 401: nobody has to sign in again for it.
		why := &refusal{code: protocol.CodeUnavailable, status: http.StatusServiceUnavailable, text: "The token can't be checked now. Try again."}
		return auth.Identity{}, why.with("Retry-After", "30")
	case err != nil:
		return auth.Identity{}, unauthenticated("The token does not hold: " + err.Error() + ".")
	}
	return who, nil
}

func unauthenticated(text string) *refusal {
	why := &refusal{code: protocol.CodeUnauthenticated, status: http.StatusUnauthorized, text: text, log: text}
	return why.with("WWW-Authenticate", "Bearer")
}

const cookieName = "parley_token"

// token is what a request brings, from the place that is hardest to bring by
// accident to the one that a browser fills by itself: header, subprotocol, query,
// cookie. The first that is there counts, even if it doesn't hold.
func (g *Gateway) token(r *http.Request) string {
	if token := bearer(r); token != "" {
		return token
	}
	if entry, _ := tokenEntry(r); entry != tokenPrefix && entry != "" {
		return strings.TrimPrefix(entry, tokenPrefix)
	}
	if token := r.URL.Query().Get("token"); token != "" {
		return token
	}
	if cookie, err := r.Cookie(cookieName); err == nil && g.origins.exactlyOurs(r) {
		return cookie.Value
	}
	return ""
}

// bearer is the token of the Authorization header; empty for another scheme's,
// which a proxy in front may have asked for.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// whoami tells a page why its upgrade was refused, which the browser hides.
func (g *Gateway) whoami(w http.ResponseWriter, r *http.Request) {
	who, why := g.ask(w, r)
	switch {
	case why != nil:
		g.refuseJSON(w, r, why)
		return
	case r.Method == http.MethodOptions: // of a page of another origin: may it ask at all?
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization")
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST, OPTIONS")
		http.Error(w, "Want a POST.", http.StatusMethodNotAllowed)
		return
	}
	type user struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Role string `json:"role"`
	}
	writeJSON(w, http.StatusOK, struct {
		User user `json:"user"`
	}{user{who.User, who.Name, who.Role}})
}

// ask is whoami's way through the checks of an upgrade: it takes its place in the
// crowd, so that nobody tries tokens faster here, and gives it back at once.
func (g *Gateway) ask(w http.ResponseWriter, r *http.Request) (who auth.Identity, why *refusal) {
	place, why := g.crowd.enter(g.client(r), time.Now())
	if why != nil {
		return who, why
	}
	defer place.leave()
	if why = g.origins.check(r); why != nil {
		return who, why
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Add("Vary", "Origin")
	}
	if r.Method != http.MethodPost {
		return who, nil
	}
	return g.identify(r)
}
