package protocol

// What the server sends beside events and the answers to commands. Each is one
// text frame with a "type" member that comes first.
type (
	// Welcome is the first frame of a session.
	Welcome struct {
		Type    string        `json:"type"`
		Session string        `json:"session" min:"1" doc:"Names this session in the server's log."`
		User    User          `json:"user" doc:"Who one is."`
		Pass    string        `json:"pass,omitzero" doc:"A guest's proof of being the same user next time: good for 90 days after its last use."`
		Limits  WelcomeLimits `json:"limits" doc:"What the server takes."`
		Time    int64         `json:"time" doc:"The server's clock, milliseconds since 1970."`
	}

	// WelcomeLimits is what the server takes.
	WelcomeLimits struct {
		MessageBytes int   `json:"message_bytes" doc:"Of a frame."`
		TextRunes    int   `json:"text_runes" doc:"Code points of a text."`
		NameRunes    int   `json:"name_runes" doc:"Code points of a name."`
		RoomRunes    int   `json:"room_runes" doc:"Code points of a room's name."`
		TopicRunes   int   `json:"topic_runes" doc:"Code points of a topic."`
		KeyBytes     int   `json:"key_bytes" doc:"Of an id or a key."`
		Rooms        int   `json:"rooms" doc:"That a session may be in at once."`
		RateCount    int   `json:"rate_count" doc:"So many messages …; 0 for no limit."`
		RateMS       int64 `json:"rate_ms" doc:"… in any stretch of so many milliseconds."`
		TypingMS     int64 `json:"typing_ms" doc:"How long after the last typing command one counts as typing."`
	}

	// Refusal is the answer to a command that was not done.
	Refusal struct {
		Type    string `json:"type"`
		ID      string `json:"id,omitzero" doc:"The command's; missing where it could not be read."`
		Code    Code   `json:"code" doc:"Why, for a program."`
		Text    string `json:"text" doc:"Why, for a person."`
		RetryMS int64  `json:"retry_ms,omitzero" doc:"Waiting so many milliseconds helps."`
	}

	// CaughtUp follows the last event that was there when a session joined.
	CaughtUp struct {
		Type string `json:"type"`
		Room string `json:"room" min:"1" max:"64" doc:"The room's name."`
		Seq  Seq    `json:"seq" doc:"Of that event; the room's head at the time."`
	}

	// Presence is a signal: who came into a room and who went. It may be skipped.
	Presence struct {
		Type   string `json:"type"`
		Room   string `json:"room" min:"1" max:"64" doc:"The room's name."`
		All    bool   `json:"all,omitzero" doc:"Joined is everybody who is there, or the first 200 of them: what was known before no longer counts."`
		Joined []User `json:"joined" max:"200" doc:"Who came, or with all who is there."`
		Left   []User `json:"left" max:"200" doc:"Who went."`
		Count  int    `json:"count" doc:"How many users are present."`
	}

	// TypingNow is a signal: who is writing something. The newest one counts.
	TypingNow struct {
		Type  string `json:"type"`
		Room  string `json:"room" min:"1" max:"64" doc:"The room's name."`
		Users []User `json:"users" doc:"Empty for nobody."`
	}

	// ReadNow is a signal to a user's sessions: a read mark moved in one of them.
	ReadNow struct {
		Type     string `json:"type"`
		Room     string `json:"room" min:"1" max:"64" doc:"The room's name."`
		Seq      Seq    `json:"seq" doc:"Where the read mark is now."`
		Unread   int    `json:"unread" doc:"Others' messages after it that aren't deleted."`
		Mentions int    `json:"mentions" doc:"Those of them with @ and one's name."`
	}
)

// The types of frames that a server sends.
const (
	TypeWelcome  = "welcome"
	TypeOK       = "ok"
	TypeError    = "error"
	TypeEvent    = "event"
	TypeCaughtUp = "caught_up"
	TypePresence = "presence"
	TypeTyping   = "typing"
	TypeRead     = "read"
)
