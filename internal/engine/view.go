package engine

import "github.com/parley-chat/parley/protocol"

// View is what a node does at this moment, for whoever operates it. Rates are over
// the time since the last look, which Window gives.
type View struct {
	Window   float64       `json:"window_s"`
	Sessions int           `json:"sessions"`
	Pairs    int           `json:"goroutine_sessions"` // of them, those on a pair of goroutines
	Behind   int           `json:"behind"`             // of them, those whose sockets are full, or who read from the store
	Calls    int           `json:"calls"`              // commands that came over HTTP, at this moment
	Draining bool          `json:"draining"`
	Rooms    int           `json:"rooms"`
	LogBytes int64         `json:"log_bytes"` // in memory, of all rooms
	LogLimit int64         `json:"log_bytes_limit"`
	Crew     CrewView      `json:"crew"`
	Writer   WriterView    `json:"writer"`
	Loops    []LoopView    `json:"loops"`
	Busiest  []RoomView    `json:"busiest_rooms"`    // and those with readers behind
	Slowest  []SessionView `json:"slowest_sessions"` // the slowest first
}

// LoopView is one event loop. A busy share is of one core.
type LoopView struct {
	Number     int     `json:"number"`
	Silent     float64 `json:"silent_ms"` // it has not answered for so long: what follows is unknown
	Sessions   int     `json:"sessions"`
	Met        int     `json:"sessions_looked_at"` // fewer, where there was no time for more
	Rooms      int     `json:"rooms"`
	Busy       float64 `json:"busy"`
	Load       float64 `json:"load"`         // its passes' share, were there no gathering
	Gathering  int     `json:"gathering"`    // rooms that wait for more to write at once
	Passes     int     `json:"passes"`       // under way
	Steps      int     `json:"steps"`        // sessions that wait for their step
	Writes     float64 `json:"writes_per_s"` // to sockets
	Deliveries float64 `json:"deliveries_per_s"`
	Longest    float64 `json:"longest_round_ms"`
}

// RoomView is one room.
type RoomView struct {
	Name      string       `json:"name"`
	Members   int          `json:"members"`
	Head      protocol.Seq `json:"head"`         // 0: not known yet
	Events    float64      `json:"events_per_s"` // deliveries are about that, times its members
	Bytes     int          `json:"bytes"`        // of its log, in memory
	Work      float64      `json:"work"`         // what its passes took of the loops: 1 is a core
	Gathering bool         `json:"gathering"`
	Behind    int          `json:"behind"`      // members who are
	Lag       LagView      `json:"behind_most"` // the slowest of them
}

// LagView is how far a session is behind a room, as far as is known.
type LagView struct {
	Events int     `json:"events"`
	Bytes  int     `json:"bytes"` // of those in memory
	Age    float64 `json:"age_ms"`
	Older  bool    `json:"older"` // memory no longer has the oldest, which Age is not of
}

// SessionView is a session that is behind.
type SessionView struct {
	Addr    string  `json:"addr"`
	User    string  `json:"user"`
	Name    string  `json:"name"`
	Session string  `json:"session,omitempty"`
	Dialect string  `json:"dialect"`
	Carrier string  `json:"carrier"` // "loop 0", "goroutines"
	Room    string  `json:"room"`    // in which it is furthest behind
	Rooms   int     `json:"rooms"`
	Blocked float64 `json:"blocked_ms"` // its socket has been full for so long, where a loop carries it
	Lag     LagView `json:"lag"`
	Held    int     `json:"held_bytes"` // for it alone, and what its socket took a part of
	Store   bool    `json:"from_store"` // it reads what memory no longer has
}

// WriterView is what is to be stored. Times are of the store's commits.
type WriterView struct {
	Waiting   int     `json:"waiting"`
	Bytes     int     `json:"waiting_bytes"`
	Batches   float64 `json:"batches_per_s"`
	Proposals float64 `json:"proposals_per_s"`
	Mean      float64 `json:"mean_ms"`
	Longest   float64 `json:"longest_ms"`
	Standing  float64 `json:"standing_ms"` // of the present one
}

// CrewView is who asks the store for what others wait for.
type CrewView struct {
	Working int `json:"working"`
	Waiting int `json:"waiting"`
}
