package protocol

import (
	"net/http"
	"time"
)

// Code is the typed reason of a refusal: a word on the wire of parley.v1, a
// label in the metrics, and a sentence in the tutorial dialect.
type Code string

// The codes of refusals that a session or a POST to /api/v1 meets.
const (
	CodeInvalidJSON  Code = "invalid_json"
	CodeUnknownType  Code = "unknown_type"
	CodeInvalidID    Code = "invalid_id"    // none, or no string of 1 to 64 bytes without control characters
	CodeInvalidField Code = "invalid_field" // missing, or of the wrong type; the text names it
	CodeInvalidName  Code = "invalid_name"
	CodeInvalidRoom  Code = "invalid_room"
	CodeInvalidText  Code = "invalid_text"
	CodeInvalidEmoji Code = "invalid_emoji"
	CodeNotJoined    Code = "not_joined"
	CodeRateLimited  Code = "rate_limited"
	CodeTooLarge     Code = "too_large"  // longer, or more, than the limit that the text names
	CodeTooMany      Code = "too_many"   // rooms of a session, emoji of a message
	CodeKeyReused    Code = "key_reused" // the key was used for another message
	CodeForbidden    Code = "forbidden"
	CodeNotFound     Code = "not_found"
	CodeUnavailable  Code = "unavailable"
	CodeInternal     Code = "internal" // a fault of ours
)

// The codes of refusals at the door, before there is a session.
const (
	CodeBadHandshake      Code = "bad_handshake"       // not an upgrade that RFC 6455 §4.2.1 allows
	CodeUnauthenticated   Code = "unauthenticated"     // no token, or one that does not hold
	CodeOriginRefused     Code = "origin_refused"      // a page of another site
	CodeTooManyHandshakes Code = "too_many_handshakes" // from one address in one second
	CodeTooManySessions   Code = "too_many_sessions"   // of one address or one user
	CodeDraining          Code = "draining"            // the node is going away
	CodeOverloaded        Code = "overloaded"          // more come in at once than may wait
)

// Codes lists every code, for those that register counters at start.
func Codes() []Code {
	return []Code{
		CodeInvalidJSON, CodeUnknownType, CodeInvalidID, CodeInvalidField,
		CodeInvalidName, CodeInvalidRoom, CodeInvalidText, CodeInvalidEmoji,
		CodeNotJoined, CodeRateLimited, CodeTooLarge, CodeTooMany, CodeKeyReused,
		CodeForbidden, CodeNotFound, CodeUnavailable, CodeInternal,
		CodeBadHandshake, CodeUnauthenticated, CodeOriginRefused,
		CodeTooManyHandshakes, CodeTooManySessions, CodeDraining, CodeOverloaded,
	}
}

// Error is a refusal: the peer is told its code, and nothing else changes.
type Error struct {
	Code Code
	Text string // for a person; empty where the code says it all

	Retry time.Duration // waiting so long helps; 0 where it doesn't
}

func (e *Error) Error() string {
	if e.Text == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Text
}

// HTTPStatus is how POST /api/v1 says a code (RFC 9110 §15).
func (c Code) HTTPStatus() int {
	switch c {
	case CodeUnauthenticated:
		return http.StatusUnauthorized
	case CodeForbidden, CodeOriginRefused:
		return http.StatusForbidden
	case CodeNotFound, CodeUnknownType:
		return http.StatusNotFound
	case CodeNotJoined, CodeKeyReused, CodeTooMany:
		return http.StatusConflict
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeRateLimited, CodeTooManyHandshakes, CodeTooManySessions:
		return http.StatusTooManyRequests
	case CodeUnavailable, CodeDraining, CodeOverloaded, CodeInternal:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// Sentence is a code as a person reads it, where there is nothing more to say.
func (c Code) Sentence() string {
	switch c {
	case CodeUnknownType:
		return "there is no such command"
	case CodeInvalidID:
		return "id: want a string of 1 to 64 bytes"
	case CodeInvalidName:
		return "name: want 1 to 40 visible characters"
	case CodeInvalidRoom:
		return "room: want 1 to 64 visible characters"
	case CodeInvalidText:
		return "text: want 1 to 4000 characters, no control characters but tab and newline"
	case CodeNotJoined:
		return "join the room first"
	case CodeRateLimited:
		return "too much at once: wait a moment"
	case CodeTooMany:
		return "there are as many as there may be"
	case CodeKeyReused:
		return "the key was used for another message"
	case CodeForbidden:
		return "this isn't yours to do"
	case CodeNotFound:
		return "there is no such message"
	case CodeUnavailable:
		return "it could not be saved or looked up now: try again"
	case CodeInternal:
		return "something went wrong here: try again"
	}
	return string(c)
}
