package node

import (
	"log/slog"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/protocol/schema"
	"github.com/parley-chat/parley/web"
)

// newDoor makes the gateway that the settings ask for.
func newDoor(cfg config.Serve, e *engine.Engine, passes *auth.Passes, log *slog.Logger, m *metrics.Metrics) (*gateway.Gateway, error) {
	verifier, err := auth.New(auth.Config{
		Secret:   cfg.JWTSecret,
		Key:      cfg.JWTKey,
		JWKSURL:  cfg.JWTJWKS,
		Audience: cfg.JWTAudience,
		Issuer:   cfg.JWTIssuer,
		Log:      log,
	})
	if err != nil {
		return nil, err
	}
	return gateway.New(gateway.Config{
		Sessions:       e,
		Commands:       e,
		Passes:         passes,
		Verifier:       verifier,
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
