package frame

import "encoding/binary"

// AppendFrame appends a server's frame: whole, unmasked. A control frame's
// payload is at most 125 bytes.
func AppendFrame(dst []byte, op Opcode, payload []byte) []byte {
	dst = appendHeader(dst, finBit|byte(op), 0, len(payload))
	return append(dst, payload...)
}

// AppendMaskedFrame appends a client's frame: whole, masked with key, which must
// be unpredictable (RFC 6455 §5.3). A control frame's payload is at most 125 bytes.
func AppendMaskedFrame(dst []byte, op Opcode, payload []byte, key [4]byte) []byte {
	dst = appendHeader(dst, finBit|byte(op), maskBit, len(payload))
	dst = append(dst, key[:]...)
	start := len(dst)
	dst = append(dst, payload...)
	mask(dst[start:], key, 0)
	return dst
}

// appendHeader appends a header up to the masking key.
func appendHeader(dst []byte, first, masked byte, length int) []byte {
	switch {
	case length < length16:
		return append(dst, first, masked|byte(length))
	case length < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, first, masked|length16), uint16(length))
	default:
		return binary.BigEndian.AppendUint64(append(dst, first, masked|length64), uint64(length))
	}
}
