package tutorial

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/unicode"

	"github.com/parley-chat/parley/protocol"
)

// Kind is what a client asks for.
type Kind uint8

// The kinds of commands.
const (
	Unknown Kind = iota // JSON, but nothing that we know
	Join
	Chat
	Leave
)

// Command is one frame of a client. Fields that its kind does not use are
// whatever the frame held.
type Command struct {
	Kind     Kind
	Username Field // of Join
	Room     Field // of Join
	Text     Field // of Chat
}

// Field is a string that a client gave. The zero value is a missing or null
// one.
type Field struct {
	Value string
	Wrong bool // it was there, but no string
}

// Decode reads one message, text or binary. The error is a *protocol.Error with
// CodeInvalidJSON; JSON that is no object, or has no known type, is Unknown.
// Nothing of payload is kept.
func Decode(payload []byte) (Command, error) {
	if text, ok := plainChat(payload); ok {
		return Command{Kind: Chat, Text: Field{Value: string(text)}}, nil
	}
	if !utf8.Valid(payload) { // a binary frame, since texts are checked: as a JavaScript decoder reads it
		payload, _ = unicode.UTF8.NewDecoder().Bytes(payload) // has no error: what is wrong becomes U+FFFD
	}
	return decodeJSON(payload)
}

func decodeJSON(payload []byte) (Command, error) {
	var f struct {
		Type     Field `json:"type"`
		Username Field `json:"username"`
		Room     Field `json:"room"`
		Text     Field `json:"text"`
	}
	if kind := jsontext.Value(payload).Kind(); kind != '{' {
		if !jsontext.Value(payload).IsValid(likeJSONParse) {
			return Command{}, &protocol.Error{Code: protocol.CodeInvalidJSON}
		}
		return Command{}, nil
	}
	if err := json.Unmarshal(payload, &f, likeJSONParse); err != nil {
		return Command{}, &protocol.Error{Code: protocol.CodeInvalidJSON}
	}
	return Command{Kind: kinds[f.Type.Value], Username: f.Username, Room: f.Room, Text: f.Text}, nil
}

var kinds = map[string]Kind{"join": Join, "chat": Chat, "leave": Leave}

var likeJSONParse = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// UnmarshalJSONFrom reads any JSON value: a string is kept, null is nothing, and
// every other is Wrong.
func (f *Field) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*f = Field{} // a repeated key: the last counts
	switch d.PeekKind() {
	case '"', 'n':
		token, err := d.ReadToken()
		if err == nil && token.Kind() == '"' {
			f.Value = token.String()
		}
		return err
	default:
		f.Wrong = true
		return d.SkipValue()
	}
}

// plainChat is the text of a chat frame in the form that JSON.stringify gives
// the tutorial's object, when it holds no escape. Most frames are just that, and
// this is several times faster than reading JSON; FuzzDecode holds the two to
// the same answers.
func plainChat(payload []byte) (text []byte, ok bool) {
	rest, ok := bytes.CutPrefix(payload, []byte(`{"type":"chat","text":"`))
	if !ok {
		return nil, false
	}
	text, ok = bytes.CutSuffix(rest, []byte(`"}`))
	if !ok {
		return nil, false
	}
	for _, b := range text {
		if b == '"' || b == '\\' || b < 0x20 || b >= 0x80 {
			return nil, false
		}
	}
	return text, true
}
