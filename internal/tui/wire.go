package tui

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// frame is what the server sends, every kind in one.
type frame struct {
	Type      string   `json:"type"`
	Username  string   `json:"username"`
	Text      string   `json:"text"`
	Timestamp int64    `json:"timestamp"`
	Users     []string `json:"users"`
	Count     int      `json:"count"`
}

func parseFrame(data []byte) (f frame, ok bool) {
	err := json.Unmarshal(data, &f, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	return f, err == nil
}

// at is when the server says that it happened.
func (f frame) at() time.Time { return time.UnixMilli(f.Timestamp) }

// command is what the client sends.
type command struct {
	Type     string `json:"type"` // join, chat or leave
	Username string `json:"username,omitzero"`
	Room     string `json:"room,omitzero"`
	Text     string `json:"text,omitzero"`
}

func (c command) encode() []byte {
	data, err := json.Marshal(c, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err) // strings alone
	}
	return data
}
