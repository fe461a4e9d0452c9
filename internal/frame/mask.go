package frame

import (
	"encoding/binary"
	"math/bits"
)

// mask masks or unmasks b, which stands at offset from of its frame's payload
// (RFC 6455 §5.3).
func mask(b []byte, key [4]byte, from int) {
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(from&3))
	k8 := uint64(k)<<32 | uint64(k)
	for len(b) >= 32 {
		w := b[:32]
		binary.LittleEndian.PutUint64(w, binary.LittleEndian.Uint64(w)^k8)
		binary.LittleEndian.PutUint64(w[8:], binary.LittleEndian.Uint64(w[8:])^k8)
		binary.LittleEndian.PutUint64(w[16:], binary.LittleEndian.Uint64(w[16:])^k8)
		binary.LittleEndian.PutUint64(w[24:], binary.LittleEndian.Uint64(w[24:])^k8)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k8)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(k8 >> (8 * i))
	}
}
