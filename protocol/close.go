package protocol

// CloseCode is the status in a close frame (RFC 6455 §7.4). It tells a client
// what to do next.
type CloseCode uint16

// The close codes that Parley sends.
const (
	CloseNormal        CloseCode = 1000 // answers a close of the client's own
	CloseGoingAway     CloseCode = 1001 // the node drains: reconnect with jitter
	CloseProtocolError CloseCode = 1002 // stop and report
	CloseUnsupported   CloseCode = 1003 // stop and report
	CloseInvalidData   CloseCode = 1007 // text that is not UTF-8: stop and report
	ClosePolicy        CloseCode = 1008 // against the rules: stop and report
	CloseTooBig        CloseCode = 1009 // stop and report
	CloseNoStatus      CloseCode = 1005 // answers a close that names no code; never on the wire
	CloseInternal      CloseCode = 1011 // a fault of ours: wait, then reconnect
	CloseOverloaded    CloseCode = 1013 // wait, then reconnect
	CloseTokenExpired  CloseCode = 4401 // stop; ask the person to sign in again
	CloseLimited       CloseCode = 4429 // went on after being limited: wait, then reconnect
	CloseTooSlow       CloseCode = 4500 // read too slowly: reconnect and resume
)

// CloseCodes lists every code above, for those that register counters at start.
func CloseCodes() []CloseCode {
	return []CloseCode{
		CloseNormal, CloseGoingAway, CloseProtocolError, CloseUnsupported, CloseInvalidData, ClosePolicy,
		CloseTooBig, CloseNoStatus, CloseInternal, CloseOverloaded, CloseTokenExpired, CloseLimited, CloseTooSlow,
	}
}
