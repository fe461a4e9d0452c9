package frame

// Opcode says what a frame carries (RFC 6455 §5.2).
type Opcode uint8

// The opcodes that RFC 6455 §11.8 registers; all others are reserved.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA
)

func (op Opcode) control() bool { return op >= Close }

// Role is the decoder's own side of the connection. It fixes what the frames
// that arrive must look like (RFC 6455 §5.1).
type Role uint8

// The two ends of a connection.
const (
	Server Role = iota // the peer is a client: its frames must be masked
	Client             // the peer is a server: its frames must not be
)

// Limits bounds what one message may cost. Both must be positive.
type Limits struct {
	MessageBytes int // payloads of all its frames together, and again once inflated; beyond it 1009
	Fragments    int // frames of one message, empty ones included; beyond it 1008
}

// Message is a whole data message (Text or Binary), or one control frame
// (Close, Ping or Pong). A Text payload is valid UTF-8. A Close payload is as it
// came: ParseClose reads it.
type Message struct {
	Op      Opcode
	Payload []byte
}
