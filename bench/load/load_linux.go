package load

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Config says whom to drive, and how.
type Config struct {
	Addr     string // host:port of the server
	PID      int    // the server's process, for its processor time and memory
	Sessions int    // in the one room
	Senders  int    // how many of them also send
	// Rate is how many messages are sent a second by all senders. At 0 each sender sends its next message when its
	// own comes back: saturation.
	Rate   float64
	Frame  int           // size on the wire of each delivery, in bytes
	Warmup time.Duration // before the window
	Window time.Duration // what is measured
}

func (c Config) check() error {
	switch {
	case c.Sessions < 1 || c.Sessions > 9999:
		return fmt.Errorf("sessions %d: want 1 to 9999", c.Sessions)
	case c.Senders < 1 || c.Senders > c.Sessions:
		return fmt.Errorf("senders %d: want 1 to the number of sessions, %d", c.Senders, c.Sessions)
	case c.Frame < minFrame || c.Frame > maxFrame || c.Frame == 128 || c.Frame == 129:
		// The header grows by two bytes between 127 and 130.
		return fmt.Errorf("frame %d: want %d to 127, or 130 to %d bytes", c.Frame, minFrame, maxFrame)
	case c.Rate < 0:
		return fmt.Errorf("rate %v: want 0 or more", c.Rate)
	case c.Window <= 0:
		return fmt.Errorf("window %v: want more than 0", c.Window)
	}
	return nil
}

// Result is what one run saw in its window.
type Result struct {
	Window     time.Duration `json:"window_ns"`
	Deliveries uint64        `json:"deliveries"` // at all sessions
	Messages   uint64        `json:"messages"`   // sent
	Reads      uint64        `json:"reads"`      // that brought the deliveries

	P50 time.Duration `json:"p50_ns"` // latency, over all deliveries
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`

	ServerCPU    time.Duration `json:"server_cpu_ns"`
	GeneratorCPU time.Duration `json:"generator_cpu_ns"`
	OtherCPU     time.Duration `json:"other_cpu_ns"` // of the rest of the machine: better none

	IdleRSS      int64 `json:"idle_rss_bytes"`      // before the first session
	ConnectedRSS int64 `json:"connected_rss_bytes"` // with all sessions, before the first joined
	LoadedRSS    int64 `json:"loaded_rss_bytes"`    // at the window's end

	Sessions int   `json:"sessions"`
	Limit    Limit `json:"limit"`
}

// Limit says what kept a run from being faster.
type Limit string

// The limits, in the order in which they are looked for.
const (
	LimitGenerator Limit = "generator" // its one core: the figures say nothing of the server
	LimitOthers    Limit = "others"    // the rest of the machine was busy: measure again
	LimitRate      Limit = "rate"      // the rate that was asked for
	LimitMachine   Limit = "machine"   // server and generator together use every core
	LimitServer    Limit = "server"    // cores are left that the server does not use
)

// DeliveriesPerSecond is the rate at which messages reached sessions.
func (r Result) DeliveriesPerSecond() float64 { return float64(r.Deliveries) / r.Window.Seconds() }

// MessagesPerSecond is the rate at which messages were sent.
func (r Result) MessagesPerSecond() float64 { return float64(r.Messages) / r.Window.Seconds() }

// CPUPerDelivery is the server's processor time for one delivery.
func (r Result) CPUPerDelivery() time.Duration {
	return r.ServerCPU / time.Duration(max(r.Deliveries, 1))
}

// BytesPerSession is the server's memory for a connected session that has not joined.
func (r Result) BytesPerSession() int64 { return (r.ConnectedRSS - r.IdleRSS) / int64(r.Sessions) }

func (r Result) limit(rate float64) Limit {
	cores := func(d time.Duration) float64 { return d.Seconds() / r.Window.Seconds() }
	switch {
	case cores(r.GeneratorCPU) > 0.9:
		return LimitGenerator
	case cores(r.OtherCPU) > 0.2:
		return LimitOthers
	case rate > 0 && r.MessagesPerSecond() > 0.99*rate:
		return LimitRate
	case cores(r.GeneratorCPU+r.ServerCPU) > 0.95*float64(runtime.NumCPU()):
		return LimitMachine
	default:
		return LimitServer
	}
}

// Run connects the sessions, lets them join one room, and measures. It fails when the server breaks the dialect: a
// message lost, repeated, out of order, or of another size.
func Run(cfg Config) (res Result, err error) {
	if err := cfg.check(); err != nil {
		return Result{}, err
	}
	runtime.LockOSThread() // one thread is this loop's; the scheduler need not move it
	defer runtime.UnlockOSThread()

	res = Result{Sessions: cfg.Sessions}
	if res.IdleRSS, err = rssOf(cfg.PID); err != nil {
		return Result{}, err
	}
	l, err := newLoop(cfg)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.connect(); err != nil {
		return Result{}, err
	}
	if res.ConnectedRSS, err = rssOf(cfg.PID); err != nil {
		return Result{}, err
	}
	if err := l.join(); err != nil {
		return Result{}, err
	}
	if err := l.measure(&res); err != nil {
		return Result{}, err
	}
	res.Limit = res.limit(cfg.Rate)
	return res, nil
}
