package load

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/frame"
)

// brief is a run that is over soon. What falls into its window is the machine's
// affair; that all is delivered is not.
func brief(s *chatServer, wire Wire, scenario Scenario) Config {
	return Config{
		Addr: s.addr, PID: os.Getpid(), Wire: wire, Scenario: scenario,
		Sessions: 12, Senders: 3, Warmup: 20 * time.Millisecond, Window: 200 * time.Millisecond, giveUp: time.Second,
	}
}

var wires = map[string]Wire{"tutorial": Tutorial{}, "parley.v1": V1{}, "batched": batched{}}

func TestEveryScenarioIsMeasuredToItsLastDelivery(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"fanout in closed loop": func(c *Config) { c.Scenario = Fanout },
		"fanout at a rate":      func(c *Config) { c.Scenario, c.Rate, c.Exact = Fanout, 500, true },
		"rooms in closed loop":  func(c *Config) { c.Scenario, c.Rooms = Rooms, 4 },
		"rooms beside a busy one": func(c *Config) {
			c.Scenario, c.Rooms, c.Rate, c.Busy = Rooms, 4, 200, 10
		},
		"storm": func(c *Config) { c.Scenario, c.Cut, c.Rate, c.Window = Storm, 8, 300, 800*time.Millisecond },
		"slow":  func(c *Config) { c.Scenario, c.Stopped, c.Rate = Slow, 4, 300 },
	} {
		for wireName, wire := range wires {
			t.Run(name+", "+wireName, func(t *testing.T) {
				t.Parallel()
				s := &chatServer{}
				if wire == (batched{}) {
					s.tamper = inLines
				}
				cfg := brief(startChat(t, s), wire, Fanout)
				change(&cfg)
				res, err := Run(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				checkTalk(t, cfg, res)
			})
		}
	}
}

// checkTalk holds a result to what is so on any machine.
func checkTalk(t *testing.T, cfg Config, res Result) {
	t.Helper()
	if res.Messages == 0 || res.Deliveries == 0 || res.Latency.Count < res.Deliveries {
		t.Errorf("%d messages, %d deliveries, %d latencies", res.Messages, res.Deliveries, res.Latency.Count)
	}
	if l := res.Latency; l.P50 <= 0 || l.P99 < l.P50 || l.Max < l.P999 {
		t.Errorf("p50 %v, p99 %v, p99.9 %v, max %v", l.P50, l.P99, l.P999, l.Max)
	}
	if res.Ready.RSS == 0 || res.Ready.Files <= cfg.Sessions || res.Limit == "" || res.Window < cfg.Window {
		t.Errorf("ready %+v, limit %q, window %v", res.Ready, res.Limit, res.Window)
	}
	if beside := cfg.Busy+cfg.Cut+cfg.Stopped > 0; beside != (res.Quiet.Count > 0) || res.Quiet.Count > res.Latency.Count {
		t.Errorf("%d deliveries beside the load", res.Quiet.Count)
	}
	if s := res.Storm; s != nil && (s.Cut != cfg.Cut || s.HalfBack <= 0 || s.AllBack < s.HalfBack || s.Usual.Count == 0) {
		t.Errorf("storm %+v", s)
	}
}

func TestIdleSessionsAreCounted(t *testing.T) {
	s := startChat(t, &chatServer{})
	cfg := brief(s, Tutorial{}, Idle)
	cfg.Sessions, cfg.Rooms, cfg.PID = 300, 100, 0
	res, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if res.Sessions != 300 || res.Rooms != 100 || res.Senders != 0 || res.Ready.RSS != 0 {
		t.Errorf("%d sessions in %d rooms, %d senders, ready %+v", res.Sessions, res.Rooms, res.Senders, res.Ready)
	}
}

func TestHistoryIsReadInPages(t *testing.T) {
	cfg := brief(startChat(t, &chatServer{}), V1{}, History)
	cfg.Fill, cfg.Page = 200, 30
	res, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if h := res.History; h.Pages == 0 || h.Events != 30*h.Pages || h.Took.Count != h.Pages {
		t.Errorf("%d pages, %d events, %d times", h.Pages, h.Events, h.Took.Count)
	}
}

func TestADeliveryIsAsLongAsAskedFor(t *testing.T) {
	for _, size := range []int{100, 124, 700} {
		cfg := brief(startChat(t, &chatServer{}), Tutorial{}, Fanout)
		cfg.Frame = size
		res, err := Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if res.Frame != size {
			t.Errorf("deliveries of %d bytes, want %d", res.Frame, size)
		}
	}
}

