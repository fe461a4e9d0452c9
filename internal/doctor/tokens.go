package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/parley-chat/parley/internal/auth"
)

// tokens looks at what tokens are checked with, and at the certificate that they come by.
func (x *examination) tokens(ctx context.Context) {
	if !x.Local {
		return
	}
	s, n := &x.Settings, x.of(Tokens)
	x.ownCertificate()
	if s.Guests() {
		n.ok("no tokens are asked for: guests are let in")
		return
	}
	if s.JWTJWKS == "" {
		n.ok("tokens are checked with a key of the settings")
		return
	}
	x.doing("the keys of --jwt-jwks")
	methods, err := auth.Published(ctx, s.JWTJWKS)
	switch {
	case err != nil:
		n.fault(fmt.Sprintf("the keys of --jwt-jwks can't be fetched: %v", inWords(err)), "nobody comes in whose token they would vouch for: is the URL right, and may this machine ask there?")
	case len(methods) == 0:
		n.fault("the key set of --jwt-jwks holds no key that is of use", "want RS256 of 2048 bits or more, ES256 or EdDSA, for signatures")
	default:
		n.ok("the key set of --jwt-jwks holds %s", strings.Join(methods, ", "))
	}
	if s.JWTAudience == "" && s.JWTIssuer != "" {
		n.warn("--jwt-audience is not given: a token that the issuer made for another application is let in", "--jwt-audience with this one's name there")
	}
}
