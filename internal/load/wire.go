package load

// Wire is how a server is spoken to. All messages are text frames. One value
// serves all sessions of a run, from one goroutine, and keeps nothing of them.
//
// A session is upgraded and sends Open's message, if there is one. Once it has
// read Ready it may join: it sends Join's message, and once it has read Joined
// it is in its room. From then on it reads a Delivery for each Chat of the room,
// its own too.
type Wire interface {
	// Name is the dialect's: tutorial, parley.v1, socket.io, …
	Name() string
	// Path is that of the upgrade, with its query.
	Path(Who) string
	// Subprotocol is what the upgrade offers, and must get; "" for none.
	Subprotocol() string

	// Open appends what a session sends first of all. Nothing appended: nothing is
	// sent. ready: the session may join at once, without waiting to read Ready.
	Open(dst []byte, who Who) (message []byte, ready bool)
	// Join appends what brings a session into its room.
	Join(dst []byte, who Who) []byte
	// Chat appends what says text in the room. text is plain ASCII that JSON needn't
	// escape, and begins with the TokenBytes by which Read finds it again.
	Chat(dst []byte, who Who, text []byte) []byte

	// Read reads the first message of a text frame's payload into m, which is empty,
	// and returns how many bytes of payload it took, 1 or more. It is called again
	// with the rest, if there is one. It may keep parts of payload in m, until it is
	// called again. It must not allocate for a Delivery: it is the hot path.
	Read(payload []byte, m *Message) (size int)
}

// Resumer is a Wire on which whoever comes back is told all that was missed.
// Others must only hear what is said from then on.
type Resumer interface {
	Wire
	// Rejoin is Join for a session that has read all up to the Seq of a Delivery, in
	// the log of the Epoch that Joined told.
	Rejoin(dst []byte, who Who, epoch string, seq uint64) []byte
}

// Pager is a Wire on which a room's history can be read without joining it.
type Pager interface {
	Wire
	// Page appends what asks for up to limit events after a seq; Read answers with
	// Page and how many Events there were.
	Page(dst []byte, who Who, after uint64, limit int) []byte
}

// Who is one session of a run. Names of one run have one length, and so do
// rooms: they are plain ASCII letters and digits.
type Who struct {
	Name string
	Room string
}

// Message is what Wire.Read has found.
type Message struct {
	Kind   Kind
	Token  []byte // Delivery: the text's first TokenBytes
	Seq    uint64 // of a Resumer: a Delivery's place in the log, which begins at 1; of Joined the newest's, 0 for none
	Epoch  []byte // Joined, of a Resumer: what Rejoin is given
	Reply  []byte // Ask: the message to send
	Events int    // Page
	Text   []byte // Refused: what the server said
}

// Kind is what a message is to the generator.
type Kind uint8

// The kinds.
const (
	Other    Kind = iota // nothing to it: a notice, an answer
	Ready                // the session may join
	Joined               // the session is in its room; counts the first time only
	Delivery             // somebody's Chat
	Ask                  // to be answered with Reply: a ping of the wire's own, a step of its handshake
	Page                 // what Pager.Page asked for
	Refused              // an error: the run fails
)

// TokenBytes is how many bytes of a text tell it apart.
const TokenBytes = 8
