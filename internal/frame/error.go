package frame

import "fmt"

// The close codes that an Error may hold (RFC 6455 §7.4.1).
const (
	protocolError   = 1002
	invalidData     = 1007
	policyViolation = 1008
	messageTooBig   = 1009
)

// Error is a rule of the wire that the peer broke. Code and Reason are what the
// close frame that answers it should hold.
type Error struct {
	Code   uint16 // 1002, 1007, 1008 or 1009
	Reason string // at most 123 bytes; says what would be right
}

func (e *Error) Error() string {
	return fmt.Sprintf("websocket %d: %s", e.Code, e.Reason)
}

var (
	errReservedBits   = &Error{protocolError, "RSV2 and RSV3 must be 0: no extension that uses them was negotiated"}
	errReservedOpcode = &Error{protocolError, "the opcode is reserved: use 0, 1, 2, 8, 9 or 10"}
	errNotNegotiated  = &Error{protocolError, "RSV1 must be 0: permessage-deflate was not negotiated"}
	errDeflateBit     = &Error{protocolError, "RSV1 must be 0 except on the first frame of a data message"}
	errControlCut     = &Error{protocolError, "a control frame must not be fragmented"}
	errControlLong    = &Error{protocolError, "a control frame carries at most 125 bytes"}
	errNothingToGoOn  = &Error{protocolError, "a continuation frame needs an unfinished message: begin with text or binary"}
	errStillOpen      = &Error{protocolError, "a fragmented message is unfinished: go on with continuation frames"}
	errUnmasked       = &Error{protocolError, "a client must mask its frames"}
	errMasked         = &Error{protocolError, "a server must not mask its frames"}
	errNotMinimal     = &Error{protocolError, "a length must take the fewest bytes that hold it"}
	errLengthSign     = &Error{protocolError, "a 64-bit length must have its top bit 0"}
	errUTF8           = &Error{invalidData, "text must be valid UTF-8"}
	errDeflate        = &Error{invalidData, "a compressed message must be valid DEFLATE data (RFC 7692 section 7.2.1)"}
	errCloseLength    = &Error{protocolError, "a close payload is empty or begins with a code of 2 bytes"}
	errCloseCode      = &Error{protocolError, "a close code must be 1000-1003, 1007-1014 or 3000-4999"}
	errCloseUTF8      = &Error{invalidData, "a close reason must be valid UTF-8"}
)

func tooBig(limit int) *Error {
	return &Error{messageTooBig, fmt.Sprintf("a message is at most %d bytes", limit)}
}

func tooBigInflated(limit int) *Error {
	return &Error{messageTooBig, fmt.Sprintf("a message is at most %d bytes once inflated", limit)}
}

func tooManyFragments(limit int) *Error {
	return &Error{policyViolation, fmt.Sprintf("a message has at most %d fragments", limit)}
}
