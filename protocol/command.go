package protocol

// Command is one row of the table of commands. The table defines the frames of
// parley.v1, POST /api/v1/NAME, and the published contract.
type Command struct {
	Name    string
	Doc     string // what it does, in a sentence
	Request any    // the zero value of its fields
	Answer  any    // the zero value of its answer's fields
	Reach   Reach
	Codes   []Code // how it may be refused, beside CommonCodes
}

// Reach is where a command is offered.
type Reach uint8

// The reaches.
const (
	Everywhere  Reach = iota // as a frame and over HTTP
	SessionOnly              // as a frame alone: it is about the session itself
)

// Commands is the table, in the order in which it is published.
func Commands() []Command {
	write := []Code{CodeInvalidRoom, CodeForbidden, CodeRateLimited, CodeUnavailable}
	with := func(codes ...Code) []Code { return append(codes, write...) }
	look := []Code{CodeInvalidRoom, CodeForbidden, CodeUnavailable}
	return []Command{
		{"join", "Come into a room, and be told its events: those after a cursor or the last few, then whatever comes.",
			Join{}, Joined{}, SessionOnly, []Code{CodeInvalidRoom, CodeForbidden, CodeTooLarge, CodeTooMany, CodeUnavailable}},
		{"leave", "Go out of a room.", Leave{}, Nothing{}, SessionOnly, []Code{CodeInvalidRoom, CodeNotJoined}},
		{"send", "Say something in a room. The answer means that it is stored.",
			Send{}, Written{}, Everywhere, with(CodeInvalidText, CodeTooLarge, CodeKeyReused, CodeNotFound)},
		{"edit", "Give a message of one's own another text.", Edit{}, Written{}, Everywhere, with(CodeInvalidText, CodeTooLarge, CodeNotFound)},
		{"delete", "Take a message's text away for good: a message of one's own, or as a moderator or admin anybody's.",
			Delete{}, Written{}, Everywhere, with(CodeNotFound)},
		{"react", "Put an emoji on a message.", React{}, Written{}, Everywhere, with(CodeInvalidEmoji, CodeTooLarge, CodeTooMany, CodeNotFound)},
		{"unreact", "Take one's emoji off a message.", React{}, Written{}, Everywhere, with(CodeInvalidEmoji, CodeTooLarge, CodeNotFound)},
		{"topic", "Say what a room is about.", Topic{}, Written{}, Everywhere, with(CodeInvalidText, CodeTooLarge)},
		{"history", "Get a page of a room's events.", History{}, Page{}, Everywhere, append(look, CodeTooLarge)},
		{"search", "Find messages that have all the words, newest first.",
			Search{}, Found{}, Everywhere, append(look, CodeInvalidText, CodeTooLarge)},
		{"rooms", "Get the rooms that hold events or people.", Rooms{}, RoomList{}, Everywhere, []Code{CodeUnavailable}},
		{"read", "Move one's read mark forward, in all of one's sessions.", Read{}, Marked{}, Everywhere, append(look, CodeRateLimited)},
		{"typing", "Say that one is writing something.", Typing{}, Nothing{}, SessionOnly, []Code{CodeInvalidRoom, CodeNotJoined}},
		{"rename", "Give a guest another name.", Rename{}, Renamed{}, Everywhere, []Code{CodeInvalidName, CodeForbidden}},
		{"revoke", "End what a user was let in with until now, or one token, and the sessions of it on every node: one's own, or as an admin anybody's.",
			Revoke{}, Nothing{}, Everywhere, []Code{CodeForbidden, CodeTooLarge, CodeUnavailable}},
		{"ping", "Get a sign of life.", Ping{}, Pong{}, Everywhere, nil},
	}
}

// CommonCodes are the refusals that any command may meet.
func CommonCodes() []Code {
	return []Code{CodeInvalidJSON, CodeUnknownType, CodeInvalidID, CodeInvalidField, CodeInternal}
}
