package protocol

// The fields of each command's answer, beside its type and the command's id.
type (
	// Joined answers Join. The events from From on follow, then those that come.
	Joined struct {
		Room  RoomState `json:"room" doc:"Where the room's log stands."`
		From  Seq       `json:"from" min:"1" doc:"The first event that follows; head + 1 if none does yet."`
		Count int       `json:"count" doc:"How many users are present."`
		Reset Reset     `json:"reset,omitzero" enum:"epoch purged ahead" doc:"Why since could not be honoured: the client starts over from the events that follow."`
	}

	// RoomState is where a room's log stands.
	RoomState struct {
		Name  string `json:"name" min:"1" max:"64" doc:"In Unicode NFC, as it is in all that follows."`
		Epoch string `json:"epoch" min:"1" doc:"Names this life of the log."`
		First Seq    `json:"first" min:"1" doc:"The oldest event that is kept; head + 1 if none is."`
		Head  Seq    `json:"head" doc:"The newest event; 0 for none."`
		Topic string `json:"topic" max:"250" doc:"What the room is about; may be empty."`
	}

	// Written answers Send, Edit, Delete, React, Unreact and Topic, once the event is
	// as safe as the store makes it.
	Written struct {
		Seq      Seq   `json:"seq" doc:"The event's place in the room's log; 0 where there was nothing to do and never had been."`
		TS       int64 `json:"ts" doc:"When it was stored, milliseconds since 1970."`
		Repeated bool  `json:"repeated,omitzero" doc:"It had been done before: seq and ts are those of that time."`
	}

	// Page answers History.
	Page struct {
		Events []Event `json:"events" max:"100" doc:"As they come live, lowest seq first."`
		First  Seq     `json:"first" min:"1" doc:"The room's oldest event that is kept; head + 1 if none is."`
		Head   Seq     `json:"head" doc:"The room's newest event; 0 for none."`
	}

	// Found answers Search.
	Found struct {
		Events  []Event `json:"events" max:"100" doc:"Messages, newest first."`
		Cursor  string  `json:"cursor,omitzero" doc:"There is more: give it with the same search."`
		Indexed int64   `json:"indexed" doc:"What was said up to then can be found: milliseconds since 1970."`
	}

	// RoomList answers Rooms.
	RoomList struct {
		Rooms []RoomSummary `json:"rooms" doc:"By name."`
	}

	// RoomSummary is a room as one user sees it. Unread are others' messages after
	// the read mark that aren't deleted; mentions are those of them with @ and the
	// user's name.
	RoomSummary struct {
		Name     string `json:"name" min:"1" max:"64" doc:"In Unicode NFC."`
		Topic    string `json:"topic" max:"250" doc:"What the room is about; may be empty."`
		Head     Seq    `json:"head" doc:"The newest event; 0 for none."`
		Read     Seq    `json:"read" doc:"One's read mark; 0 for none."`
		Unread   int    `json:"unread" doc:"Others' messages after the read mark that aren't deleted."`
		Mentions int    `json:"mentions" doc:"Those of them with @ and one's name."`
		Count    int    `json:"count" doc:"How many users are present."`
	}

	// Marked answers Read.
	Marked struct {
		Seq      Seq `json:"seq" doc:"Where the read mark is now: it never goes back."`
		Unread   int `json:"unread" doc:"Others' messages after it that aren't deleted."`
		Mentions int `json:"mentions" doc:"Those of them with @ and one's name."`
	}

	// Renamed answers Rename.
	Renamed struct {
		User User   `json:"user" doc:"Who one is now."`
		Pass string `json:"pass,omitzero" doc:"The guest's pass, with the new name."`
	}

	// Pong answers Ping.
	Pong struct {
		Time int64 `json:"time" doc:"The server's clock, milliseconds since 1970."`
	}

	// Nothing answers commands that have nothing to tell.
	Nothing struct{}
)

// Reset is why a cursor could not be honoured.
type Reset string

// The reasons for a reset.
const (
	ResetEpoch  Reset = "epoch"  // it is of another life of the log
	ResetPurged Reset = "purged" // what comes after it is no longer kept
	ResetAhead  Reset = "ahead"  // the log isn't that long
)
