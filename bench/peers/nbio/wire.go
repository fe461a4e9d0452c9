package main

import (
	"encoding/json"

	"github.com/lesismal/nbio/nbhttp/websocket"
)

// What the server sends. The order of the fields is the order on the wire.
type (
	chat struct {
		Type      string `json:"type"`
		Username  string `json:"username"`
		Text      string `json:"text"`
		Timestamp int64  `json:"timestamp"`
	}
	system struct {
		Type  string   `json:"type"`
		Text  string   `json:"text"`
		Users []string `json:"users"`
	}
	refusal struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
)

// command is what a client sends.
type command struct {
	Type     string `json:"type"`
	Username string `json:"username"`
	Room     string `json:"room"`
	Text     string `json:"text"`
}

func send(c *websocket.Conn, v any) { _ = c.WriteMessage(websocket.TextMessage, encode(v)) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and a number
	}
	return b
}
