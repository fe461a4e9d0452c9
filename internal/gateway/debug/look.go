package debug

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parley-chat/parley/internal/engine"
)

// Snapshot is what is shown: rates are over the time since the look before.
type Snapshot struct {
	At     time.Time   `json:"at"`
	Node   Node        `json:"node"`
	Go     Go          `json:"go"`
	Engine engine.View `json:"engine"`
}

// Node is the node's counters, and what the system knows of its process.
type Node struct {
	Events     float64 `json:"events_per_s"`
	Deliveries float64 `json:"deliveries_per_s"`
	Writes     float64 `json:"writes_per_s"`
	Median     float64 `json:"delivery_p50_ms"` // from an event's append to its handing to a socket
	Late       float64 `json:"delivery_p99_ms"`
	ColdReads  float64 `json:"cold_reads_per_s"`
	Refusals   float64 `json:"refusals_per_s"`
	Closes     float64 `json:"closes_per_s"`
	CPU        float64 `json:"cpu"` // cores
	Resident   float64 `json:"resident_bytes"`
	Files      float64 `json:"open_files"`
}

// Go is Go's runtime.
type Go struct {
	Goroutines  int     `json:"goroutines"`
	Cores       int     `json:"cores"`
	Heap        uint64  `json:"heap_bytes"` // of objects, dead ones too
	Live        uint64  `json:"live_bytes"` // after the last collection
	Goal        uint64  `json:"goal_bytes"` // at which the next one begins
	Collections float64 `json:"gc_per_s"`
	GC          float64 `json:"gc_cpu"`           // cores
	Pause       float64 `json:"gc_pause_ms"`      // the longest, about
	Waits       float64 `json:"core_wait_p99_ms"` // of goroutines that could run, for a core
}

// looker looks once for all who ask in a moment.
type looker struct {
	viewer   Viewer
	counters *prometheus.Registry

	mu      sync.Mutex
	last    Snapshot
	numbers numbers // at the last look
	runtime runtimeNumbers
	past    []moment // oldest first
}

// moment is what is drawn of the past.
type moment struct{ Sessions, Events, Deliveries, Late, CPU, Memory float64 }

const (
	sameMoment = 250 * time.Millisecond
	longAgo    = 5 * time.Second
	maxPast    = 60
)

func (l *looker) look() (Snapshot, []moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.last.At) < sameMoment {
		return l.last, l.past
	}
	if time.Since(l.last.At) > longAgo {
		l.last, l.past = Snapshot{At: time.Now()}, nil
		l.numbers, l.runtime = read(l.counters), readRuntime()
	}
	s := Snapshot{Engine: l.viewer.View(), At: time.Now()} // takes a while where nobody has looked of late
	window := max(s.At.Sub(l.last.At), time.Millisecond).Seconds()
	now, goNow := read(l.counters), readRuntime()
	s.Node, s.Go = now.since(&l.numbers, window), goNow.since(&l.runtime, window)
	l.last, l.numbers, l.runtime = s, now, goNow
	this := moment{float64(s.Engine.Sessions), s.Node.Events, s.Node.Deliveries, s.Node.Late, s.Node.CPU, s.Node.Resident}
	l.past = slices.Concat(l.past[max(len(l.past)-maxPast+1, 0):], []moment{this}) // a new one: others may still draw theirs
	return s, l.past
}
