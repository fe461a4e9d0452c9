package engine

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parley-chat/parley/internal/room"
	"github.com/parley-chat/parley/protocol"
)

// decodeHead reads what every command has. id is empty where it could not be read.
// That the rest is JSON is for decode to see.
func decodeHead(payload []byte) (name, id string, err error) {
	if name, id, ok := plainHead(payload); ok {
		return name, id, nil
	}
	return decodeAnyHead(payload)
}

// plainHead is the head of a known command in the form in which clients write it:
// type and id first, without an escape. Most are just that, and this is several times
// faster than reading JSON; FuzzDecodeHead holds the two to the same answers.
func plainHead(payload []byte) (name, id string, ok bool) {
	rest, ok := bytes.CutPrefix(payload, []byte(`{"type":"`))
	if !ok {
		return "", "", false
	}
	word, rest, ok := bytes.Cut(rest, []byte(`","id":"`))
	if !ok {
		return "", "", false
	}
	mark, rest, ok := bytes.Cut(rest, []byte{'"'})
	if !ok || len(rest) == 0 || rest[0] != ',' && rest[0] != '}' {
		return "", "", false
	}
	if _, ok = commands[string(word)]; !ok || len(mark) == 0 || len(mark) > protocol.MaxIDBytes {
		return "", "", false
	}
	for _, b := range mark {
		if b == '\\' || b < 0x20 || b >= 0x7F {
			return "", "", false
		}
	}
	return string(word), string(mark), true
}

func decodeAnyHead(payload []byte) (name, id string, err error) {
	var head struct {
		Type *string `json:"type"`
		ID   *string `json:"id"`
	}
	err = json.Unmarshal(payload, &head)
	if head.ID != nil && idIsGood(*head.ID) {
		id = *head.ID
	}
	switch refusal := refusalOf(err); {
	case refusal != nil:
		return "", id, refusal
	case head.Type == nil:
		return "", id, &protocol.Error{Code: protocol.CodeUnknownType, Text: "type: missing"}
	}
	return *head.Type, id, nil
}

// idIsGood reports whether s may be a command's id.
func idIsGood(s string) bool {
	return s != "" && len(s) <= protocol.MaxIDBytes && !strings.ContainsFunc(s, unicode.IsControl)
}

// decode reads the fields of a command.
func decode[T any](payload []byte) (fields T, err error) {
	if refusal := refusalOf(json.Unmarshal(payload, &fields)); refusal != nil {
		return fields, refusal
	}
	return fields, nil
}

// refusalOf says what is wrong with a frame; nil for nothing.
func refusalOf(err error) *protocol.Error {
	if err == nil {
		return nil
	}
	wrong, ok := errors.AsType[*json.SemanticError](err)
	if !ok || wrong.JSONPointer == "" {
		return &protocol.Error{Code: protocol.CodeInvalidJSON, Text: "want one JSON object (RFC 8259) in UTF-8, no name in it twice"}
	}
	field := strings.ReplaceAll(strings.TrimPrefix(string(wrong.JSONPointer), "/"), "/", ".")
	code, ok := codeOfField[field]
	if !ok {
		code = protocol.CodeInvalidField
	}
	return &protocol.Error{Code: code, Text: field + ": want " + kindOf(wrong)}
}

// codeOfField has the fields that have a code of their own.
var codeOfField = map[string]protocol.Code{
	"type":  protocol.CodeUnknownType,
	"id":    protocol.CodeInvalidID,
	"room":  protocol.CodeInvalidRoom,
	"text":  protocol.CodeInvalidText,
	"name":  protocol.CodeInvalidName,
	"emoji": protocol.CodeInvalidEmoji,
}

// kindOf is what a field should have held.
func kindOf(wrong *json.SemanticError) string {
	t := wrong.GoType
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		return "another value"
	case t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Uint64:
		return "a whole number from 0"
	case t.Kind() == reflect.Int:
		return "a whole number"
	}
	return "an object"
}

// marshal writes one of protocol's own frames, whose strings are valid UTF-8: which
// is the only error that there could be.
func marshal(frame any) []byte {
	payload, err := json.Marshal(frame)
	if err != nil {
		panic(err)
	}
	return payload
}

// doneFrame is the frame that says that a command was done.
func doneFrame(id string, fields any) []byte {
	dst := []byte(`{"type":"ok"`)
	if id != "" {
		dst = append(dst, `,"id":`...)
		dst, _ = jsontext.AppendQuote(dst, id) // was read as valid UTF-8
	}
	if rest := marshal(fields); len(rest) > len(`{}`) {
		dst = append(append(dst, ','), rest[1:]...)
		return dst
	}
	return append(dst, '}')
}

// writtenFrame is doneFrame for the answer that most commands get.
func writtenFrame(id string, o *outcome) []byte {
	dst := make([]byte, 0, 160)
	dst = append(dst, `{"type":"ok","id":`...)
	dst, _ = jsontext.AppendQuote(dst, id) // was read as valid UTF-8
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendUint(dst, uint64(o.seq), 10)
	dst = append(dst, `,"ts":`...)
	dst = strconv.AppendInt(dst, o.ts, 10)
	if o.repeated {
		dst = append(dst, `,"repeated":true`...)
	}
	return append(dst, '}')
}

// refusedFrame is the frame that says that a command was not done.
func refusedFrame(id string, why *protocol.Error) []byte {
	r := protocol.Refusal{Type: protocol.TypeError, ID: id, Code: why.Code, Text: why.Text, RetryMS: why.Retry.Milliseconds()}
	if r.Text == "" {
		r.Text = r.Code.Sentence()
	}
	return marshal(r)
}

// cleanText is room.CleanText, and says what is too long.
func cleanText(s string) (string, error) {
	if utf8.RuneCountInString(s) > protocol.MaxTextRunes {
		return "", room.TooLarge("text", protocol.MaxTextRunes, "code points")
	}
	return room.CleanText(s)
}
