package protocol

// Code is the typed reason of a refusal: a word on the wire of parley.v1, a
// label in the metrics, and a sentence in the tutorial dialect.
type Code string

// The codes of refusals that a session meets.
const (
	CodeInvalidJSON Code = "invalid_json"
	CodeUnknownType Code = "unknown_type"
	CodeNotJoined   Code = "not_joined"
	CodeRateLimited Code = "rate_limited"
	CodeInvalidName Code = "invalid_name"
	CodeInvalidRoom Code = "invalid_room"
	CodeInvalidText Code = "invalid_text"
	CodeForbidden   Code = "forbidden"
	CodeUnavailable Code = "unavailable"
)

// The codes of refusals at the door, before there is a session.
const (
	CodeBadHandshake      Code = "bad_handshake"       // not an upgrade that RFC 6455 §4.2.1 allows
	CodeUnauthenticated   Code = "unauthenticated"     // no token, or one that does not hold
	CodeOriginRefused     Code = "origin_refused"      // a page of another site
	CodeTooManyHandshakes Code = "too_many_handshakes" // from one address in one second
	CodeTooManySessions   Code = "too_many_sessions"   // of one address or one user
	CodeDraining          Code = "draining"            // the node is going away
)

// Codes lists every code, for those that register counters at start.
func Codes() []Code {
	return []Code{
		CodeInvalidJSON, CodeUnknownType, CodeNotJoined, CodeRateLimited,
		CodeInvalidName, CodeInvalidRoom, CodeInvalidText, CodeForbidden, CodeUnavailable,
		CodeBadHandshake, CodeUnauthenticated, CodeOriginRefused,
		CodeTooManyHandshakes, CodeTooManySessions, CodeDraining,
	}
}

// Error is a refusal: the peer is told its code, and nothing else changes.
type Error struct {
	Code Code
	Text string // for a person; empty where the code says it all
}

func (e *Error) Error() string {
	if e.Text == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Text
}
