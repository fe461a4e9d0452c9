package protocol

// The fields of each command, beside its type and id. A pointer is a field that
// may be missing where its zero value has a meaning of its own. The tags min and
// max bound a number, or a string's code points; what is counted otherwise stands
// in the doc.
type (
	// Join asks for a room's events: those after a cursor, or the last few, then
	// whatever comes.
	Join struct {
		Room  string  `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC. An open room comes to be when somebody joins it."`
		Since *Cursor `json:"since,omitzero" doc:"The last event that the client has: it is told all that came after."`
		Last  *int    `json:"last,omitzero" min:"0" max:"200" doc:"Without since, or where it can't be honoured: how many of the newest events to begin with; 50 unless given."`
	}

	// Cursor is a place in one life of a room's log.
	Cursor struct {
		Epoch string `json:"epoch" doc:"Names one life of the log: a cursor of another one means nothing."`
		Seq   Seq    `json:"seq" doc:"The last event that its reader has; 0 for none."`
	}

	// Leave ends a session's presence in a room. The read mark stays.
	Leave struct {
		Room string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
	}

	// Send says something in a room.
	Send struct {
		Room    string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
		Text    string `json:"text" min:"1" max:"4000" doc:"CR LF and CR become newline; otherwise it stays as typed."`
		Key     string `json:"key,omitzero" doc:"Makes a repeat harmless: the same key of the same user in the same room is written once. At most 64 bytes."`
		ReplyTo Seq    `json:"reply_to,omitzero" doc:"The message that this one answers."`
	}

	// Edit gives a message of one's own another text.
	Edit struct {
		Room string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
		Seq  Seq    `json:"seq" min:"1" doc:"The message."`
		Text string `json:"text" min:"1" max:"4000" doc:"CR LF and CR become newline; otherwise it stays as typed."`
	}

	// Delete takes a message's text away for good.
	Delete struct {
		Room string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
		Seq  Seq    `json:"seq" min:"1" doc:"The message."`
	}

	// React puts an emoji on a message; Unreact takes one's own off.
	React struct {
		Room  string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
		Seq   Seq    `json:"seq" min:"1" doc:"The message."`
		Emoji string `json:"emoji" min:"1" doc:"At most 32 bytes, and 50 different ones a message."`
	}

	// Topic says what a room is about.
	Topic struct {
		Room string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
		Text string `json:"text" max:"250" doc:"One line; empty for no topic."`
	}

	// History asks for a page of a room's events: before a seq, after one, or, with
	// neither, the newest.
	History struct {
		Room   string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
		Before *Seq   `json:"before,omitzero" doc:"The events before this one."`
		After  *Seq   `json:"after,omitzero" doc:"The events after this one. Not together with before."`
		Limit  *int   `json:"limit,omitzero" min:"0" max:"100" doc:"How many at most; 50 unless given."`
	}

	// Search asks for messages that have all the words of a text, newest first.
	Search struct {
		Text   string `json:"text" min:"1" max:"250" doc:"Words, the last one may be unfinished."`
		Room   string `json:"room,omitzero" doc:"In this room alone."`
		Cursor string `json:"cursor,omitzero" doc:"As the answer before gave it: the next page."`
		Limit  *int   `json:"limit,omitzero" min:"0" max:"100" doc:"How many at most; 50 unless given."`
	}

	// Read moves one's read mark in a room forward.
	Read struct {
		Room string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
		Seq  Seq    `json:"seq" doc:"The last event that was read."`
	}

	// Typing says that one is writing something in a joined room.
	Typing struct {
		Room string `json:"room" min:"1" doc:"The room's name: 1 to 64 code points, counted in Unicode NFC."`
	}

	// Rename gives a guest another name.
	Rename struct {
		Name string `json:"name" min:"1" doc:"1 to 40 code points, counted in Unicode NFC."`
	}

	// Revoke ends what a user was let in with until now, or a single token. It has one of
	// the two.
	Revoke struct {
		User  string `json:"user,omitzero" doc:"The id of a user: the tokens and passes of theirs that were made until now hold no more. At most 64 bytes. Not together with token."`
		Token string `json:"token,omitzero" doc:"A token that holds: it does no more. Of a guest's pass, the guest is ended. At most 8 KiB."`
	}

	// Rooms asks for the rooms that there are.
	Rooms struct{}

	// Ping asks for a sign of life.
	Ping struct{}
)
