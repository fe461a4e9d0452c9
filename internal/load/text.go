package load

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// text is what every chat of a run says: its number as a token, and words that
// bring it to its length.
type text []byte

func newText(bytes int) text {
	const words = "all work and no play makes a long room "
	fill := max(bytes-TokenBytes, 0)
	return text(strings.Repeat("0", TokenBytes) + strings.Repeat(words, fill/len(words)+1)[:fill])
}

// number makes t the text of message n, in place.
func (t text) number(n uint32) text {
	binary.LittleEndian.PutUint64(t, tokenOf(n))
	return t
}

// textBytes is how long a text must be for its delivery to be a frame of so many
// bytes, where the payload of a delivery is empty bytes longer than its text.
func textBytes(frame, empty int) (int, error) {
	head := 2
	if frame > 2+125 {
		head = 4 // for 128 and 129, which no frame has, a byte or two less
	}
	n := frame - head - empty
	if frame > 0 && n < TokenBytes {
		return 0, fmt.Errorf("frame %d: a delivery of this server has %d at least", frame, 2+empty+TokenBytes)
	}
	return max(n, TokenBytes), nil
}

// tokenOf is n in eight hexadecimal digits, as they lie in memory read as a
// little-endian number.
func tokenOf(n uint32) uint64 {
	var token uint64
	for range TokenBytes {
		token = token<<8 | uint64("0123456789abcdef"[n&15])
		n >>= 4
	}
	return token
}

// numberOf undoes tokenOf.
func numberOf(token uint64) (n uint32, ok bool) {
	for range TokenBytes {
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

// spelt is a token as it stands in its text.
func spelt(token uint64) string {
	return fmt.Sprintf("%q", binary.LittleEndian.AppendUint64(nil, token))
}
