package tutorial

import (
	"iter"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parley-chat/parley/protocol"
)

// AppendChat appends a message as everyone in its room gets it. ts is in
// milliseconds since 1970.
func AppendChat(dst []byte, username, text string, ts int64) []byte {
	dst = append(dst, `{"type":"chat","username":`...)
	dst = appendString(dst, username)
	dst = append(dst, `,"text":`...)
	dst = appendString(dst, text)
	dst = append(dst, `,"timestamp":`...)
	dst = strconv.AppendInt(dst, ts, 10)
	return append(dst, '}')
}

// AppendSystem appends a notice with the names of a room's sessions. count is
// written where it is not 0: in rooms that have more sessions than names.
func AppendSystem(dst []byte, text string, users iter.Seq[string], count int) []byte {
	dst = append(dst, `{"type":"system","text":`...)
	dst = appendString(dst, text)
	dst = append(dst, `,"users":[`...)
	first := true
	for name := range users {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendString(dst, name)
	}
	dst = append(dst, ']')
	if count != 0 {
		dst = append(dst, `,"count":`...)
		dst = strconv.AppendInt(dst, int64(count), 10)
	}
	return append(dst, '}')
}

// AppendError appends a refusal for its sender alone.
func AppendError(dst []byte, code protocol.Code, rate string) []byte {
	dst = append(dst, `{"type":"error","text":`...)
	if code == protocol.CodeRateLimited {
		dst = appendString(dst, "Slow down! Max "+rate)
	} else {
		dst = appendString(dst, sentences[code])
	}
	return append(dst, '}')
}

// sentences has what the dialect says for each code that a session meets, but
// for CodeRateLimited, whose sentence names the limit.
var sentences = map[protocol.Code]string{
	protocol.CodeInvalidJSON: "Invalid JSON",
	protocol.CodeUnknownType: "Unknown message type",
	protocol.CodeNotJoined:   "Join a room first",
	protocol.CodeInvalidName: "Invalid username",
	protocol.CodeInvalidRoom: "Invalid room",
	protocol.CodeInvalidText: "Invalid text",
	protocol.CodeForbidden:   "Not allowed",
	protocol.CodeUnavailable: "Not saved, try again",
}

// appendString writes s as JSON.stringify does. s is valid UTF-8, which is the
// only error that there could be.
func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

// Verb is what a notice says of people.
type Verb string

// The verbs of notices.
const (
	Joined Verb = "joined"
	Left   Verb = "left"
)

// Notice is the sentence for one or more people who joined or left a room:
// "A joined #R", "A and B joined #R", "A, B and 57 others joined #R". names
// holds at least one, and at least two where more are counted.
func Notice(verb Verb, room string, names []string, count int) string {
	who := names[0]
	switch {
	case count == 2:
		who += " and " + names[1]
	case count == 3:
		who += ", " + names[1] + " and 1 other"
	case count > 3:
		who += ", " + names[1] + " and " + strconv.Itoa(count-2) + " others"
	}
	return who + " " + string(verb) + " #" + room
}
