package gateway

import (
	"net/http"
	"strings"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/protocol"
)

// identify says who a request is of: a guest where nobody needs a token, else
// whom the token speaks of.
func (g *Gateway) identify(r *http.Request) (auth.Identity, *refusal) {
	if g.verifier == nil {
		return auth.Identity{}, nil
	}
	token := g.token(r)
	if token == "" {
		return auth.Identity{}, unauthenticated("A token is needed: ?token=…, Authorization: Bearer …, the cookie " + cookieName +
			", or the subprotocol " + tokenPrefix + "….")
	}
	who, err := g.verifier.Verify(r.Context(), token)
	if err != nil {
		return auth.Identity{}, unauthenticated("The token does not hold: " + err.Error() + ".")
	}
	return who, nil
}

func unauthenticated(text string) *refusal {
	return &refusal{code: protocol.CodeUnauthenticated, status: http.StatusUnauthorized, text: text,
		header: map[string]string{"WWW-Authenticate": "Bearer"}}
}

const cookieName = "parley_token"

// token is what a request brings, from the place that is hardest to bring by
// accident to the one that a browser fills by itself: header, subprotocol, query,
// cookie. The first that is there counts, even if it doesn't hold.
func (g *Gateway) token(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if entry, ok := tokenEntry(r); ok {
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

// whoami tells a page why its upgrade was refused, which the browser hides.
func (g *Gateway) whoami(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "Want a POST.", http.StatusMethodNotAllowed)
		return
	}
	why := g.origins.check(r)
	var who auth.Identity
	if why == nil {
		who, why = g.identify(r)
	}
	if why != nil {
		g.refuseJSON(w, why)
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
