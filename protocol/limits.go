package protocol

import "time"

// The limits that hold for every session, by name. Each answers with a named
// error or close code; none drops anything in silence.
const (
	MaxMessageBytes = 64 << 10 // a message, its frames added up, and again once inflated: CloseTooBig
	MaxFragments    = 256      // frames of one message: ClosePolicy

	MaxNameRunes = 40   // code points of a user's name, after NFC
	MaxRoomRunes = 64   // code points of a room's name, after NFC
	MaxTextRunes = 4000 // code points of a message's text

	MaxSessionsPerUser    = 50
	MaxSessionsPerAddress = 5000 // loopback excepted
	MaxHandshakesPerAddr  = 500  // a second; loopback excepted

	// HandshakeTimeout bounds a handshake, and a message that was begun.
	HandshakeTimeout = 10 * time.Second

	// MaxRefusals in RefusalWindow end a session that goes on after being
	// limited, with CloseLimited.
	MaxRefusals   = 100
	RefusalWindow = time.Minute
)