func TestARunFailsWhereAMessageIs(t *testing.T) {
	const third, victim = 5, 2
	var held []byte
	for name, c := range map[string]struct {
		tamper func(member, message int, delivery []byte) [][]byte
		want   string
	}{
		"lost for one": {func(member, message int, d []byte) [][]byte {
			if member == victim && message == third {
				return nil
			}
			return [][]byte{d}
		}, "for another"},
		"lost for all": {func(_, message int, d []byte) [][]byte {
			if message == third {
				return nil
			}
			return [][]byte{d}
		}, "has not come yet"},
		"lost for one, the last ones": {func(member, message int, d []byte) [][]byte {
			if member == victim && message >= third {
				return nil
			}
			return [][]byte{d}
		}, "never saw all that was said, u00002 in bench00000 but 4 messages of"},
		"lost for all, the last ones": {func(_, message int, d []byte) [][]byte {
			if message >= third {
				return nil
			}
			return [][]byte{d}
		}, "nobody ever saw"},
		"repeated": {func(member, message int, d []byte) [][]byte {
			if member == victim && message == third {
				return [][]byte{d, d}
			}
			return [][]byte{d}
		}, "message 5 of the room"},
		"out of order": {func(member, message int, d []byte) [][]byte {
			switch {
			case member == victim && message == third:
				held = d
				return nil
			case member == victim && message == third+1:
				return [][]byte{d, held}
			}
			return [][]byte{d}
		}, "for another"},
		"cut short": {func(_, message int, d []byte) [][]byte {
			if message == third {
				return [][]byte{append([]byte{d[0], d[1] - 40}, d[2:len(d)-40]...)}
			}
			return [][]byte{d}
		}, "a delivery of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := brief(startChat(t, &chatServer{tamper: c.tamper}), Tutorial{}, Fanout)
			cfg.Rate, cfg.Frame = 1000, 124 // paced: a sender does not wait for what is lost
			_, err := Run(t.Context(), cfg)
			if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestAStormFailsWhereSomethingIsMissed(t *testing.T) {
	cfg := brief(startChat(t, &chatServer{forget: 1}), V1{}, Storm)
	cfg.Cut, cfg.Rate = 8, 2000 // so that something is said while they are away
	if _, err := Run(t.Context(), cfg); !errors.Is(err, ErrBroken) {
		t.Errorf("error %v", err)
	}
}

func TestAStormCountsWhoIsTurnedAway(t *testing.T) {
	const refusals = 5
	var mu sync.Mutex
	asked := 0
	s := &chatServer{door: func(w http.ResponseWriter) bool {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked <= 12 || asked > 12+refusals {
			return true
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return false
	}}
	cfg := brief(startChat(t, s), Tutorial{}, Storm)
	cfg.Cut, cfg.Rate = 8, 100
	res, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if res.Storm.Refused != refusals || res.Storm.AllBack < retryFirst/2 {
		t.Errorf("%d were turned away, and all were back after %v", res.Storm.Refused, res.Storm.AllBack)
	}
}

func TestWhoIsCutOffForReadingSlowlyComesBack(t *testing.T) {
	for name, wire := range map[string]Wire{"tutorial": Tutorial{}, "parley.v1": V1{}} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			ended := 0
			s := &chatServer{}
			s.tamper = func(member, message int, d []byte) [][]byte {
				mu.Lock()
				defer mu.Unlock()
				if message > 40 && member == 11 && ended == 0 { // one of those that read nothing
					ended++
					return [][]byte{frame.AppendClose(nil, 4500, "too slow")}
				}
				return [][]byte{d}
			}
			cfg := brief(startChat(t, s), wire, Slow)
			cfg.Stopped, cfg.Rate, cfg.Warmup = 4, 400, 0
			res, err := Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if res.CutOff != 1 {
				t.Errorf("%d were cut off, want 1", res.CutOff)
			}
		})
	}
}

// A server that stands still for a while delays all that is due meanwhile. Whoever
// waits for one answer before asking again sees one slow message; at a rate, all
// of them count from when they were due.
func TestAStallIsNotForgiven(t *testing.T) {
	const stall = 400 * time.Millisecond
	run := func(rate float64) Result {
		var once sync.Once
		s := startChat(t, &chatServer{stall: func(message int) {
			if message > 50 {
				once.Do(func() { <-time.After(stall) })
			}
		}})
		cfg := brief(s, Tutorial{}, Fanout)
		cfg.Senders, cfg.Rate, cfg.Warmup, cfg.Window = 1, rate, 0, 3*stall
		res, err := Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	paced, naive := run(500), run(0)
	if paced.Latency.P90 < stall/4 { // a third of the window's messages were due in the stall or right behind it
		t.Errorf("at a rate the p90 is %v, though the server stood still for %v", paced.Latency.P90, stall)
	}
	if naive.Latency.Max < stall*9/10 || naive.Latency.P90 >= paced.Latency.P90 {
		t.Errorf("in closed loop p90 %v, max %v: it should hide the stall better than %v",
			naive.Latency.P90, naive.Latency.Max, paced.Latency.P90)
	}
}

func TestWhoIsRefusedTriesAgain(t *testing.T) {
	var mu sync.Mutex
	refusals := 0
	door := func(w http.ResponseWriter) bool {
		mu.Lock()
		defer mu.Unlock()
		if refusals++; refusals > 6 {
			return true
		}
		w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[refusals%2])
		return false
	}
	if _, err := Run(t.Context(), brief(startChat(t, &chatServer{door: door}), Tutorial{}, Fanout)); err != nil {
		t.Error(err)
	}
}

func TestAHandshakeThatIsNoneIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		door func(w http.ResponseWriter) bool
		wire Wire
		want string
	}{
		"not found": {func(w http.ResponseWriter) bool {
			http.Error(w, "nobody here", http.StatusNotFound)
			return false
		}, Tutorial{}, "404"},
		"another accept": {func(w http.ResponseWriter) bool {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Accept", "no")
			w.WriteHeader(http.StatusSwitchingProtocols)
			return false
		}, Tutorial{}, `Sec-WebSocket-Accept is "no"`},
		"no subprotocol": {nil, other{}, `the subprotocol is "", want "other"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(t.Context(), brief(startChat(t, &chatServer{door: c.door}), c.wire, Fanout))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestSessionsAreSpreadOverAddresses(t *testing.T) {
	s := &chatServer{}
	cfg := brief(startChat(t, s), Tutorial{}, Fanout)
	cfg.perAddress = 5
	from := map[string]int{}
	cfg.Progress = func(p Progress) {
		if p.Phase != Warming {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			host, _, _ := net.SplitHostPort(c.RemoteAddr().String()) // it is one
			from[host]++
		}
	}
	if _, err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"127.0.0.1": 5, "127.0.0.2": 5, "127.0.0.3": 2}; !maps.Equal(from, want) {
		t.Errorf("they come from %v, want %v", from, want)
	}
}

func TestAServerThatIsNotThereIsTold(t *testing.T) {
	_, err := Run(t.Context(), brief(&chatServer{addr: "127.0.0.1:1"}, Tutorial{}, Fanout))
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
}

func TestACancelledRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := brief(startChat(t, &chatServer{}), Tutorial{}, Fanout)
	cfg.Window = time.Hour
	cfg.Progress = func(p Progress) {
		if p.Phase == Warming {
			cancel()
		}
	}
	if _, err := Run(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// other offers a subprotocol that nobody has.
type other struct{ Tutorial }

func (other) Subprotocol() string { return "other" }

// inLines has each delivery share its frame with a notice.
func inLines(_, _ int, delivery []byte) [][]byte {
	_, payload, _, err := next(delivery)
	if err != nil {
		panic(err)
	}
	return [][]byte{frame.AppendFrame(nil, frame.Text, append([]byte("{}\n"), payload...))}
}

// batched is the tutorial's dialect as some other protocols are built: several
// messages in a frame, each on a line, and steps before one may join.
type batched struct{ Tutorial }

func (batched) Open(dst []byte, _ Who) ([]byte, bool) {
	return append(dst, `{"type":"join","username":"hello","room":"hello"}`...), false
}

func (b batched) Read(payload []byte, m *Message) int {
	line, rest, _ := strings.Cut(string(payload), "\n")
	b.Tutorial.Read(payload[:len(line)], m)
	switch {
	case strings.Contains(line, `"hello joined`):
		m.Kind, m.Reply = Ask, []byte(`{"type":"join","username":"ready","room":"ready"}`)
	case strings.Contains(line, `"ready joined`):
		m.Kind = Ready
	}
	return len(payload) - len(rest)
}
