package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/parley-chat/parley/protocol"
)

func TestCommittedContractIsWhatTheTableGives(t *testing.T) {
	for _, d := range Documents() {
		committed, err := os.ReadFile(filepath.Join("..", "..", "docs", "api", d.Name))
		if err != nil || !bytes.Equal(committed, d.Content) {
			t.Errorf("docs/api/%s is not what the table of commands gives now: run `go generate ./protocol/schema`", d.Name)
		}
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for _, f := range fieldsOf(typ) {
			if f.Name == "" || f.Name != "type" && f.Doc == "" {
				t.Errorf("%s has a field without a name or a doc: %q", typ, f.Name)
			}
			look(f.Type)
		}
	}
	for _, c := range protocol.Commands() {
		if c.Doc == "" {
			t.Errorf("%s is not described", c.Name)
		}
		look(reflect.TypeOf(c.Request))
		look(reflect.TypeOf(c.Answer))
		if about(reflect.TypeOf(c.Answer)) == "" {
			t.Errorf("the answer of %s is not described", c.Name)
		}
	}
	for _, f := range frames() {
		look(reflect.TypeOf(f.value))
		if about(reflect.TypeOf(f.value)) == "" {
			t.Errorf("%s is not described", f.kind)
		}
	}
	look(eventType)
}

func TestEveryKindAndCodeIsDescribedOnce(t *testing.T) {
	for _, kind := range protocol.Kinds() {
		if aboutKind(kind) == "" {
			t.Errorf("the kind %s is not described", kind)
		}
	}
	var codes []protocol.Code
	for _, row := range Codes() {
		codes = append(codes, row.Code)
		if row.Meaning == "" || row.Next == "" {
			t.Errorf("%s is not described", row.Code)
		}
	}
	if !slices.Equal(codes, protocol.Codes()) {
		t.Errorf("described are %v, and there are %v", codes, protocol.Codes())
	}
	var closes []protocol.CloseCode
	for _, row := range CloseCodes() {
		closes = append(closes, row.Code)
	}
	want := slices.DeleteFunc(protocol.CloseCodes(), func(c protocol.CloseCode) bool { return c == protocol.CloseNoStatus }) // never on the wire
	slices.Sort(want)
	if slices.Sort(closes); !slices.Equal(closes, want) {
		t.Errorf("described are %v, and there are %v", closes, want)
	}
}

// The tags can't name a constant, so they are held to it here.
func TestBoundsAreTheLimits(t *testing.T) {
	for _, c := range []struct {
		of    any
		field string
		max   int
	}{
		{protocol.Send{}, "text", protocol.MaxTextRunes},
		{protocol.Edit{}, "text", protocol.MaxTextRunes},
		{protocol.Event{}, "text", protocol.MaxTextRunes},
		{protocol.Topic{}, "text", protocol.MaxTopicRunes},
		{protocol.Search{}, "text", protocol.MaxTopicRunes},
		{protocol.RoomState{}, "topic", protocol.MaxTopicRunes},
		{protocol.RoomSummary{}, "topic", protocol.MaxTopicRunes},
		{protocol.Join{}, "last", protocol.MaxLast},
		{protocol.History{}, "limit", protocol.MaxPage},
		{protocol.Search{}, "limit", protocol.MaxPage},
		{protocol.Page{}, "events", protocol.MaxPage},
		{protocol.Found{}, "events", protocol.MaxPage},
		{protocol.User{}, "name", protocol.MaxNameRunes},
		{protocol.Event{}, "room", protocol.MaxRoomRunes},
		{protocol.RoomState{}, "name", protocol.MaxRoomRunes},
		{protocol.RoomSummary{}, "name", protocol.MaxRoomRunes},
		{protocol.CaughtUp{}, "room", protocol.MaxRoomRunes},
		{protocol.Presence{}, "room", protocol.MaxRoomRunes},
		{protocol.TypingNow{}, "room", protocol.MaxRoomRunes},
		{protocol.ReadNow{}, "room", protocol.MaxRoomRunes},
		{protocol.Presence{}, "joined", protocol.MaxPresence},
		{protocol.Presence{}, "left", protocol.MaxPresence},
	} {
		fields := fieldsOf(reflect.TypeOf(c.of))
		i := slices.IndexFunc(fields, func(f field) bool { return f.Name == c.field })
		if i < 0 || fields[i].Max == nil || *fields[i].Max != c.max {
			t.Errorf("%T.%s is not tagged max:\"%d\"", c.of, c.field, c.max)
		}
	}
}

func TestEveryCommandOverHTTPHasAStatusForEachOfItsCodes(t *testing.T) {
	for _, c := range protocol.Commands() {
		for _, code := range slices.Concat(SocketCodes(c), HTTPCodes(c)) {
			if status := code.HTTPStatus(); status < 400 || status > 599 {
				t.Errorf("%s of %s is HTTP %d", code, c.Name, status)
			}
		}
	}
}

func TestDocumentsAreTheSameEachTime(t *testing.T) {
	first := Documents()
	for range 10 {
		for i, d := range Documents() {
			if !bytes.Equal(d.Content, first[i].Content) {
				t.Fatalf("%s is another one", d.Name)
			}
		}
	}
}
