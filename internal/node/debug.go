package node

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/internal/gateway/debug"
	"github.com/parley-chat/parley/internal/metrics"
)

// openDebug listens where the settings want to see what the node does.
func (n *Node) openDebug(cfg config.Serve, log *slog.Logger, m *metrics.Metrics) error {
	if cfg.DebugListen == "" {
		return nil
	}
	listener, err := net.Listen("tcp", cfg.DebugListen)
	if err != nil {
		return fmt.Errorf("--debug-listen %s: %w%s", cfg.DebugListen, err, listenHint(err))
	}
	n.debug = debug.Server(debug.Handler(n.engine, m.Registry, gateway.NewInsiders(cfg.DebugListen, cfg.MetricsToken)), log)
	log.Info("what the node does is shown", "url", urlOf("http", cfg.DebugListen, listener)+"/")
	go func() {
		if err := n.debug.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			n.failed <- err
		}
	}()
	return nil
}

// closeDebug hangs up on whoever still looks.
func (n *Node) closeDebug() error {
	if n.debug == nil {
		return nil
	}
	return n.debug.Close()
}
