package protocol

// Dialect is the language of a session's frames. The subprotocol that a client
// asks for at its upgrade chooses it; asking for none chooses Tutorial.
type Dialect uint8

// The dialects.
const (
	Tutorial Dialect = iota // JSON text frames as the tutorial's clients send them
	V1                      // commands with ids, events with seqs
)

// Subprotocol is what a client asks for at its upgrade (RFC 6455 §1.9) to speak V1.
const Subprotocol = "parley.v1"

// Dialects is how many there are.
const Dialects = 2
