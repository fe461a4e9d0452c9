package wire

import (
	"bytes"

	"github.com/parley-chat/parley/internal/load"
)

// Centrifuge is the protocol of centrifuge and Centrifugo, as JSON: a room is a
// channel, and a frame may hold several messages, a line each.
//
// https://centrifugal.dev/docs/transports/client_protocol
type Centrifuge struct{}

// Name is centrifuge.
func (Centrifuge) Name() string { return "centrifuge" }

// Path is /.
func (Centrifuge) Path(load.Who) string { return "/" }

// Subprotocol is none: that is JSON.
func (Centrifuge) Subprotocol() string { return "" }

// Open connects, with the name as the connection's data.
func (Centrifuge) Open(dst []byte, who load.Who) ([]byte, bool) {
	dst = append(append(dst, `{"id":1,"connect":{"data":{"username":"`...), who.Name...)
	return append(dst, `"}}}`...), false
}

// Join subscribes.
func (Centrifuge) Join(dst []byte, who load.Who) []byte {
	return append(append(append(dst, `{"id":2,"subscribe":{"channel":"`...), who.Room...), `"}}`...)
}

// Chat publishes.
func (Centrifuge) Chat(dst []byte, who load.Who, text []byte) []byte {
	dst = append(append(dst, `{"id":3,"publish":{"channel":"`...), who.Room...)
	return append(append(append(dst, `","data":{"text":"`...), text...), `"}}}`...)
}

// What begins a message of the server.
var (
	published       = []byte(`{"push":{"channel":"`)
	connectAnswer   = []byte(`{"id":1,"connect":`)
	subscribeAnswer = []byte(`{"id":2,"subscribe":`)
	empty           = []byte(`{}`) // a ping, and its pong
)

// Read takes one line.
func (Centrifuge) Read(payload []byte, m *load.Message) int {
	line, size := payload, len(payload)
	if i := bytes.IndexByte(payload, '\n'); i >= 0 {
		line, size = payload[:i], i+1
	}
	switch {
	case bytes.HasPrefix(line, published):
		readText(line, m) // who joins and leaves has none
	case bytes.Equal(line, empty):
		m.Kind, m.Reply = load.Ask, empty
	case bytes.HasPrefix(line, connectAnswer):
		m.Kind = load.Ready
	case bytes.HasPrefix(line, subscribeAnswer):
		m.Kind = load.Joined
	case bytes.Contains(line, []byte(`"error":`)), bytes.Contains(line, []byte(`"disconnect":`)):
		m.Kind, m.Text = load.Refused, line
	}
	return size
}
