package schema

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// Example is a command as a frame, and its answer.
type Example struct{ Command, Answer []byte }

// ExampleOf shows a command.
func ExampleOf(c protocol.Command) Example {
	e := examples[c.Name]
	return Example{
		Command: frameOf(c.Name, "7", e.request),
		Answer:  frameOf(protocol.TypeOK, "7", e.answer),
	}
}

const (
	epoch = "c41f9a2be07d55362f8e0b7719ad43c0"
	noon  = 1_772_366_400_000 // 1 March 2026, 12:00 UTC
	key   = "0195516d-7a00-7c3e-9d2b-5f1e8a64b07c"
)

var (
	ada = protocol.User{ID: "guest.3q7hx0v2k9bt64mc5nwzr8pydf", Name: "ada"}

	hello = protocol.Event{
		Room: "lobby", Seq: 42, TS: noon, Kind: protocol.KindMessage, User: ada,
		Text: "Hello, grace", Key: key,
	}
)

// examples are one conversation of ada in the lobby.
var examples = map[string]struct{ request, answer any }{
	"join": {
		protocol.Join{Room: "lobby", Since: &protocol.Cursor{Epoch: epoch, Seq: 40}},
		protocol.Joined{Room: protocol.RoomState{Name: "lobby", Epoch: epoch, First: 1, Head: 41, Topic: "Tea at four"}, From: 41, Count: 2},
	},
	"leave":   {protocol.Leave{Room: "lobby"}, protocol.Nothing{}},
	"send":    {protocol.Send{Room: "lobby", Text: hello.Text, Key: key}, protocol.Written{Seq: 42, TS: noon}},
	"edit":    {protocol.Edit{Room: "lobby", Seq: 42, Text: "Hello, Grace"}, protocol.Written{Seq: 43, TS: noon + 4_000}},
	"delete":  {protocol.Delete{Room: "lobby", Seq: 42}, protocol.Written{Seq: 47, TS: noon + 90_000}},
	"react":   {protocol.React{Room: "lobby", Seq: 42, Emoji: "👋"}, protocol.Written{Seq: 44, TS: noon + 9_000}},
	"unreact": {protocol.React{Room: "lobby", Seq: 42, Emoji: "👋"}, protocol.Written{Seq: 45, TS: noon + 11_000}},
	"topic":   {protocol.Topic{Room: "lobby", Text: "Tea at five"}, protocol.Written{Seq: 46, TS: noon + 60_000}},
	"history": {
		protocol.History{Room: "lobby", Before: new(protocol.Seq(43)), Limit: new(1)},
		protocol.Page{Events: []protocol.Event{hello}, First: 1, Head: 47},
	},
	"search": {
		protocol.Search{Text: "hello gra", Room: "lobby"},
		protocol.Found{Events: []protocol.Event{hello}, Indexed: noon + 90_000},
	},
	"rooms": {
		protocol.Rooms{},
		protocol.RoomList{Rooms: []protocol.RoomSummary{{Name: "lobby", Topic: "Tea at five", Head: 47, Read: 41, Unread: 2, Mentions: 1, Count: 2}}},
	},
	"read":   {protocol.Read{Room: "lobby", Seq: 47}, protocol.Marked{Seq: 47}},
	"typing": {protocol.Typing{Room: "lobby"}, protocol.Nothing{}},
	"rename": {protocol.Rename{Name: "Ada"}, protocol.Renamed{User: protocol.User{ID: ada.ID, Name: "Ada"}, Pass: "…"}},
	"revoke": {protocol.Revoke{User: "guest.b81mz6t4x5c20pdwe7yk93hnqa"}, protocol.Nothing{}},
	"ping":   {protocol.Ping{}, protocol.Pong{Time: noon}},
}

// frameOf is a struct of fields as a frame, with a type and an id before them.
func frameOf(kind, id string, v any) []byte {
	fields, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("an example of %s: %v", kind, err))
	}
	head := fmt.Sprintf(`{"type":%q,"id":%q`, kind, id)
	if len(fields) > len("{}") {
		head += ","
	}
	return append([]byte(head), fields[1:]...)
}
