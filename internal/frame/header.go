package frame

import "encoding/binary"

const (
	finBit   = 0x80
	rsv1Bit  = 0x40
	rsv23    = 0x30
	maskBit  = 0x80
	length16 = 126 // the length is in the next 2 bytes
	length64 = 127 // the length is in the next 8 bytes

	maxControl = 125 // RFC 6455 §5.5
	maxHeader  = 14  // two bytes, a 64-bit length, a masking key
)

type header struct {
	fin, compressed, masked bool
	op                      Opcode
	key                     [4]byte
	length                  int
}

// parseHeader reads the header at the start of b, which isn't empty. size is the
// least that b must hold to say more; h is whole once b holds that. Each field is
// checked as soon as its bytes are there and before the next is looked at, so the
// answer is the same however much has arrived.
func (d *Decoder) parseHeader(b []byte) (h header, size int, fail *Error) {
	if h, fail = d.parseFirst(b[0]); fail != nil || len(b) == 1 {
		return h, 2, fail
	}

	h.masked = b[1]&maskBit != 0
	switch { // RFC 6455 §5.1
	case d.role == Server && !h.masked:
		return h, 0, errUnmasked
	case d.role == Client && h.masked:
		return h, 0, errMasked
	}
	length, size := uint64(b[1]&^maskBit), 2
	switch {
	case h.op.control() && length > maxControl:
		return h, 0, errControlLong
	case length == length16:
		size += 2
	case length == length64:
		size += 8
	}
	keyAt := size
	if h.masked {
		size += len(h.key)
	}
	if len(b) < keyAt {
		return h, size, nil
	}

	if length, fail = extendedLength(length, b[2:keyAt]); fail != nil {
		return h, 0, fail
	}
	if !h.op.control() && length > d.room() {
		return h, 0, tooBig(d.maxBytes)
	}
	h.length = int(length)
	if h.masked && len(b) >= size {
		h.key = [4]byte(b[keyAt:])
	}
	return h, size, nil
}

// parseFirst reads a header's first byte.
func (d *Decoder) parseFirst(b byte) (h header, fail *Error) {
	h = header{fin: b&finBit != 0, compressed: b&rsv1Bit != 0, op: Opcode(b & 0x0F)}
	open := d.open != nil && d.open.op != 0 // a message is unfinished
	switch {
	case b&rsv23 != 0:
		return h, errReservedBits
	case h.op > Binary && h.op < Close || h.op > Pong:
		return h, errReservedOpcode
	case h.compressed && !d.deflate:
		return h, errNotNegotiated
	case h.compressed && (h.op.control() || h.op == Continuation): // RFC 7692 §6.1
		return h, errDeflateBit
	case h.op.control() && !h.fin:
		return h, errControlCut
	case h.op.control():
		return h, nil
	case h.op == Continuation && !open:
		return h, errNothingToGoOn
	case h.op != Continuation && open:
		return h, errStillOpen
	case open && d.open.fragments >= int(d.maxFragments):
		return h, tooManyFragments(int(d.maxFragments))
	}
	return h, nil
}

// room is how many more payload bytes the message may have.
func (d *Decoder) room() uint64 {
	if d.open == nil {
		return uint64(d.maxBytes)
	}
	return uint64(d.maxBytes - len(d.open.payload))
}

// extendedLength is the length that short, the second byte's, and the bytes
// after it spell. RFC 6455 §5.2: the minimal number of bytes MUST be used.
func extendedLength(short uint64, b []byte) (length uint64, fail *Error) {
	switch short {
	case length16:
		length = uint64(binary.BigEndian.Uint16(b))
		if length < length16 {
			return 0, errNotMinimal
		}
	case length64:
		length = binary.BigEndian.Uint64(b)
		switch {
		case length>>63 != 0:
			return 0, errLengthSign
		case length>>16 == 0:
			return 0, errNotMinimal
		}
	default:
		length = short
	}
	return length, nil
}
