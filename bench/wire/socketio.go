package wire

import (
	"bytes"

	"github.com/parley-chat/parley/internal/load"
)

// SocketIO is Socket.IO's protocol, version 5, in Engine.IO's, version 4, over
// WebSocket from the start. The events in it are the tutorial's:
//
//	42["join",{"username":"ada","room":"lobby"}]
//	42["chat",{"text":"hello"}]
//
// https://socket.io/docs/v4/socket-io-protocol
type SocketIO struct{}

// Name is socket.io.
func (SocketIO) Name() string { return "socket.io" }

// Path asks for WebSocket alone.
func (SocketIO) Path(load.Who) string { return "/socket.io/?EIO=4&transport=websocket" }

// Subprotocol is none.
func (SocketIO) Subprotocol() string { return "" }

// Open has nothing to say: the server opens.
func (SocketIO) Open(dst []byte, _ load.Who) ([]byte, bool) { return dst, false }

// Join is the event join.
func (SocketIO) Join(dst []byte, who load.Who) []byte {
	dst = append(append(dst, `42["join",{"username":"`...), who.Name...)
	return append(append(append(dst, `","room":"`...), who.Room...), `"}]`...)
}

// Chat is the event chat.
func (SocketIO) Chat(dst []byte, _ load.Who, text []byte) []byte {
	return append(append(append(dst, `42["chat",{"text":"`...), text...), `"}]`...)
}

// What begins a packet: the digit of Engine.IO's kind, and for its messages that of
// Socket.IO's.
var (
	opened       = []byte(`0{`)
	pinged       = []byte(`2`)
	connected    = []byte(`40`)
	disconnected = []byte(`41`)
	notConnected = []byte(`44`)
	chatEvent    = []byte(`42["chat",`)
	systemEvent  = []byte(`42["system",`)
	errorEvent   = []byte(`42["error",`)

	connect = []byte(`40`)
	pong    = []byte(`3`)
)

// Read takes all of payload: a frame holds one packet.
func (SocketIO) Read(payload []byte, m *load.Message) int {
	switch {
	case bytes.HasPrefix(payload, chatEvent):
		readText(payload, m)
	case bytes.HasPrefix(payload, systemEvent):
		m.Kind = load.Joined // the first one is of the session's own joining
	case bytes.HasPrefix(payload, opened):
		m.Kind, m.Reply = load.Ask, connect
	case bytes.HasPrefix(payload, connected):
		m.Kind = load.Ready
	case bytes.Equal(payload, pinged):
		m.Kind, m.Reply = load.Ask, pong
	case bytes.HasPrefix(payload, errorEvent), bytes.HasPrefix(payload, disconnected), bytes.HasPrefix(payload, notConnected):
		m.Kind, m.Text = load.Refused, payload
	}
	return len(payload)
}

var textField = []byte(`"text":"`)

// readText makes a delivery of what carries a text.
func readText(payload []byte, m *load.Message) {
	i := bytes.Index(payload, textField)
	if i < 0 {
		return
	}
	if text := payload[i+len(textField):]; len(text) >= load.TokenBytes {
		m.Kind, m.Token = load.Delivery, text[:load.TokenBytes]
	}
}
