package schema

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/parley-chat/parley/protocol"
)

// abouts describe the types whose fields are described where they are declared.
var abouts = map[reflect.Type]string{
	reflect.TypeFor[protocol.User]():        "Who somebody is. Names are free for all, ids are not.",
	reflect.TypeFor[protocol.Event]():       "A durable fact in a room. One that is read again later carries the newest text of its message, and one whose message was deleted none.",
	reflect.TypeFor[protocol.Cursor]():      "A place in one life of a room's log.",
	reflect.TypeFor[protocol.RoomState]():   "Where a room's log stands.",
	reflect.TypeFor[protocol.RoomSummary](): "A room as one user sees it.",

	reflect.TypeFor[protocol.Joined]():   "Answers join. The events from `from` on follow, then caught_up, then those that come.",
	reflect.TypeFor[protocol.Written]():  "Answers send, edit, delete, react, unreact and topic, once the event is stored.",
	reflect.TypeFor[protocol.Page]():     "Answers history.",
	reflect.TypeFor[protocol.Found]():    "Answers search.",
	reflect.TypeFor[protocol.RoomList](): "Answers rooms.",
	reflect.TypeFor[protocol.Marked]():   "Answers read.",
	reflect.TypeFor[protocol.Renamed]():  "Answers rename.",
	reflect.TypeFor[protocol.Pong]():     "Answers ping.",
	reflect.TypeFor[protocol.Nothing]():  "Answers leave and typing: it was done.",

	reflect.TypeFor[protocol.Welcome]():       "The first frame of a session.",
	reflect.TypeFor[protocol.WelcomeLimits](): "What the server takes.",
	reflect.TypeFor[protocol.Refusal]():       "The answer to a command that was not done.",
	reflect.TypeFor[protocol.CaughtUp]():      "Follows the last event that was there when a session joined.",
	reflect.TypeFor[protocol.Presence]():      "A signal: who came into a room and who went. It may be skipped.",
	reflect.TypeFor[protocol.TypingNow]():     "A signal: who is writing something. The newest one counts.",
	reflect.TypeFor[protocol.ReadNow]():       "A signal to a user's sessions: a read mark moved in one of them.",
}

func about(t reflect.Type) string { return abouts[t] }

func aboutKind(kind protocol.Kind) string {
	return map[protocol.Kind]string{
		protocol.KindMessage: "Somebody said something.",
		protocol.KindEdit:    "The message `target` has another text.",
		protocol.KindDelete:  "The message `target` has no text any more.",
		protocol.KindReact:   "Somebody put an emoji on the message `target`.",
		protocol.KindUnreact: "Somebody took their emoji off the message `target`.",
		protocol.KindTopic:   "The room is about something else.",
	}[kind]
}

// refusal is the answer to a command that was not done.
var refusal = frame{protocol.TypeError, protocol.Refusal{}}

// frames are what the server sends beside answers and events.
func frames() []frame {
	return []frame{
		{protocol.TypeWelcome, protocol.Welcome{}},
		refusal,
		{protocol.TypeCaughtUp, protocol.CaughtUp{}},
		{protocol.TypePresence, protocol.Presence{}},
		{protocol.TypeTyping, protocol.TypingNow{}},
		{protocol.TypeRead, protocol.ReadNow{}},
	}
}

type frame struct {
	kind  string // its "type"
	value any
}

// title is how a word begins a definition's name.
func title(word string) string {
	first := []rune(word)[0]
	return string(unicode.ToUpper(first)) + strings.TrimPrefix(word, string(first))
}
