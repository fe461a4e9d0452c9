package load

import (
	"encoding/binary"
	"errors"
)

// The opcodes that a server sends (RFC 6455 §5.2).
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

var errFrame = errors.New("a frame that a benchmark's server does not send: fragmented, compressed or masked")

// next finds the first frame in b and its size there; size is 0 while b holds only a part of it.
func next(b []byte) (opcode byte, payload []byte, size int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, nil
	}
	if b[0]&0xF0 != 0x80 || b[1]&0x80 != 0 {
		return 0, nil, 0, errFrame
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
	return b[0] & 0x0F, b[head : head+n], head + n, nil
}

// maskKey masks every frame of the generator. A server must unmask whatever the key is, and nobody is attacked.
var maskKey = [4]byte{0x37, 0xFA, 0x21, 0x3D}

// masked is a client's frame, masked as RFC 6455 §5.3 wants it.
func masked(opcode byte, payload []byte) []byte {
	dst := []byte{0x80 | opcode}
	if len(payload) < 126 {
		dst = append(dst, 0x80|byte(len(payload)))
	} else {
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(len(payload)))
	}
	dst = append(dst, maskKey[:]...)
	for i, c := range payload {
		dst = append(dst, c^maskKey[i&3])
	}
	return dst
}
