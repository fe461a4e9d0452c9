package schema

import (
	"slices"

	"github.com/parley-chat/parley/protocol"
)

// CodeRow says what a code means, and what a client does next.
type CodeRow struct {
	Code          protocol.Code
	Meaning, Next string
}

// Codes describes every code of a refusal, those at the door last.
func Codes() []CodeRow {
	const (
		fault = "A fault of the client: sent again, it is refused again."
		ask   = "Tells the person, who can write it otherwise."
		wait  = "Waits, for retry_ms if it is there, and sends it again, with the same key."
	)
	return []CodeRow{
		{protocol.CodeInvalidJSON, "It is no JSON object, or names a member twice.", fault},
		{protocol.CodeUnknownType, "There is no such command here.", "Does without: the server may be older."},
		{protocol.CodeInvalidID, "The id is missing, or no string of 1 to 64 bytes without control characters.", fault},
		{protocol.CodeInvalidField, "A field is missing or of the wrong type; the text names it.", fault},
		{protocol.CodeInvalidName, "No name of a user: too long, empty, or with something unseen in it.", ask},
		{protocol.CodeInvalidRoom, "No name of a room: too long, empty, or with something unseen in it.", ask},
		{protocol.CodeInvalidText, "Empty, or with control characters.", ask},
		{protocol.CodeInvalidEmoji, "Not an emoji.", fault},
		{protocol.CodeNotJoined, "The session isn't in the room.", "Joins it first."},
		{protocol.CodeRateLimited, "More than the server's rate allows.", wait},
		{protocol.CodeTooLarge, "Longer, or more, than the limit that the text names.", ask},
		{protocol.CodeTooMany, "The session is in 100 rooms, or the message has 50 different emoji.", "Leaves a room; takes an emoji that is there."},
		{protocol.CodeKeyReused, "The key was used for another message.", "A fault of the client: each message gets a key of its own."},
		{protocol.CodeForbidden, "One may not.", "Tells the person."},
		{protocol.CodeNotFound, "There is no such message, or it was deleted or purged.", "Shows it no longer."},
		{protocol.CodeUnavailable, "It can't be saved or looked up now.", wait},
		{protocol.CodeInternal, "A fault of the server.", wait},
		{protocol.CodeBadHandshake, "Not an upgrade that RFC 6455 allows; the text says what would be right.", fault},
		{protocol.CodeUnauthenticated, "A token or pass is needed, and there is none or it doesn't hold.", "Asks the person to sign in."},
		{protocol.CodeOriginRefused, "A page of another site.", "Tells the person: the server's operator lets origins in."},
		{protocol.CodeTooManyHandshakes, "Too many handshakes of one address in a second.", "Waits for Retry-After, then tries again."},
		{protocol.CodeTooManySessions, "Too many sessions of one address, or of one user.", "Tells the person, who can close one."},
		{protocol.CodeDraining, "The node is going away.", "Waits for Retry-After, then tries again."},
		{protocol.CodeOverloaded, "More come in at once than may wait at the door.", "Waits for Retry-After, then tries again."},
	}
}

// CloseRow says what a close code means, and what a client does next.
type CloseRow struct {
	Code          protocol.CloseCode
	Meaning, Next string
}

// CloseCodes describes every close code that a client may see.
func CloseCodes() []CloseRow {
	const (
		stop  = "Stops and reports."
		wait  = "Waits, then reconnects and resumes."
		again = "Reconnects and resumes."
	)
	return []CloseRow{
		{protocol.CloseNormal, "Answers the client's own close.", "Nothing."},
		{protocol.CloseGoingAway, "The node is draining.", "Reconnects with jitter, and resumes."},
		{protocol.CloseProtocolError, "RFC 6455 was broken; the reason says how.", stop},
		{protocol.CloseUnsupported, "A kind of message that the dialect doesn't have.", stop},
		{protocol.CloseInvalidData, "Text that isn't UTF-8, or data that doesn't inflate.", stop},
		{protocol.ClosePolicy, "Too many fragments, or a message that was never finished.", stop},
		{protocol.CloseTooBig, "A message above 64 KiB.", stop},
		{protocol.CloseInternal, "A fault of the server.", wait},
		{protocol.CloseOverloaded, "The node has too much to do.", wait},
		{protocol.CloseTokenExpired, "The token has expired, or was revoked.", "Stops, and asks the person to sign in."},
		{protocol.CloseLimited, "Went on after being limited: 100 refusals in a minute.", wait},
		{protocol.CloseTooSlow, "Read too slowly.", again},
	}
}

// SocketCodes are the refusals that a command may meet as a frame.
func SocketCodes(c protocol.Command) []protocol.Code {
	return sorted(protocol.CommonCodes(), c.Codes)
}

// doorCodes are the refusals that a request may meet at the door.
var doorCodes = []protocol.Code{
	protocol.CodeUnauthenticated, protocol.CodeOriginRefused, protocol.CodeTooManyHandshakes,
	protocol.CodeTooManySessions, protocol.CodeDraining, protocol.CodeUnavailable,
}

// HTTPCodes are the refusals that a command may meet as a POST: its name is the
// path, but each has to come through the door.
func HTTPCodes(c protocol.Command) []protocol.Code {
	body := []protocol.Code{protocol.CodeInvalidJSON, protocol.CodeInvalidID, protocol.CodeInvalidField, protocol.CodeTooLarge, protocol.CodeInternal}
	return sorted(doorCodes, body, c.Codes)
}

// sorted are the codes of all lists, each once, in the order of protocol.Codes.
func sorted(lists ...[]protocol.Code) []protocol.Code {
	all := slices.Concat(lists...)
	return slices.DeleteFunc(protocol.Codes(), func(c protocol.Code) bool { return !slices.Contains(all, c) })
}
