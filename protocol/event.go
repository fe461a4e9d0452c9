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
	ID   string `json:"id" min:"1" doc:"Stays the same, whatever the name is. At most 64 bytes."`
	Name string `json:"name" min:"1" max:"40" doc:"As shown. Two users may have the same."`
	Role string `json:"role,omitzero" doc:"What the user's token says; none for a guest. At most 64 bytes."`
}

// Event is a durable fact in a room. One that is read again later carries the
// newest text of its message, and one whose message was deleted none. The tags
// always and may name the kinds that have a field; without them, all have it.
type Event struct {
	Room    string `json:"room" min:"1" max:"64" doc:"The room's name."`
	Seq     Seq    `json:"seq" min:"1" doc:"The event's place in the room's log, from 1, without holes."`
	TS      int64  `json:"ts" doc:"When it was stored: milliseconds since 1970. It never falls within a room."`
	Kind    Kind   `json:"kind" doc:"What the event says."`
	User    User   `json:"user" doc:"Who did it, under the name of that time."`
	Text    string `json:"text,omitzero" may:"message edit topic" max:"4000" doc:"Of a message or an edit: the message's newest text. Of a topic: the topic, missing where it was taken away."`
	Key     string `json:"key,omitzero" may:"message" doc:"Of a message: the key that it was sent with."`
	ReplyTo Seq    `json:"reply_to,omitzero" may:"message" doc:"Of a message: the message that it answers."`
	Target  Seq    `json:"target,omitzero" always:"edit delete react unreact" doc:"Of an edit, delete, react or unreact: the message that it is about."`
	Emoji   string `json:"emoji,omitzero" always:"react unreact" doc:"Of a react or unreact. At most 32 bytes."`
	Edited  int64  `json:"edited,omitzero" may:"message" doc:"Of a message: when its text was last changed, milliseconds since 1970."`
	Deleted bool   `json:"deleted,omitzero" may:"message edit" doc:"Of a message, or of an edit of one: the message was deleted, and its text is gone."`
}
