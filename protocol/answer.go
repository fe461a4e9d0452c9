package protocol

// The fields of each command's answer, beside its type and the command's id.
type (
	// Joined answers Join. The events from From on follow, then those that come.
	Joined struct {
		Room  RoomState `json:"room"`
		From  Seq       `json:"from" doc:"The first event that follows; head + 1 if none does yet."`
		Count int       `json:"count" doc:"How many users are present."`
		Reset Reset     `json:"reset,omitzero" doc:"Why since could not be honoured: the client starts over from the events that follow."`
	}

	// RoomState is where a room's log stands.
	RoomState struct {
		Name  string `json:"name"`
		Epoch string `json:"epoch" doc:"Names this life of the log."`
		First Seq    `json:"first" doc:"The oldest event that is kept; head + 1 if none is."`
		Head  Seq    `json:"head" doc:"The newest event; 0 for none."`
		Topic string `json:"topic" doc:"What the room is about; may be empty."`
	}

	// Written answers Send, Edit, Delete, React, Unreact and Topic, once the event is
	// as safe as the store makes it.
	Written struct {
		Seq      Seq   `json:"seq"`
		TS       int64 `json:"ts" doc:"When it was stored, milliseconds since 1970."`
		Repeated bool  `json:"repeated,omitzero" doc:"It had been done before: seq and ts are those of that time."`
	}

	// Page answers History.
	Page struct {
		Events []Event `json:"events" doc:"Lowest seq first."`
		First  Seq     `json:"first" doc:"The room's oldest event that is kept."`
		Head   Seq     `json:"head" doc:"The room's newest event."`
	}

	// Found answers Search.
	Found struct {
		Events  []Event `json:"events" doc:"Messages, newest first."`
		Cursor  string  `json:"cursor,omitzero" doc:"There is more: give it with the same search."`
		Indexed int64   `json:"indexed" doc:"What was said up to then can be found: milliseconds since 1970."`
	}

	// RoomList answers Rooms.
	RoomList struct {
		Rooms []RoomSummary `json:"rooms"`
	}

	// RoomSummary is a room as one user sees it. Unread are others' messages after
	// the read mark that aren't deleted; mentions are those of them with @ and the
	// user's name.
	RoomSummary struct {
		Name     string `json:"name"`
		Topic    string `json:"topic"`
		Head     Seq    `json:"head" doc:"The newest event; 0 for none."`
		Read     Seq    `json:"read" doc:"One's read mark; 0 for none."`
		Unread   int    `json:"unread"`
		Mentions int    `json:"mentions"`
		Count    int    `json:"count" doc:"How many users are present."`
	}

	// Marked answers Read.
	Marked struct {
		Seq      Seq `json:"seq" doc:"Where the read mark is now: it never goes back."`
		Unread   int `json:"unread"`
		Mentions int `json:"mentions"`
	}

	// Renamed answers Rename.
	Renamed struct {
		User User   `json:"user"`
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
