package report

import (
	"math"
	"time"

	"github.com/parley-chat/parley/internal/load"
)

// sample is a report of everything that `parley bench` and the comparison of
// servers measure, with figures that nobody saw.
func sample() load.Report {
	r := load.Report{
		Version: Version, Tool: "parley devel", At: time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC),
		Machine: "2 cores, a processor, Linux", Command: "parley bench fanout --sessions 1000 --senders 16", Bound: 40 * time.Millisecond,
	}
	for _, s := range servers {
		for range 3 {
			r.Runs = append(r.Runs, s.fanout(1000, 0))
		}
	}
	for _, s := range servers {
		for _, sessions := range []int{1000, 5000, 15000} {
			idle := s.fanout(sessions, 0)
			idle.Scenario, idle.Senders, idle.Messages, idle.Deliveries, idle.Latency, idle.Limit = load.Idle, 0, 0, 0, load.Latency{}, ""
			r.Runs = append(r.Runs, idle)
		}
		r.Runs = append(r.Runs, s.storm())
	}
	for _, s := range servers[:2] {
		for _, offered := range []float64{100, 200, 400, 800, 1600, 1200, 1400} {
			res := s.fanout(1000, offered)
			r.Steps = append(r.Steps, load.Step{Offered: offered, Kept: res.Latency.P99 <= r.Bound, Result: res})
		}
	}
	return r
}

// A pretended server carries so many deliveries a second.
type pretended struct {
	name    string
	carries float64
	base    time.Duration
	each    int64 // bytes a session
}

var servers = []pretended{
	{"parley", 1_420_000, 900 * time.Microsecond, 6200},
	{"ws", 204_000, 2 * time.Millisecond, 9600},
	{"gws", 388_000, 1500 * time.Microsecond, 10_600},
}

func (s pretended) fanout(sessions int, offered float64) load.Result {
	asked := offered * float64(sessions)
	busy := min(asked/s.carries, 1)
	if offered == 0 {
		busy = 1
	}
	scale := 1 + 12*math.Pow(busy, 6)
	if asked > s.carries {
		scale *= asked / s.carries * 20
	}
	l := s.latency(scale)
	r := load.Result{
		Scenario: load.Fanout, Server: s.name, Wire: "tutorial", Sessions: sessions, Rooms: 1, Senders: 16, Offered: offered, Frame: 124,
		Window: 10 * time.Second, Messages: uint64(busy * s.carries / float64(sessions) * 10), Deliveries: uint64(busy * s.carries * 10),
		Reads: uint64(s.carries), Latency: l, Last: l,
		Fresh: load.Process{RSS: 14e6}, Ready: load.Process{RSS: 14e6 + s.each*int64(sessions)}, Loaded: load.Process{RSS: 24e6 + s.each*int64(sessions)},
		ServerCPU: time.Duration(busy * 1.14 * 1e10), GeneratorCPU: time.Duration(busy * 0.53 * 1e10), Cores: 2, Limit: load.LimitServer,
	}
	if busy < 1 {
		r.Limit = load.LimitRate
	}
	for i := range 10 {
		wave := 1 + 0.05*math.Sin(float64(i)*2+s.carries)
		r.Series = append(r.Series, load.Sample{
			At: time.Duration(i+1) * time.Second, Messages: r.Messages / 10, Deliveries: uint64(busy * s.carries * wave),
			P99: time.Duration(float64(l.P99) / wave), ServerCPU: time.Duration(busy * 1.14e9 * wave),
			RSS: r.Ready.RSS + int64(i)*1e6, Sessions: sessions,
		})
	}
	return r
}

func (s pretended) storm() load.Result {
	r := s.fanout(5000, 20)
	r.Scenario, r.Quiet = load.Storm, s.latency(8)
	r.Storm = &load.StormResult{Cut: 4000, HalfBack: 800 * time.Millisecond, AllBack: 2300 * time.Millisecond, Refused: 120, Usual: s.latency(1)}
	for i := range r.Series {
		r.Series[i].Sessions = min(5000, 1000+i*i*300)
	}
	return r
}

// latency has a tail, as they all have.
func (s pretended) latency(scale float64) load.Latency {
	at := func(q float64) time.Duration {
		return time.Duration(float64(s.base) * scale * (0.6 + math.Pow(-math.Log10(max(1-q, 1e-7)), 1.6)))
	}
	l := load.Latency{Count: 2_000_000, P50: at(.5), P90: at(.9), P99: at(.99), P999: at(.999), Max: at(1)}
	for nines := 0.0; nines < 6.3; nines += 0.1 {
		q := 1 - math.Pow(10, -nines)
		l.Curve = append(l.Curve, load.Point{Quantile: q, Value: at(q)})
	}
	l.Curve = append(l.Curve, load.Point{Quantile: 1, Value: l.Max})
	return l
}
