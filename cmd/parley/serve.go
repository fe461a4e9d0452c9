package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/logging"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/node"
)

// lastLines is how long the log's reader gets for what it has not read yet.
const lastLines = 500 * time.Millisecond

type serveCommand struct{ config.Flags }

// Help is printed by kong.
func (serveCommand) Help() string {
	return `Prints "listening on http://HOST:PORT" to standard output once it accepts connections, and logs
to standard error. SIGTERM or Ctrl-C lets the sessions go and ends it, within 10 s; a second one
ends it at once. Each flag is also an environment variable and a key of the settings file; a flag
beats a variable, which beats the file.

Examples:

    parley serve
    parley serve --listen :8080 --trusted-proxy 10.0.0.0/8 --public-url https://chat.example
    parley serve --retain 90d --retain lobby=7d
    parley serve --jwt-key @public.pem --jwt-audience chat
    parley serve --store @postgres-url --broker postgres
    parley serve --listen :443 --tls-cert chain.pem --tls-key key.pem
    PARLEY_RATE=off parley serve --config parley.toml`
}

func (c *serveCommand) run(s streams) int {
	settings, err := c.Settings()
	if err != nil {
		return usage(s, "serve", err)
	}
	// Somebody who read our output may be gone: that is no reason to stop.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)

	log, lines := logging.New(s.err, settings.LogFormat)
	defer lines.Close(lastLines)
	counters := metrics.New()
	counters.Runs(versionName())
	lines.CountDrops(counters.LogDropped)
	limit := keepMemoryLimit(os.DirFS("/"))

	n, err := node.Start(settings, s.out, log, counters)
	if err != nil {
		log.Error("could not start", "err", err)
		return exitFailed
	}
	introduce(log, settings, n.URL(), limit)
	return serve(n, log, signals)
}

// introduce says at the top of the log what runs here and what it promises.
func introduce(log *slog.Logger, s config.Serve, url string, memoryLimit int64) {
	who := "guests"
	if !s.Guests() {
		who = "only people with a token"
	}
	log.Info("parley is up", "version", versionName(), "url", url, "store", s.StoreName(), "broker", s.BrokerName(), "welcome", who, "rate", s.Rate.String())
	if memoryLimit > 0 {
		log.Info("keeping to the container's memory limit", "bytes", memoryLimit)
	}
	for _, warning := range s.Warnings() {
		log.Warn(warning)
	}
}

// serve waits for a signal, and lets the sessions go.
func serve(n *node.Node, log *slog.Logger, signals <-chan os.Signal) int {
	select {
	case err := <-n.Failed():
		log.Error("the listener failed", "err", err)
		return exitFailed
	case sig := <-signals:
		log.Info("draining: new sessions are turned away, and those here told to go", "signal", sig.String())
	}
	ctx, cancel := context.WithTimeout(context.Background(), node.DrainTimeout)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- n.Drain(ctx) }()
	select {
	case err := <-drained:
		if err != nil {
			log.Warn("not every session had gone", "err", err)
		}
		log.Info("parley is down")
		return exitOK
	case sig := <-signals:
		log.Warn("stopping at once", "signal", fmt.Sprint("a second ", sig))
		return exitFailed
	}
}
