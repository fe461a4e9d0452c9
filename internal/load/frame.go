package load

import (
	"encoding/binary"
	"fmt"

	"github.com/parley-chat/parley/internal/frame"
)

// next finds the first frame in b and its size there; size is 0 while b holds only
// a part of it. internal/frame could do it, too, but checks all that a peer may do
// wrong; here a delivery is to cost nothing, and nobody fragments or compresses
// unasked.
func next(b []byte) (op frame.Opcode, payload []byte, size int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, nil
	}
	if b[0]&0xF0 != 0x80 || b[1]&0x80 != 0 {
		return 0, nil, 0, fmt.Errorf("%w: a frame that is fragmented, compressed or masked", ErrBroken)
	}
	head, n := 2, int(b[1])
	switch n {
	case 126:
		if head = 4; len(b) >= head {
			n = int(binary.BigEndian.Uint16(b[2:]))
		}
	case 127:
		if head = 10; len(b) >= head {
			n = int(binary.BigEndian.Uint64(b[2:]))
		}
	}
	if len(b) < head || n < 0 || len(b)-head < n {
		return 0, nil, 0, nil
	}
	return frame.Opcode(b[0] & 0x0F), b[head : head+n], head + n, nil
}

// maskKey masks every frame of the generator. A server must unmask whatever the
// key is, and nobody is attacked.
var maskKey = [4]byte{0x37, 0xFA, 0x21, 0x3D}
