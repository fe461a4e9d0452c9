package load

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// What a server sends for a chat, up to its text and after it. Usernames and timestamps have one width, so each
// chat of a run has one size, and what tells it apart stands at one place.
const (
	chatPrefix = `{"type":"chat","username":"u0000","text":"`
	chatSuffix = `","timestamp":1234567890123}`
	sendPrefix = `{"type":"chat","text":"`
	sendSuffix = `"}`

	tokenBytes = 8 // each text begins with its message's number in hexadecimal
	minFrame   = 2 + len(chatPrefix) + tokenBytes + len(chatSuffix)
	maxFrame   = 4 + 65535
)

func username(session int) string { return fmt.Sprintf("u%04d", session) }

// textBytes is how long a text must be for its delivery to be a frame of so many bytes.
func textBytes(frame int) int {
	head := 2
	if frame > 2+125 {
		head = 4
	}
	return frame - head - len(chatPrefix) - len(chatSuffix)
}

// A draft is the client's frame for a chat: masked once, with only the token rewritten for each message.
type draft struct {
	frame []byte
	token int // where the token stands in frame
}

func newDraft(text int) *draft {
	words := strings.Repeat("all work and no play makes a long room ", text/39+1)
	body := []byte(sendPrefix + strings.Repeat("0", tokenBytes) + words[:text-tokenBytes] + sendSuffix)
	d := &draft{frame: masked(opText, body)}
	d.token = len(d.frame) - len(body) + len(sendPrefix)
	return d
}

// number makes d the chat with number n and returns its bytes, which the next call overwrites.
func (d *draft) number(n uint32) []byte {
	var token [tokenBytes]byte
	binary.LittleEndian.PutUint64(token[:], tokenOf(n))
	for i, c := range token {
		d.frame[d.token+i] = c ^ maskKey[(len(sendPrefix)+i)&3]
	}
	return d.frame
}

// tokenOf is n in eight hexadecimal digits, as they lie in memory read as a little-endian number.
func tokenOf(n uint32) uint64 {
	var token uint64
	for range tokenBytes {
		token = token<<8 | uint64("0123456789abcdef"[n&15])
		n >>= 4
	}
	return token
}

// numberOf undoes tokenOf.
func numberOf(token uint64) (n uint32, ok bool) {
	for range tokenBytes {
		c := byte(token)
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | uint32(c-'0')
		case 'a' <= c && c <= 'f':
			n = n<<4 | uint32(c-'a'+10)
		default:
			return 0, false
		}
		token >>= 8
	}
	return n, true
}
