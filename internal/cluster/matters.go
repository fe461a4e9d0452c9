package cluster

import (
	"crypto/sha256"
	"encoding/binary"
)

// InRoom is how many users a node has in a room.
type InRoom struct {
	Version Stamp // of its sheet of the room's people
	Users   int
}

// UserKey is a user, on sheets.
type UserKey uint64

// KeyOf is a user's key. Two users' are the same with no likelihood that anybody could
// bring about.
func KeyOf(user string) UserKey {
	sum := sha256.Sum256([]byte(user))
	return UserKey(binary.BigEndian.Uint64(sum[:]))
}

// maxCount bounds what a number of people or sessions is believed to be.
const maxCount = 1 << 30

// RoomsForm is how a node says in which rooms it has people. It says once of a room
// that it has none any more.
var RoomsForm = &Form[string, InRoom]{
	Matter:    Rooms,
	AppendKey: AppendText,
	TakeKey:   TakeText,
	AppendValue: func(dst []byte, v InRoom) []byte {
		return binary.AppendUvarint(binary.AppendUvarint(dst, uint64(v.Version)), uint64(v.Users))
	},
	TakeValue: func(b []byte) (v InRoom, ok bool) {
		r := taker{rest: b}
		v = InRoom{Version: r.stamp(), Users: int(r.number(maxCount))}
		return v, !r.failed
	},
	Same: func(a, b InRoom) bool { return a == b },
}

// UsersForm is how a node says how many sessions users have there.
var UsersForm = &Form[UserKey, int]{
	Matter:    Users,
	AppendKey: func(dst []byte, key UserKey) []byte { return binary.BigEndian.AppendUint64(dst, uint64(key)) },
	TakeKey: func(b []byte) (key UserKey, rest []byte, ok bool) {
		if len(b) < 8 {
			return 0, nil, false
		}
		return UserKey(binary.BigEndian.Uint64(b)), b[8:], true
	},
	AppendValue: func(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) },
	TakeValue: func(b []byte) (n int, ok bool) {
		r := taker{rest: b}
		n = int(r.number(maxCount))
		return n, !r.failed
	},
	Same: func(a, b int) bool { return a == b },
}

// AppendStamp and TakeStamp are for keys that are stamps.
func AppendStamp(dst []byte, s Stamp) []byte { return binary.AppendUvarint(dst, uint64(s)) }

// TakeStamp reads what AppendStamp wrote.
func TakeStamp(b []byte) (s Stamp, rest []byte, ok bool) {
	r := taker{rest: b}
	s = r.stamp()
	return s, r.rest, !r.failed
}
