package engine

import "runtime/debug"

// release knows when to give memory back to the system: once a crowd has come or gone
// and it is quiet again. Handshakes leave more behind than sessions keep, and Go's
// collector, which lets a heap grow to twice what is in use, would keep that for good.
type release struct {
	moves uint64 // comings and goings, up to the last look
	owed  uint64 // those since memory was given back
	again bool   // it is to be given back once more
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
	switch {
	case r.quiet == firstRelease && r.owed >= max(manyMoves, uint64(sessions)/shareMove):
		r.owed, r.again = 0, true
		return true
	case r.quiet == lastRelease && r.again:
		r.again = false
		return true
	}
	return false
}

// giveBack collects, and gives back all that is free: for 15,000 sessions about a tenth
// of a second of a core, beside the loops.
func giveBack() { debug.FreeOSMemory() }
