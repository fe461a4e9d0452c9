package load

// session is one connection after the other of one user, in one room.
type session struct {
	// Fixed before the run.
	index  int32
	who    Who
	room   *room
	closed bool // closed loop: it speaks when its own comes back
	quiet  bool // its deliveries count as Quiet, too
	leaves bool // it may be cut off, and comes back

	// Its connection.
	state   state
	socket  int
	life    int32  // counts its connections: an event of an earlier one is stale
	rest    []byte // the beginning of a frame that was not read whole
	out     []byte // what the socket had no room for
	deaf    bool   // it reads nothing for now
	back    bool   // it has been in its room before
	tries   int    // handshakes that failed since it was last connected
	retryAt int64

	// What it has seen. Without placed, it has come back without a cursor, and goes on
	// in its room's order where the first message that it saw stands, once that is
	// known.
	place  uint64
	placed bool
	early  []hearing // what it has heard before
	seq    uint64    // of a Resumer: its cursor
	epoch  string

	asked int64 // when its page was asked for; 0 for none
}

// hearing is a message that a session has heard, and when.
type hearing struct {
	token uint64
	at    int64
}

// state is how far a session has come.
type state uint8

const (
	away      state = iota // without a socket
	dialling               // its socket isn't connected yet
	upgrading              // its handshake has no answer yet
	opening                // the wire has not said that it is ready
	ready                  // it may join
	joining                // it has asked to
	in                     // its room's messages reach it
)

// room is a room of the server's.
type room struct {
	talk
	name    string
	waiting []*session // for their turn to join
	joining bool       // somebody has: one after the other, since each join tells all others
	queued  bool       // for a place among the rooms in which somebody joins
}
