package gateway

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// comesIn says who a session is of: a guest of parley.v1 under the name that the
// upgrade asks for.
func (g *Gateway) comesIn(r *http.Request, dialect protocol.Dialect) (auth.Identity, *refusal) {
	who, why := g.somebody(r)
	name := r.URL.Query().Get("name")
	if why != nil || !who.Guest || name == "" || dialect == protocol.Tutorial {
		return who, why
	}
	name, err := room.CleanName(name)
	if err != nil {
		return who, &refusal{code: protocol.CodeInvalidName, status: protocol.CodeInvalidName.HTTPStatus(),
			text: "Want 1 to 40 visible characters as ?name=…."}
	}
	who.Name = name
	return who, nil
}

// somebody says who a request is of; a guest whom no pass tells is a new one.
func (g *Gateway) somebody(r *http.Request) (auth.Identity, *refusal) {
	who, why := g.identify(r)
	if why == nil && who.User == "" {
		who = auth.NewGuest(room.DefaultName)
	}
	return who, why
}

// identify says whom a request's token or pass speaks of. Where nobody needs a
// token and there is no pass, it is a guest without an id.
func (g *Gateway) identify(r *http.Request) (auth.Identity, *refusal) {
	if g.verifier == nil {
		return g.guest(r)
	}
	tokens := g.tokens(r)
	if len(tokens) == 0 {
		return auth.Identity{}, unauthenticated("A token is needed: ?token=…, Authorization: Bearer …, the cookie " + cookieName +
			", or the subprotocol " + tokenPrefix + "….")
	}
	if auth.IsPass(tokens[0]) {
		return auth.Identity{}, unauthenticated("A token is needed: this server has no guests, and takes no pass.")
	}
	who, err := g.verifier.Verify(r.Context(), tokens[0])
	switch {
	case errors.Is(err, auth.ErrUnavailable):
		// Not a 401: nobody has to sign in again for it.
		return auth.Identity{}, &refusal{code: protocol.CodeUnavailable, status: http.StatusServiceUnavailable, retry: 30 * time.Second,
			text: "The token can't be checked now. Try again."}
	case err != nil:
		return auth.Identity{}, unauthenticated("The token does not hold: " + err.Error() + ".")
	case g.revoked(&who):
		return auth.Identity{}, unauthenticated("The token does not hold: it was revoked.")
	}
	return who, nil
}

// guest is whom a pass was issued to: that of ?pass=, or one that stands where a
// token may. Whatever else stands there nobody asked for.
func (g *Gateway) guest(r *http.Request) (auth.Identity, *refusal) {
	passes := slices.DeleteFunc(g.tokens(r), func(token string) bool { return !auth.IsPass(token) })
	if pass := r.URL.Query().Get("pass"); pass != "" {
		passes = []string{pass}
	}
	if len(passes) == 0 {
		return auth.Identity{Guest: true}, nil
	}
	who, err := g.passes.Verify(passes[0], time.Now())
	if err == nil && g.revoked(&who) {
		err = errRevoked
	}
	if err != nil {
		return auth.Identity{}, unauthenticated("The pass does not hold: " + err.Error() + ". Without one, you come in as a new guest.")
	}
	return who, nil
}

var errRevoked = errors.New("it was revoked")

func unauthenticated(text string) *refusal {
	why := &refusal{code: protocol.CodeUnauthenticated, status: http.StatusUnauthorized, text: text, log: text}
	return why.with("WWW-Authenticate", "Bearer")
}

const cookieName = "parley_token"

// tokens is what a request brings, from the place that is hardest to bring by
// accident to the one that a browser fills by itself: header, subprotocol, query,
// cookie. The first that is there counts, even if it doesn't hold.
func (g *Gateway) tokens(r *http.Request) []string {
	entry, _ := tokenEntry(r)
	tokens := []string{bearer(r), strings.TrimPrefix(entry, tokenPrefix), r.URL.Query().Get("token")}
	if cookie, err := r.Cookie(cookieName); err == nil && g.origins.exactlyOurs(r) {
		tokens = append(tokens, cookie.Value)
	}
	return slices.DeleteFunc(tokens, func(token string) bool { return token == "" })
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
