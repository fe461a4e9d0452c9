package engine

import (
	"github.com/parley-chat/parley/internal/roomlog"
	"github.com/parley-chat/parley/protocol"
)

// carrier moves the bytes of one session: it owns the session's socket and
// calls the session's methods, one at a time. Wake, Moves, Enters and Left are called by
// the session, in its turn; the others by anybody, and they never block.
type carrier interface {
	// Wake says that the session may have something to write.
	Wake()

	// Moves is asked by a session that is about to come into its only room, with nothing
	// in flight. If it says yes, the session must hold that step back: it is carried
	// elsewhere first, with those who are in the room.
	Moves(r *liveRoom) bool

	// Enters gives whom a room that the session comes into is to tell of more, until
	// Left. x is its seat there, whose dirty is to be set then; nil for a session that
	// is in no other room.
	Enters(p *presence, x *seat) waker
	Left(p *presence)

	// Tell hands a signal on a room to the session, in place of one on the same room
	// that it has not taken yet.
	Tell(room string, payload []byte)

	// Check has the session see whether it was revoked.
	Check()

	// Appended hands the answer to a proposal to the session.
	roomlog.Proposer
}

// transport carries sessions of one kind.
type transport interface {
	// drain asks a part of the sessions to end, and cut ends all without a word.
	drain(s share)
	cut(reason string)

	// check has every session see whether it was revoked.
	check()

	// close ends the transport, once it carries nobody.
	close()
}

// newest is the newest signal on each room that a session has yet to hear of. The zero
// value has none.
type newest map[string][]byte

// put has a signal take the place of an older one on the same room.
func (n *newest) put(room string, payload []byte) {
	if *n == nil {
		*n = newest{}
	}
	if _, ok := (*n)[room]; ok || len(*n) < protocol.MaxRooms { // a signal may be skipped
		(*n)[room] = payload
	}
}
