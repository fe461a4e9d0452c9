package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/protocol/schema"
	"github.com/parley-chat/parley/web"
)

// keys are what tokens and passes are checked with.
type keys struct {
	verifier auth.Verifier // nil: guests come in, with their passes
	passes   *auth.Passes
}

func newKeys(cfg config.Serve, secret []byte, log *slog.Logger) (keys, error) {
	verifier, err := auth.New(auth.Config{
		Secret:   cfg.JWTSecret,
		Key:      cfg.JWTKey,
		JWKSURL:  cfg.JWTJWKS,
		Audience: cfg.JWTAudience,
		Issuer:   cfg.JWTIssuer,
		Log:      log,
	})
	return keys{verifier, auth.NewPasses(secret)}, err
}

// vouch says whom a token or a pass speaks of.
func (k keys) vouch(ctx context.Context, token string) (auth.Identity, error) {
	if k.verifier == nil {
		return k.passes.Verify(token, time.Now())
	}
	return k.verifier.Verify(ctx, token)
}

// newDoor makes the gateway that the settings ask for.
func newDoor(cfg config.Serve, e *engine.Engine, k keys, log *slog.Logger, m *metrics.Metrics) (*gateway.Gateway, error) {
	return gateway.New(gateway.Config{
		Sessions:       e,
		Commands:       e,
		Others:         e,
		Passes:         k.passes,
		Verifier:       k.verifier,
		Revoked:        e.Revoked,
		Metrics:        m,
		Log:            log,
		Page:           web.Handler(),
		Contract:       schema.Handler(),
		Listen:         cfg.Listen,
		PublicURL:      cfg.PublicURL,
		AllowOrigins:   cfg.AllowOrigins,
		TrustedProxies: cfg.TrustedProxies,
		MetricsToken:   cfg.MetricsToken,
		Busy:           e.Busy,
	})
}
