package protocol

// The fields of each command, beside its type and id. A pointer is a field that
// may be missing where its zero value has a meaning of its own.
type (
	// Join asks for a room's events: those after a cursor, or the last few, then
	// whatever comes.
	Join struct {
		Room  string  `json:"room" doc:"An open room comes to be when somebody joins it."`
		Since *Cursor `json:"since,omitzero" doc:"The last event that the client has: it is told all that came after."`
		Last  *int    `json:"last,omitzero" doc:"Without since, or where it can't be honoured: how many of the newest events to begin with; 50 unless given, at most 200."`
	}

	// Cursor is a place in one life of a room's log.
	Cursor struct {
		Epoch string `json:"epoch" doc:"Names one life of the log: a cursor of another one means nothing."`
		Seq   Seq    `json:"seq" doc:"The last event that its reader has; 0 for none."`
	}

	// Leave ends a session's presence in a room. The read mark stays.
	Leave struct {
		Room string `json:"room"`
	}

	// Send says something in a room.
	Send struct {
		Room    string `json:"room"`
		Text    string `json:"text" doc:"1 to 4,000 code points."`
		Key     string `json:"key,omitzero" doc:"Makes a repeat harmless: the same key of the same user in the same room is written once. At most 64 bytes."`
		ReplyTo Seq    `json:"reply_to,omitzero" doc:"The message that this one answers."`
	}

	// Edit gives a message of one's own another text.
	Edit struct {
		Room string `json:"room"`
		Seq  Seq    `json:"seq" doc:"The message."`
		Text string `json:"text" doc:"1 to 4,000 code points."`
	}

	// Delete takes a message's text away for good.
	Delete struct {
		Room string `json:"room"`
		Seq  Seq    `json:"seq" doc:"The message."`
	}

	// React puts an emoji on a message; Unreact takes one's own off.
	React struct {
		Room  string `json:"room"`
		Seq   Seq    `json:"seq" doc:"The message."`
		Emoji string `json:"emoji" doc:"At most 32 bytes, and 50 different ones a message."`
	}

	// Topic says what a room is about.
	Topic struct {
		Room string `json:"room"`
		Text string `json:"text" doc:"One line of at most 250 code points; empty for no topic."`
	}

	// History asks for a page of a room's events: before a seq, after one, or, with
	// neither, the newest.
	History struct {
		Room   string `json:"room"`
		Before *Seq   `json:"before,omitzero" doc:"The events before this one."`
		After  *Seq   `json:"after,omitzero" doc:"The events after this one. Not together with before."`
		Limit  *int   `json:"limit,omitzero" doc:"50 unless given, at most 100."`
	}

	// Search asks for messages that have all the words of a text, newest first.
	Search struct {
		Text   string `json:"text" doc:"Words, the last one may be unfinished; 1 to 250 code points."`
		Room   string `json:"room,omitzero" doc:"Of this room alone."`
		Cursor string `json:"cursor,omitzero" doc:"As the answer before gave it: the next page."`
		Limit  *int   `json:"limit,omitzero" doc:"50 unless given, at most 100."`
	}

	// Read moves one's read mark in a room forward.
	Read struct {
		Room string `json:"room"`
		Seq  Seq    `json:"seq" doc:"The last event that was read."`
	}

	// Typing says that one is writing something in a joined room.
	Typing struct {
		Room string `json:"room"`
	}

	// Rename gives a guest another name.
	Rename struct {
		Name string `json:"name" doc:"1 to 40 code points."`
	}

	// Rooms asks for the rooms that there are.
	Rooms struct{}

	// Ping asks for a sign of life.
	Ping struct{}
)
