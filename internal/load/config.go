package load

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Config says whom to drive, and how.
type Config struct {
	Addr   string      // host:port of the server
	Path   string      // of the upgrade, with its query; "" for the wire's own
	Header http.Header // of every upgrade: a token, say
	PID    int         // the server's process; 0: not measured
	More   []Node      // of a deployment of several; its sessions are spread over all
	Server string      // what the report calls it
	Wire   Wire

	Scenario Scenario
	Sessions int
	Rooms    int     // in rooms and idle, which the sessions are spread over; 1 unless given
	Senders  int     // in fanout, storm and slow; in rooms one speaks in each
	Rate     float64 // messages a second of all senders together; 0: closed loop, each waits for its own
	Frame    int     // bytes on the wire of one delivery; 0: as small as it gets. What came is in Result
	Warmup   time.Duration
	Window   time.Duration // what is measured

	Busy    int // rooms: sessions of one more room, in which Senders of them talk in closed loop; Quiet is of the others
	Cut     int // storm: sessions that are cut off
	Stopped int // slow: sessions that read nothing for the first half of the window
	Fill    int // history: messages in the room before the first page is read; 10,000 unless given
	Page    int // history: events of a page; 50 unless given

	// Exact has the generator read each delivery as soon as it comes. Otherwise it
	// lets them gather for 200 µs, which costs it, and the server's core, much less.
	Exact bool

	// Progress is told how far a run is, from within it; nil for nobody.
	Progress func(Progress)

	perAddress int // sessions from one address of the loopback network: fewer than it has ports

	giveUp time.Duration // for so long a server that lost nothing never delivers nothing at all; a test is less patient
}

// Node is one more server of a deployment.
type Node struct {
	Addr string // host:port
	PID  int    // 0: not measured
}

// pids are the processes that are measured; none, unless all of them are known.
func (c Config) pids() []int {
	pids := []int{c.PID}
	for _, n := range c.More {
		pids = append(pids, n.PID)
	}
	if slices.Contains(pids, 0) {
		return nil
	}
	return pids
}

// Progress is how far a run is.
type Progress struct {
	Phase  Phase
	Done   int    // sessions connected or joined, messages filled in, …
	Total  int    // of those; 0 where Sample counts
	Sample Sample // while it measures: the last second
}

// Phase is a part of a run.
type Phase string

// The phases, in their order.
const (
	Connecting Phase = "connect"
	Joining    Phase = "join"
	Settling   Phase = "settle"
	Filling    Phase = "fill"
	Warming    Phase = "warm up"
	Measuring  Phase = "measure"
	Draining   Phase = "drain"
)

// Errors of a run, beside those of the network.
var (
	// ErrUnsupported is Run's on systems without epoll.
	ErrUnsupported = errors.New("the load generator runs on Linux only")
	// ErrBroken wraps what a server did that no server may: a message lost,
	// repeated or out of order, a frame that is none.
	ErrBroken = errors.New("the server broke its promises")
	// ErrBehind wraps what a server does that can't keep up with the rate.
	ErrBehind = errors.New("the server is too far behind")
)

// withDefaults fills in what was left out, and refuses what can't be.
func (c Config) withDefaults() (Config, error) {
	c.Rooms = max(c.Rooms, 1)
	if c.Fill == 0 {
		c.Fill = 10_000
	}
	if c.Page == 0 {
		c.Page = 50
	}
	if c.giveUp == 0 {
		c.giveUp = 10 * time.Second
	}
	if c.perAddress == 0 {
		c.perAddress = 25_000
	}
	if c.Scenario == Idle || c.Scenario == History {
		c.Senders, c.Rate = 0, 0
	}
	if c.Scenario == Rooms && c.Busy == 0 {
		c.Senders = c.Rooms
	}
	return c, c.check()
}

func (c Config) check() error {
	paced := c.Scenario == Storm
	alone := c.Scenario != Rooms && c.Scenario != Idle // all are in one room
	switch {
	case c.Wire == nil:
		return errors.New("wire: want one")
	case c.Sessions < 1:
		return fmt.Errorf("sessions %d: want 1 or more", c.Sessions)
	case alone && c.Rooms != 1:
		return fmt.Errorf("rooms %d: %s has one room", c.Rooms, c.Scenario)
	case c.Rooms > c.Sessions:
		return fmt.Errorf("rooms %d: want at most one for each of %d sessions", c.Rooms, c.Sessions)
	case alone && c.Scenario != History && (c.Senders < 1 || c.Senders > c.Sessions-c.Cut-c.Stopped):
		return fmt.Errorf("senders %d: want 1 to %d", c.Senders, c.Sessions-c.Cut-c.Stopped)
	case c.Busy > 0 && (c.Scenario != Rooms || c.Senders < 1 || c.Senders > c.Busy || c.Rate <= 0):
		return fmt.Errorf("busy %d: want the scenario rooms, a rate for the others, and 1 to %d senders", c.Busy, c.Busy)
	case c.Cut < 0 || (c.Scenario == Storm) != (c.Cut > 0):
		return fmt.Errorf("cut %d: want 1 or more in storm, 0 elsewhere", c.Cut)
	case c.Stopped < 0 || (c.Scenario == Slow) != (c.Stopped > 0):
		return fmt.Errorf("stopped %d: want 1 or more in slow, 0 elsewhere", c.Stopped)
	case c.Rate < 0 || paced && c.Rate == 0:
		return fmt.Errorf("rate %v: want 0 or more, and more than 0 in storm", c.Rate)
	case c.Frame < 0 || c.Frame > maxFrame:
		return fmt.Errorf("frame %d: want 0 to %d", c.Frame, maxFrame)
	case c.Warmup < 0 || c.Window <= 0:
		return fmt.Errorf("window %v: want more than 0", c.Window)
	case c.Fill < 1 || c.Page < 1:
		return fmt.Errorf("fill %d, page %d: want 1 or more", c.Fill, c.Page)
	}
	return c.checkScenario()
}

func (c Config) checkScenario() error {
	switch c.Scenario {
	case Fanout, Rooms, Idle, Storm, Slow:
		return nil
	case History:
		if _, ok := c.Wire.(Pager); !ok {
			return fmt.Errorf("history: the wire %s has no pages", c.Wire.Name())
		}
		return nil
	}
	return fmt.Errorf("scenario %q: want fanout, rooms, idle, storm, slow or history", c.Scenario)
}

// What a frame may be whose length takes two more bytes at most.
const maxFrame = 4 + 65535
