package cluster

import (
	"encoding/binary"
)

// Matter is what a sheet is about.
type Matter byte

// The matters of sheets, and what is said beside them.
const (
	People Matter = iota + 1 // who is in one room
	Rooms                    // in which rooms there are people
	Users                    // how many sessions users have
	Typing                   // who is writing in one room
	Acts                     // what users did, for their rates
	Reads                    // a read mark that moved
)

// Verb is what is said of a sheet.
type Verb byte

// The verbs.
const (
	Change Verb = iota + 1 // what was done to it between two versions
	Whole                  // all that is on it, or a piece of that
	Ask                    // for the whole, unless it is what the asker knows
	Digest                 // its version
)

// Said is what was said of a sheet, but for its items.
type Said struct {
	Matter  Matter
	Verb    Verb
	Room    string // whose people; else empty
	From    Stamp  // Change: the version that it was done to; 0: to an empty sheet
	Version Stamp  // afterwards; Ask: the one that is known
	Taken   Stamp  // Whole: when; another has its items in another order
	Piece   int    // this one, from 0 …
	Pieces  int    // … of so many
	items   []byte
}

// maxPieces is how many pieces a whole sheet has at most: some 60 MB, where least may
// be said at once.
const maxPieces = 1 << 14

// Read reads what was said. What a newer version says may be not ok.
func Read(body []byte) (s Said, ok bool) {
	if len(body) < 2 {
		return s, false
	}
	s.Matter, s.Verb = Matter(body[0]), Verb(body[1])
	r := taker{rest: body[2:]}
	s.Room = r.text()
	switch s.Verb {
	case Change:
		s.From, s.Version = r.stamp(), r.stamp()
	case Whole:
		s.Version, s.Taken = r.stamp(), r.stamp()
		s.Piece, s.Pieces = int(r.number(maxPieces)), int(r.number(maxPieces))
		r.failed = r.failed || s.Piece >= s.Pieces
	case Ask, Digest:
		s.Version = r.stamp()
	default:
		return s, false
	}
	s.items = r.rest
	return s, !r.failed
}

// head begins to say something.
func (s *Said) head() (dst []byte) {
	dst = AppendText([]byte{byte(s.Matter), byte(s.Verb)}, s.Room)
	if s.Verb == Change {
		dst = binary.AppendUvarint(dst, uint64(s.From))
	}
	dst = binary.AppendUvarint(dst, uint64(s.Version))
	if s.Verb == Whole {
		dst = binary.AppendUvarint(dst, uint64(s.Taken))
		dst = binary.AppendUvarint(dst, uint64(s.Piece))
		dst = binary.AppendUvarint(dst, uint64(s.Pieces))
	}
	return dst
}

// Say says what needs no items: it asks for a sheet, or tells its version.
func Say(matter Matter, verb Verb, room string, version Stamp) []byte {
	s := Said{Matter: matter, Verb: verb, Room: room, Version: version}
	return s.head()
}

// maxHead is how long a head may get, without the room's name.
const maxHead = 2 + binary.MaxVarintLen64*5

// AppendText writes a text behind its length.
func AppendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// TakeText reads a text that stands behind its length.
func TakeText(b []byte) (text string, rest []byte, ok bool) {
	r := taker{rest: b}
	text = r.text()
	return text, r.rest, !r.failed
}

// TakeNumber reads a number that is at most most.
func TakeNumber(b []byte, most uint64) (n uint64, rest []byte, ok bool) {
	r := taker{rest: b}
	n = r.number(most)
	return n, r.rest, !r.failed
}

// taker reads bytes until one of them is wrong.
type taker struct {
	rest   []byte
	failed bool
}

func (r *taker) number(most uint64) uint64 {
	n, size := binary.Uvarint(r.rest)
	if r.failed || size <= 0 || n > most {
		r.failed = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *taker) stamp() Stamp { return Stamp(r.number(uint64(lastStamp))) }

func (r *taker) text() string { return string(r.bytes()) }

func (r *taker) bytes() []byte {
	n := r.number(uint64(len(r.rest)))
	if r.failed || n > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}
