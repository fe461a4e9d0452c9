package load

import "time"

// Scenario is what the sessions of a run do.
type Scenario string

// The scenarios.
const (
	Fanout  Scenario = "fanout"  // one room in which all hear what a few say
	Rooms   Scenario = "rooms"   // many rooms, somebody speaks in each
	Idle    Scenario = "idle"    // sessions that only keep their connection alive
	Storm   Scenario = "storm"   // most are cut off at once and come back, while the others go on
	Slow    Scenario = "slow"    // fanout, while some stop reading for a while
	History Scenario = "history" // pages of a room's history, read by many
)

// Result is what one run saw: of its window, where not said otherwise.
type Result struct {
	Scenario Scenario `json:"scenario"`
	Server   string   `json:"server"` // as the report calls it
	Wire     string   `json:"wire"`   // tutorial, parley.v1, …
	Nodes    int      `json:"nodes"`  // that the sessions are spread over; 0 is 1
	Sessions int      `json:"sessions"`
	Rooms    int      `json:"rooms"`
	Senders  int      `json:"senders"`
	Offered  float64  `json:"offered_per_second"` // messages; 0: closed loop, each sender waits for its own
	Frame    int      `json:"frame_bytes"`        // of one delivery on the wire, with its header

	Window     time.Duration `json:"window_ns"`
	Messages   uint64        `json:"messages"`   // sent
	Deliveries uint64        `json:"deliveries"` // at all sessions
	Reads      uint64        `json:"reads"`      // of the generator, that brought the deliveries

	// What was said in the window but came after its end counts here, too.
	Latency Latency `json:"latency"` // of each delivery, from when its message was due
	Last    Latency `json:"last"`    // of each message, from when it was due to its last delivery
	Quiet   Latency `json:"quiet"`   // of those beside the load: who stayed in storm, who read on in slow, others' rooms
	Late    Latency `json:"late"`    // of each message, from when it was due until the generator sent it

	// Gather is how long the generator lets deliveries gather before it reads them:
	// no latency is exact beyond it. 0: it read each at once (Config.Exact).
	Gather time.Duration `json:"gather_ns"`
	CutOff int           `json:"cut_off"` // sessions that the server ended, and that came back

	Fresh  Process `json:"fresh"`  // the server before the first session
	Ready  Process `json:"ready"`  // with all sessions in their rooms
	Loaded Process `json:"loaded"` // at the window's end

	ServerCPU    time.Duration `json:"server_cpu_ns"` // in the window; 0 where no pid was given
	GeneratorCPU time.Duration `json:"generator_cpu_ns"`
	OtherCPU     time.Duration `json:"other_cpu_ns"` // of the rest of the machine: better none
	Cores        int           `json:"cores"`
	Limit        Limit         `json:"limit"`

	Series []Sample `json:"series"` // one a second, from the start of the window on

	Storm   *StormResult   `json:"storm,omitempty"`
	History *HistoryResult `json:"history,omitempty"`
}

// Process is what a process has in use at one time.
type Process struct {
	RSS   int64         `json:"rss_bytes"`
	CPU   time.Duration `json:"cpu_ns"` // used so far, user and kernel mode
	Files int           `json:"files"`  // open
}

// Latency sums up a histogram of HDR kind: each value to three digits.
type Latency struct {
	Count uint64        `json:"count"`
	P50   time.Duration `json:"p50_ns"`
	P90   time.Duration `json:"p90_ns"`
	P99   time.Duration `json:"p99_ns"`
	P999  time.Duration `json:"p999_ns"`
	Max   time.Duration `json:"max_ns"`
	Curve []Point       `json:"curve,omitempty"` // for the plot of percentiles
}

// Point is one of a percentile curve.
type Point struct {
	Quantile float64       `json:"quantile"` // 0 to 1
	Value    time.Duration `json:"value_ns"`
}

// Sample is one second of a run.
type Sample struct {
	At         time.Duration `json:"at_ns"` // its end, from the start of the window
	Messages   uint64        `json:"messages"`
	Deliveries uint64        `json:"deliveries"`
	P99        time.Duration `json:"p99_ns"`
	ServerCPU  time.Duration `json:"server_cpu_ns"`
	RSS        int64         `json:"rss_bytes"`
	Sessions   int           `json:"sessions"` // connected and in their rooms at its end
}

// StormResult is how those who were cut off came back.
type StormResult struct {
	Cut      int           `json:"cut"`
	HalfBack time.Duration `json:"half_back_ns"` // from the cut until half of them were in their rooms again
	AllBack  time.Duration `json:"all_back_ns"`
	Refused  uint64        `json:"refused"` // handshakes that were to be tried again
	Usual    Latency       `json:"usual"`   // of those who stayed, before the cut
}

// HistoryResult is what pages cost.
type HistoryResult struct {
	Pages  uint64  `json:"pages"`
	Events uint64  `json:"events"`
	Took   Latency `json:"took"` // of each page
}

// Limit says what kept a run from being faster.
type Limit string

// The limits, in the order in which they are looked for.
const (
	LimitGenerator Limit = "generator" // its core: the figures say nothing of the server
	LimitOthers    Limit = "others"    // the rest of the machine was busy: measure again
	LimitRate      Limit = "rate"      // the rate that was asked for
	LimitMachine   Limit = "machine"   // server and generator together use every core
	LimitServer    Limit = "server"    // cores are left that the server does not use
)

// Step is one rate of a search for the highest that a server carries.
type Step struct {
	Offered float64 `json:"offered_per_second"`
	Kept    bool    `json:"kept"` // all was delivered, and within the bound
	Result  Result  `json:"result"`
}

// Report is what `parley bench` writes: all runs of a session, and the search, if
// there was one.
type Report struct {
	Version string        `json:"version"` // of the format: "1"
	Tool    string        `json:"tool"`    // parley and its version
	At      time.Time     `json:"at"`
	Machine string        `json:"machine"` // cores, kind of processor, system
	Command string        `json:"command"` // that repeats it
	Runs    []Result      `json:"runs"`
	Bound   time.Duration `json:"bound_ns,omitempty"` // of the search: p99
	Steps   []Step        `json:"steps,omitempty"`
}
