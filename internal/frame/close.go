package frame

import (
	"encoding/binary"
	"unicode/utf8"
)

const (
	noStatus       = 1005 // what a Close without a payload means; never on the wire
	maxCloseReason = maxControl - 2
)

// AppendClose appends a server's Close frame. reason is valid UTF-8; what it has
// beyond 123 bytes is left off, at a whole character. Code 1005, which is what
// ParseClose says of an empty payload, gives an empty payload again.
func AppendClose(dst []byte, code uint16, reason string) []byte {
	if code == noStatus {
		return AppendFrame(dst, Close, nil)
	}
	if len(reason) > maxCloseReason {
		end := maxCloseReason
		for end > 0 && !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	dst = appendHeader(dst, finBit|byte(Close), 0, 2+len(reason))
	dst = binary.BigEndian.AppendUint16(dst, code)
	return append(dst, reason...)
}

// ParseClose reads the payload of a Close frame. An empty one gives 1005. err is
// an *Error.
func ParseClose(payload []byte) (code uint16, reason string, err error) {
	switch len(payload) {
	case 0:
		return noStatus, "", nil
	case 1:
		return 0, "", errCloseLength
	}
	code = binary.BigEndian.Uint16(payload)
	switch {
	case !sendable(code):
		return 0, "", errCloseCode
	case !utf8.Valid(payload[2:]):
		return 0, "", errCloseUTF8
	}
	return code, string(payload[2:]), nil
}

// sendable reports whether code may stand in a Close frame: RFC 6455 §7.4, and
// IANA's registry, which added 1012 to 1014. 1004 is reserved; 1005, 1006 and
// 1015 are for local use.
func sendable(code uint16) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
}
