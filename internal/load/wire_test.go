package load

import (
	"encoding/json"
	"testing"

	"github.com/parley-chat/parley/internal/frame"
	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/tutorial"
)

var ada = Who{Name: "u00001", Room: "bench00000"}

func TestEachMessageIsToldForWhatItIs(t *testing.T) {
	for _, c := range []struct {
		wire    Wire
		payload string
		want    Message
	}{
		{Tutorial{}, `{"type":"chat","username":"u00001","text":"0000002a and so on","timestamp":1}`,
			Message{Kind: Delivery, Token: []byte("0000002a")}},
		{Tutorial{}, `{"type": "chat", "text":"0000002a"}`, Message{}},
		{Tutorial{}, `{"timestamp":1,"text":"0000002a","type":"chat"}`,
			Message{Kind: Delivery, Token: []byte("0000002a")}},
		{Tutorial{}, `{"type":"chat","username":"u00001","text":"short`, Message{}},
		{Tutorial{}, `{"type":"system","text":"u00001 joined #lobby","users":["u00001"]}`, Message{Kind: Joined}},
		{Tutorial{}, `{"type":"error","text":"Join a room first"}`,
			Message{Kind: Refused, Text: []byte(`{"type":"error","text":"Join a room first"}`)}},
		{V1{}, `{"type":"welcome","session":"A"}`, Message{Kind: Ready}},
		{V1{}, `{"type":"ok","id":"j","room":{"name":"lobby","epoch":"c41f","first":1,"head":7,"topic":""},"from":8,"count":1}`,
			Message{Kind: Joined, Epoch: []byte("c41f"), Seq: 7}},
		{V1{}, `{"type":"event","room":"bench00000","seq":12,"user":{"id":"1","name":"ada"},"text":"0000002a","key":"0000002a"}`,
			Message{Kind: Delivery, Token: []byte("0000002a"), Seq: 12}},
		{V1{}, `{"type":"event","room":"bench00000","seq":12,"ts":1,"user":{"id":"1","name":"u00001"},"text":"0000002a"}`,
			Message{Kind: Delivery, Token: []byte("0000002a"), Seq: 12}},
		{V1{}, `{"type":"event","room":"bench00000","seq":12,"ts":1,"kind":"react","target":3,"emoji":"x"}`,
			Message{Seq: 12}},
		{V1{}, `{"type":"ok","id":"s","seq":3,"ts":1}`, Message{}},
		{V1{}, `{"type":"ok","id":"p","events":[{"type":"event","seq":1},{"type":"event","seq":2}],"first":1,"head":2}`,
			Message{Kind: Page, Events: 2}},
		{V1{}, `{"type":"presence","room":"bench00000","joined":[],"left":[],"count":2}`, Message{}},
		{V1{}, `{"type":"error","id":"s","code":"rate_limited"}`,
			Message{Kind: Refused, Text: []byte(`{"type":"error","id":"s","code":"rate_limited"}`)}},
	} {
		var got Message
		if size := c.wire.Read([]byte(c.payload), &got); size != len(c.payload) {
			t.Errorf("%s: %d bytes of %d", c.payload, size, len(c.payload))
		}
		if got.Kind != c.want.Kind || string(got.Token) != string(c.want.Token) || got.Seq != c.want.Seq ||
			string(got.Epoch) != string(c.want.Epoch) || got.Events != c.want.Events || string(got.Text) != string(c.want.Text) {
			t.Errorf("%s: %+v, want %+v", c.payload, got, c.want)
		}
	}
}

func TestOurServersDeliveriesAreRead(t *testing.T) {
	var m Message
	Tutorial{}.Read(tutorial.AppendChat(nil, "u00001", "0000002a words", 1772366400000), &m)
	if m.Kind != Delivery || string(m.Token) != "0000002a" {
		t.Errorf("the tutorial's: %+v", m)
	}
	m = Message{}
	V1{}.Read(protocol.AppendEvent(nil, &protocol.Event{
		Room: ada.Room, Seq: 1234, Kind: "message",
		User: protocol.User{ID: "guest.3q7hx0v2", Name: ada.Name}, Text: "0000002a words",
	}), &m)
	if m.Kind != Delivery || string(m.Token) != "0000002a" || m.Seq != 1234 {
		t.Errorf("parley.v1's: %+v", m)
	}
}

func TestWhatIsSentIsJSON(t *testing.T) {
	for name, message := range map[string][]byte{
		"join":    V1{}.Join(nil, ada),
		"rejoin":  V1{}.Rejoin(nil, ada, "c41f", 12),
		"send":    V1{}.Chat(nil, ada, newText(40)),
		"history": V1{}.Page(nil, ada, 3, 50),
		"join, t": Tutorial{}.Join(nil, ada),
		"chat":    Tutorial{}.Chat(nil, ada, newText(40)),
	} {
		if !json.Valid(message) {
			t.Errorf("%s: %s", name, message)
		}
	}
}

func BenchmarkReadDelivery(b *testing.B) {
	for name, c := range map[string]struct {
		wire    Wire
		payload []byte
	}{
		"tutorial": {Tutorial{}, tutorial.AppendChat(nil, "u00001", string(newText(40)), 1772366400000)},
		"parley.v1": {V1{}, protocol.AppendEvent(nil, &protocol.Event{
			Room: ada.Room, Seq: 1234, Kind: "message",
			User: protocol.User{ID: "guest.3q7hx0v2", Name: ada.Name},
			Text: string(newText(40)), Key: "00000000",
		})},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			m := new(Message)
			for b.Loop() {
				*m = Message{}
				c.wire.Read(c.payload, m)
			}
		})
	}
}

func appendDelivery(dst []byte, wire Wire, n uint32) []byte {
	text := string(newText(40).number(n))
	if wire == (V1{}) {
		return frame.AppendFrame(dst, frame.Text, protocol.AppendEvent(nil, &protocol.Event{
			Room: ada.Room, Seq: protocol.Seq(n + 1), Kind: "message",
			User: protocol.User{ID: "guest.3q7hx0v2", Name: ada.Name}, Text: text, Key: text[:TokenBytes],
		}))
	}
	return frame.AppendFrame(dst, frame.Text, tutorial.AppendChat(nil, ada.Name, text, 1772366400000))
}

func FuzzAFrameOfAnyBytesIsReadOrRefused(f *testing.F) {
	f.Add(appendDelivery(appendDelivery(nil, Tutorial{}, 1), V1{}, 2))
	f.Add(frame.AppendFrame(nil, frame.Text, []byte(`{"type":"ok","id":"j","room":{"epoch":"`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			_, payload, size, err := next(b)
			if err != nil || size == 0 {
				return
			}
			if size < 2+len(payload) || size > len(b) {
				t.Fatalf("a frame of %d bytes with %d of payload, of %d", size, len(payload), len(b))
			}
			for _, wire := range []Wire{Tutorial{}, V1{}} {
				var m Message
				if n := wire.Read(payload, &m); n != len(payload) {
					t.Errorf("%s took %d of %d bytes", wire.Name(), n, len(payload))
				}
				if m.Kind == Delivery && len(m.Token) != TokenBytes {
					t.Errorf("%s: a token of %d bytes", wire.Name(), len(m.Token))
				}
			}
			b = b[size:]
		}
	})
}
