package protocol

// Dialect is the language of a session's frames. The subprotocol that a client
// asks for at its upgrade chooses it; asking for none chooses Tutorial.
type Dialect uint8

// The dialects.
const (
	Tutorial Dialect = iota // JSON text frames as the tutorial's clients send them
)

func (d Dialect) String() string {
	switch d {
	case Tutorial:
		return "tutorial"
	default:
		return "unknown"
	}
}
