package engine

import "runtime/debug"

// release knows when to give memory back to the system: once a crowd has come or gone
// and it is quiet again. Handshakes leave more behind than sessions keep, and Go's
// collector, which lets a heap grow to twice what is in use, would keep that for good.
type release struct {
	moves uint64 // comings and goings, up to the last look
	owed  uint64 // those since memory was given back
	quiet int    // looks since there were many
}

const (
	fewMoves  = 50   // between two looks: it is quiet
	manyMoves = 1000 // it pays, if they are not too few for so many sessions
	shareMove = 8    // of which so many are one

	// It is given back at the second quiet look, and again once what was held for
	// whoever might have come back at once isn't any more.
	firstRelease = 2
	lastRelease  = 9
)

// due is asked at each look.
func (r *release) due(moves uint64, sessions int) bool {
	latest := moves - r.moves
	r.moves = moves
	r.owed += latest
	if latest > fewMoves {
		r.quiet = 0
		return false
	}
	r.quiet++
	if r.owed < max(manyMoves, uint64(sessions)/shareMove) {
		return false
	}
	if r.quiet == lastRelease {
		r.owed = 0
	}
	return r.quiet == firstRelease || r.quiet == lastRelease
}

// giveBack collects and gives back all that is free. It takes tens of milliseconds of
// a core, and no session waits for it.
func giveBack() { debug.FreeOSMemory() }
