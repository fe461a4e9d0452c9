package gateway

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// Insiders are those who may see how a node does: whoever is on this machine, with
// nothing in between (no proxy, and no page whose name was made to point here), or
// has the token.
type Insiders struct {
	listenHost string
	token      string
}

// NewInsiders takes where the node listens, as it was asked for, and the token; none
// if it is empty.
func NewInsiders(listen, token string) Insiders { return Insiders{hostOf(listen), token} }

// Has reports whether a request comes from one of them.
func (in Insiders) Has(r *http.Request) bool {
	return direct(r) && goesBy(hostOf(r.Host), in.listenHost) || in.hasToken(r)
}

func (in Insiders) hasToken(r *http.Request) bool {
	return in.token != "" && subtle.ConstantTimeCompare([]byte(bearer(r)), []byte(in.token)) == 1
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
