package protocol

// Seq is an event's place in its room's log: 1 is the first, and there are no
// holes. As a cursor it names the last event that its reader has, 0 for none.
type Seq uint64

// Kind is what an event says.
type Kind string

// The kinds of events. Every change of a message is an event of its own, which
// names the message as its target.
const (
	KindMessage Kind = "message"
	KindEdit    Kind = "edit"    // Target has another text
	KindDelete  Kind = "delete"  // Target has no text any more
	KindReact   Kind = "react"   // User put Emoji on Target
	KindUnreact Kind = "unreact" // User took Emoji off Target
	KindTopic   Kind = "topic"   // Text is what the room is about; empty for nothing
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{KindMessage, KindEdit, KindDelete, KindReact, KindUnreact, KindTopic}
}

// User is who somebody is. Names are free for all, ids are not.
type User struct {
	ID   string `json:"id" doc:"Stays the same, whatever the name is."`
	Name string `json:"name" doc:"As shown, at most 40 code points."`
	Role string `json:"role,omitzero" doc:"What the user's token says; none for a guest."`
}

// Event is a durable fact in a room. One that is read again later carries the
// newest text of its message, and one whose message was deleted none.
type Event struct {
	Room    string `json:"room" doc:"The room's name."`
	Seq     Seq    `json:"seq" doc:"The event's place in the room's log, from 1, without holes."`
	TS      int64  `json:"ts" doc:"When it was stored: milliseconds since 1970. It never falls within a room."`
	Kind    Kind   `json:"kind" doc:"What the event says."`
	User    User   `json:"user" doc:"Who did it, under the name of that time."`
	Text    string `json:"text,omitzero" doc:"Of a message or an edit: the message's newest text. Of a topic: the topic."`
	Key     string `json:"key,omitzero" doc:"Of a message: the key that it was sent with."`
	ReplyTo Seq    `json:"reply_to,omitzero" doc:"Of a message: the message that it answers."`
	Target  Seq    `json:"target,omitzero" doc:"Of an edit, delete, react or unreact: the message that it is about."`
	Emoji   string `json:"emoji,omitzero" doc:"Of a react or unreact."`
	Edited  int64  `json:"edited,omitzero" doc:"Of a message: when its text was last changed, milliseconds since 1970."`
	Deleted bool   `json:"deleted,omitzero" doc:"Of a message, or of an edit of one: the message was deleted, and its text is gone."`
}
