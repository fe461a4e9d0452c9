package wire_test

import (
	"testing"

	"github.com/parley-chat/parley/bench/wire"
	"github.com/parley-chat/parley/internal/load"
)

var ada = load.Who{Name: "ada", Room: "lobby"}

func TestASessionSaysWhatItsServerReads(t *testing.T) {
	for name, c := range map[string]struct {
		wire             load.Wire
		open, join, chat string
	}{
		"socket.io": {wire.SocketIO{}, "", `42["join",{"username":"ada","room":"lobby"}]`, `42["chat",{"text":"00000000hello"}]`},
		"centrifuge": {wire.Centrifuge{}, `{"id":1,"connect":{"data":{"username":"ada"}}}`,
			`{"id":2,"subscribe":{"channel":"lobby"}}`, `{"id":3,"publish":{"channel":"lobby","data":{"text":"00000000hello"}}}`},
	} {
		open, ready := c.wire.Open(nil, ada)
		if string(open) != c.open || ready {
			t.Errorf("%s opens with %s, ready: %v; want %s and to wait", name, open, ready, c.open)
		}
		if got := c.wire.Join(nil, ada); string(got) != c.join {
			t.Errorf("%s joins with %s, want %s", name, got, c.join)
		}
		if got := c.wire.Chat(nil, ada, []byte("00000000hello")); string(got) != c.chat {
			t.Errorf("%s chats with %s, want %s", name, got, c.chat)
		}
		if c.wire.Name() != name {
			t.Errorf("%s is called %s", name, c.wire.Name())
		}
	}
}

// A heard is what is read in one message.
type heard struct {
	kind  load.Kind
	about string // the token, the reply, or what was refused
}

func TestWhatAServerSaysIsRead(t *testing.T) {
	for _, c := range []struct {
		wire    load.Wire
		payload string
		want    []heard
	}{
		{wire.SocketIO{}, `0{"sid":"x","upgrades":[],"pingInterval":30000}`, []heard{{load.Ask, "40"}}},
		{wire.SocketIO{}, `40{"sid":"y"}`, []heard{{load.Ready, ""}}},
		{wire.SocketIO{}, `2`, []heard{{load.Ask, "3"}}},
		{wire.SocketIO{}, `42["system",{"text":"ada joined #lobby","users":["ada"]}]`, []heard{{load.Joined, ""}}},
		{wire.SocketIO{}, `42["chat",{"username":"ada","text":"0000002ahello","timestamp":1}]`, []heard{{load.Delivery, "0000002a"}}},
		{wire.SocketIO{}, `42["chat",{"username":"ada","text":"2a"}]`, []heard{{load.Other, ""}}},
		{wire.SocketIO{}, `42["error",{"text":"no"}]`, []heard{{load.Refused, `42["error",{"text":"no"}]`}}},
		{wire.SocketIO{}, `6`, []heard{{load.Other, ""}}},

		{wire.Centrifuge{}, `{"id":1,"connect":{"client":"x","version":"","ping":30,"pong":true}}`, []heard{{load.Ready, ""}}},
		{wire.Centrifuge{}, `{}`, []heard{{load.Ask, "{}"}}},
		{wire.Centrifuge{}, "{\"id\":2,\"subscribe\":{}}\n" +
			"{\"push\":{\"channel\":\"lobby\",\"join\":{\"info\":{\"user\":\"ada\",\"client\":\"x\"}}}}\n" +
			"{\"push\":{\"channel\":\"lobby\",\"pub\":{\"data\":{\"username\":\"ada\",\"text\":\"0000002ahello\",\"timestamp\":1}}}}\n" +
			"{\"id\":3,\"publish\":{}}",
			[]heard{{load.Joined, ""}, {load.Other, ""}, {load.Delivery, "0000002a"}, {load.Other, ""}}},
		{wire.Centrifuge{}, `{"id":3,"error":{"code":103,"message":"permission denied"}}`,
			[]heard{{load.Refused, `{"id":3,"error":{"code":103,"message":"permission denied"}}`}}},
	} {
		rest := []byte(c.payload)
		for i, want := range c.want {
			var m load.Message
			rest = rest[c.wire.Read(rest, &m):]
			if got := (heard{m.Kind, string(m.Token) + string(m.Reply) + string(m.Text)}); got != want {
				t.Errorf("%s: message %d of %s is %v, want %v", c.wire.Name(), i, c.payload, got, want)
			}
		}
		if len(rest) > 0 {
			t.Errorf("%s: %s is left of %s", c.wire.Name(), rest, c.payload)
		}
	}
}

func TestReadingADeliveryAllocatesNothing(t *testing.T) {
	for _, c := range []struct {
		wire    load.Wire
		payload string
	}{
		{wire.SocketIO{}, `42["chat",{"username":"ada","text":"0000002ahello","timestamp":1}]`},
		{wire.Centrifuge{}, `{"push":{"channel":"lobby","pub":{"data":{"username":"ada","text":"0000002ahello","timestamp":1}}}}`},
	} {
		payload, m := []byte(c.payload), new(load.Message)
		if n := testing.AllocsPerRun(100, func() { *m = load.Message{}; c.wire.Read(payload, m) }); n > 0 {
			t.Errorf("%s: %v allocations", c.wire.Name(), n)
		}
	}
}
