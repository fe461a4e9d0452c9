package debug

import (
	"math"
	"runtime"
	"runtime/metrics"

	"github.com/prometheus/client_golang/prometheus"
)

// numbers are the node's counters at one moment, by name; those with labels are
// added up.
type numbers struct {
	of       map[string]float64
	delivery histogram
}

// histogram counts what was not above each bound, and above the one before.
type histogram struct {
	bounds []float64
	counts []uint64
}

func read(r *prometheus.Registry) numbers {
	n := numbers{of: map[string]float64{}}
	families, _ := r.Gather() // what could be gathered is there, beside an error
	for _, f := range families {
		for _, m := range f.GetMetric() {
			n.of[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		if f.GetName() != "parley_delivery_seconds" {
			continue
		}
		before := uint64(0)
		for _, b := range f.GetMetric()[0].GetHistogram().GetBucket() {
			n.delivery.bounds = append(n.delivery.bounds, b.GetUpperBound())
			n.delivery.counts = append(n.delivery.counts, b.GetCumulativeCount()-before)
			before = b.GetCumulativeCount()
		}
	}
	return n
}

func (n *numbers) since(before *numbers, window float64) Node {
	rate := func(name string) float64 { return (n.of[name] - before.of[name]) / window }
	delivery := n.delivery.since(&before.delivery)
	return Node{
		Events:     rate("parley_events_total"),
		Deliveries: rate("parley_deliveries_total"),
		Writes:     rate("parley_writes_total"),
		Median:     1000 * delivery.quantile(0.5),
		Late:       1000 * delivery.quantile(0.99),
		ColdReads:  rate("parley_cold_reads_total"),
		Refusals:   rate("parley_refusals_total"),
		Closes:     rate("parley_closes_total"),
		CPU:        rate("process_cpu_seconds_total"),
		Resident:   n.of["process_resident_memory_bytes"],
		Files:      n.of["process_open_fds"],
	}
}

func (h *histogram) since(before *histogram) histogram {
	d := histogram{bounds: h.bounds, counts: append([]uint64(nil), h.counts...)}
	for i := range min(len(d.counts), len(before.counts)) {
		d.counts[i] -= before.counts[i]
	}
	return d
}

// quantile is the value that a share q of all is not above; 0 of nothing. Within a
// bucket they are taken to be spread evenly.
func (h *histogram) quantile(q float64) float64 {
	total := uint64(0)
	for _, n := range h.counts {
		total += n
	}
	if total == 0 {
		return 0
	}
	rank := q * float64(total)
	low := 0.0
	for i, n := range h.counts {
		if float64(n) >= rank && n > 0 {
			high := h.bounds[i]
			if math.IsInf(high, 1) {
				return low
			}
			return low + (high-low)*rank/float64(n)
		}
		rank -= float64(n)
		low = max(h.bounds[i], 0)
	}
	return low
}

// Names of runtime/metrics.
const (
	heapObjects = "/memory/classes/heap/objects:bytes"
	heapLive    = "/gc/heap/live:bytes"
	heapGoal    = "/gc/heap/goal:bytes"
	gcCycles    = "/gc/cycles/total:gc-cycles"
	gcCPU       = "/cpu/classes/gc/total:cpu-seconds"
	gcPauses    = "/sched/pauses/total/gc:seconds"
	coreWaits   = "/sched/latencies:seconds"
)

// runtimeNumbers are the runtime's at one moment.
type runtimeNumbers struct {
	counts map[string]uint64
	gcCPU  float64
	pauses histogram
	waits  histogram
}

func readRuntime() runtimeNumbers {
	samples := []metrics.Sample{{Name: heapObjects}, {Name: heapLive}, {Name: heapGoal}, {Name: gcCycles}, {Name: gcCPU}, {Name: gcPauses}, {Name: coreWaits}}
	metrics.Read(samples)
	n := runtimeNumbers{counts: map[string]uint64{}}
	for _, s := range samples {
		switch s.Value.Kind() {
		case metrics.KindUint64:
			n.counts[s.Name] = s.Value.Uint64()
		case metrics.KindFloat64:
			n.gcCPU = s.Value.Float64()
		case metrics.KindFloat64Histogram:
			h := s.Value.Float64Histogram()
			own := histogram{bounds: h.Buckets[1:], counts: append([]uint64(nil), h.Counts...)}
			if s.Name == gcPauses {
				n.pauses = own
			} else {
				n.waits = own
			}
		case metrics.KindBad: // another version of Go: it stays at 0
		}
	}
	return n
}

func (n *runtimeNumbers) since(before *runtimeNumbers, window float64) Go {
	pauses, waits := n.pauses.since(&before.pauses), n.waits.since(&before.waits)
	return Go{
		Goroutines:  runtime.NumGoroutine(),
		Cores:       runtime.GOMAXPROCS(0),
		Heap:        n.counts[heapObjects],
		Live:        n.counts[heapLive],
		Goal:        n.counts[heapGoal],
		Collections: float64(n.counts[gcCycles]-before.counts[gcCycles]) / window,
		GC:          (n.gcCPU - before.gcCPU) / window,
		Pause:       1000 * pauses.quantile(1),
		Waits:       1000 * waits.quantile(0.99),
	}
}
