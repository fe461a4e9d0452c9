package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/engine"
	"github.com/parley-chat/parley/internal/gateway"
	"github.com/parley-chat/parley/internal/metrics"
	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/protocol"
)

// Node is one running server.
type Node struct {
	url     string
	store   store.Store
	engine  *engine.Engine
	retain  *retention
	gateway *gateway.Gateway
	server  *http.Server
	debug   *http.Server // nil for none
	failed  chan error
}

// Memory that the rooms' logs may hold: for one encoding of one room, and for all
// of them together, if Go's memory limit isn't so low that a quarter of it is less.
const (
	roomMemory = 8 << 20
	allMemory  = 512 << 20
)

// DrainTimeout is how long a node waits for its sessions to go.
const DrainTimeout = 9 * time.Second

// Start runs a node with settings that have been checked, and prints where it
// listens to stdout once it accepts connections. m counts what the node does.
func Start(cfg config.Serve, stdout io.Writer, log *slog.Logger, m *metrics.Metrics) (*Node, error) {
	logs, err := openStore(&cfg, log)
	if err != nil {
		return nil, err
	}
	n := &Node{store: logs, failed: make(chan error, 2)}
	keys, err := newKeys(cfg, logs.Secret(), log)
	if err != nil {
		return nil, errors.Join(err, n.store.Close())
	}
	others := newCluster(&cfg, logs, log)
	n.engine, err = engine.New(engine.Config{
		Store:     n.store,
		Metrics:   m,
		Log:       log,
		Rate:      room.Window{N: cfg.Rate.N, Per: cfg.Rate.Per},
		RateLabel: rateLabel(cfg.Rate),
		Heartbeat: cfg.Heartbeat,
		Spread:    cfg.Drain,
		Memory:    &roomlog.Budget{MemoryBytes: roomMemory, Total: min(allMemory, debug.SetMemoryLimit(-1)/4)},
		Pass:      issuer(cfg, keys.passes),
		Vouch:     keys.vouch,
		Transport: engine.Transport(cfg.Transport),
		Gather:    cfg.Gather,
		Cluster:   others,
	})
	if err != nil {
		return nil, errors.Join(err, n.store.Close())
	}
	showOthers(m, others)
	n.retain = startRetention(logs, cfg.Retain, log)
	if err := n.openDebug(cfg, log, m); err != nil {
		return nil, errors.Join(err, n.engine.Drain(context.Background()), n.closeStore())
	}
	if err := n.openDoor(cfg, keys, log, m); err != nil {
		return nil, errors.Join(err, n.engine.Drain(context.Background()), n.closeStore(), n.closeDebug())
	}
	fmt.Fprintf(stdout, "listening on %s\n", n.url)
	return n, nil
}

// issuer gives guests their passes, where guests may come in.
func issuer(cfg config.Serve, passes *auth.Passes) func(protocol.User) string {
	if !cfg.Guests() {
		return nil
	}
	return func(u protocol.User) string { return passes.Issue(u, time.Now()) }
}

// openDoor makes the gateway and listens.
func (n *Node) openDoor(cfg config.Serve, k keys, log *slog.Logger, m *metrics.Metrics) error {
	var err error
	if n.gateway, err = newDoor(cfg, n.engine, k, log, m); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w%s", cfg.Listen, err, listenHint(err))
	}
	n.url = urlOf("http", cfg.Listen, listener)
	listener = n.gateway.Listener(listener)
	if cfg.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
		if err != nil {
			return errors.Join(fmt.Errorf("--tls-cert: %w", err), listener.Close())
		}
		n.url = urlOf("https", cfg.Listen, listener)
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}})
	}
	n.server = gateway.Server(n.gateway)
	go func() {
		if err := n.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			n.failed <- err
		}
	}()
	return nil
}

// listenHint is what a person can do about an address that can't be had.
func listenHint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return ": stop what listens there, or choose another port"
	case errors.Is(err, syscall.EACCES):
		return ": ports below 1024 are for root; choose a higher one"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return ": choose an address of this machine"
	}
	return ""
}

// urlOf names the host as it was asked for, and the port that was got.
func urlOf(scheme, asked string, l net.Listener) string {
	host, _, _ := net.SplitHostPort(asked)
	got, port, _ := net.SplitHostPort(l.Addr().String())
	if host == "" {
		host = got
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// rateLabel is the rate as the refusal names it: 10 msgs/10s.
func rateLabel(r config.Rate) string {
	return strings.Replace(r.String(), "/", " msgs/", 1)
}

// URL is where the node listens.
func (n *Node) URL() string { return n.url }

// Failed gives the error that ended the listener, if one does.
func (n *Node) Failed() <-chan error { return n.failed }

// Drain turns newcomers away, ends every session with close code 1001, over the time of
// --drain, and stops.
// The listener stays for /readyz until the sessions are gone, and the debug listener
// to the end. What has not gone when ctx ends is cut off, and ctx's error returned.
func (n *Node) Drain(ctx context.Context) error {
	n.gateway.Drain()
	err := n.engine.Drain(ctx)
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	_ = n.server.Shutdown(ctx) // what it leaves, Close takes
	return errors.Join(err, n.server.Close(), n.closeStore(), n.closeDebug())
}

// answerTimeout is for the last answers to requests, which have been made by then.
const answerTimeout = 500 * time.Millisecond

func (n *Node) closeStore() error {
	n.retain.end()
	return n.store.Close()
}
