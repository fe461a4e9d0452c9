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

	MaxTopicRunes = 250 // code points of a topic, and of what is searched for
	MaxIDBytes    = 64  // a command's id, and a message's key
	MaxEmojiBytes = 32
	MaxEmoji      = 50 // different ones on a message

	MaxRooms    = 100 // that a session is in at once
	MaxLast     = 200 // events that a join begins with, unless it has a cursor
	MaxPage     = 100 // events of a page
	DefaultLast = 50
	DefaultPage = 50
	MaxPresence = 200 // users that one presence signal names

	MaxTokenBytes = 8 << 10 // of a token or pass

	MaxSessionsPerUser    = 50
	MaxSessionsPerAddress = 5000 // loopback excepted
	MaxHandshakesPerAddr  = 500  // a second; loopback excepted

	// HandshakeTimeout bounds a handshake, and a message that was begun.
	HandshakeTimeout = 10 * time.Second

	// TypingFor is how long after the last typing command one counts as typing.
	TypingFor = 6 * time.Second

	// PassLife is how long a guest's pass is good for after its last use.
	PassLife = 90 * 24 * time.Hour

	// MaxRefusals in RefusalWindow end a session that goes on after being
	// limited, with CloseLimited.
	MaxRefusals   = 100
	RefusalWindow = time.Minute
)
