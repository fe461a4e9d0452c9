// Package metrics holds the node's counters, in Prometheus's form.
package metrics

import (
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/parley-chat/parley/protocol"
)

// Metrics are the counters of one node. Every label value is registered at
// start, so that a counter which never rose reads 0 and not nothing.
type Metrics struct {
	Registry   *prometheus.Registry
	Sessions   prometheus.Gauge   // live connections
	Rooms      prometheus.Gauge   // rooms with at least one session
	Events     prometheus.Counter // events appended to a log
	Deliveries prometheus.Counter // frames of a room handed to a socket
	Writes     prometheus.Counter // writes to sockets; Deliveries ÷ Writes is the batch
	Delivery   *Delays            // from an event's append to its handing to a socket
	ColdReads  prometheus.Counter // pages that slow readers got from the store
	Slowed     prometheus.Counter // times that a sender was slowed for its room's readers or the store
	Handshakes prometheus.Gauge   // that wait at the door
	LogDropped prometheus.Counter // log lines dropped because nobody read them
	Polls      prometheus.Counter // questions to the store about what other nodes wrote

	clusters *clusters
	build    *prometheus.GaugeVec
	version  atomic.Value // a string
	commands *prometheus.CounterVec
	refusals map[protocol.Code]prometheus.Counter
	closes   map[protocol.CloseCode]prometheus.Counter
	byClient prometheus.Counter
}

// New makes the counters and a registry of their own.
func New() *Metrics {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		reg.MustRegister(g)
		return g
	}
	m := &Metrics{
		Registry:   reg,
		Sessions:   gauge("parley_sessions", "Live connections."),
		Rooms:      gauge("parley_rooms", "Rooms with at least one session."),
		Events:     counter("parley_events_total", "Events appended to a room's log."),
		Deliveries: counter("parley_deliveries_total", "Frames of a room handed to a session's socket."),
		Writes:     counter("parley_writes_total", "Writes to sockets."),
		ColdReads:  counter("parley_cold_reads_total", "Pages of a room's log asked of the store for readers that memory was not enough for."),
		Slowed:     counter("parley_senders_slowed_total", "Times that a sender wasn't read from for a while because its room's readers, or the store, were behind."),
		Handshakes: gauge("parley_handshakes_waiting", "Handshakes that wait at the door for those before them."),
		LogDropped: counter("parley_log_lines_dropped_total", "Log lines dropped because their reader did not keep up."),
		Delivery: newDelays("parley_delivery_seconds",
			"From an event's append to its handing to a session's socket, for the oldest event of each write."),
		Polls:    counter("parley_store_polls_total", "Questions to the store about what other nodes have written: many while the broker is away."),
		clusters: newClusters(),
		refusals: map[protocol.Code]prometheus.Counter{},
		closes:   map[protocol.CloseCode]prometheus.Counter{},
	}
	closes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_closes_total", Help: "Sessions ended, by close code; 0 is without a close frame; client is for those that the client closed."}, []string{"code"})
	refusals := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_refusals_total", Help: "Commands and handshakes refused, by reason."}, []string{"reason"})
	m.commands = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_http_commands_total", Help: "Commands that came as POST /api/v1/COMMAND, by what became of them: ok, or why not."}, []string{"command", "outcome"})
	m.build = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "parley_build_info", Help: "1, with the version that runs."}, []string{"version"})
	reg.MustRegister(m.Delivery, m.clusters, m.build, m.commands, refusals, closes)
	m.Runs("unknown")
	for _, c := range protocol.Commands() {
		if c.Reach == protocol.Everywhere {
			m.registerCommand(&c)
		}
	}
	for _, code := range protocol.Codes() {
		m.refusals[code] = refusals.WithLabelValues(string(code))
	}
	for _, code := range append(protocol.CloseCodes(), 0) {
		m.closes[code] = closes.WithLabelValues(strconv.Itoa(int(code)))
	}
	m.byClient = closes.WithLabelValues("client")
	return m
}

// Runs says which version the node is of.
func (m *Metrics) Runs(version string) {
	m.version.Store(version)
	m.build.Reset()
	m.build.WithLabelValues(version).Set(1)
}

// Version is what Runs said last.
func (m *Metrics) Version() string { return m.version.Load().(string) }

func (m *Metrics) registerCommand(c *protocol.Command) {
	m.commands.WithLabelValues(c.Name, "ok")
	for _, code := range slices.Concat(c.Codes, protocol.CommonCodes(), []protocol.Code{protocol.CodeUnauthenticated, protocol.CodeTooLarge}) {
		m.commands.WithLabelValues(c.Name, string(code))
	}
}

// Called counts one command of HTTP: its outcome is "ok" or a code.
func (m *Metrics) Called(command, outcome string) { m.commands.WithLabelValues(command, outcome).Inc() }

// Refused counts one refusal.
func (m *Metrics) Refused(code protocol.Code) { m.refusals[code].Inc() }

// Closed counts one session that we ended with code, 0 for none.
func (m *Metrics) Closed(code protocol.CloseCode) { m.closes[code].Inc() }

// ClosedByClient counts one session that its client ended with a close frame.
func (m *Metrics) ClosedByClient() { m.byClient.Inc() }
