//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// client speaks the tutorial dialect through an independent WebSocket library.
// Each of its methods fails the test if the server does not keep up its part.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

// message is any frame of the tutorial dialect that a server sends.
type message struct {
	Type      string   `json:"type"`
	Username  string   `json:"username"`
	Text      string   `json:"text"`
	Users     []string `json:"users"`
	Count     int      `json:"count"`
	Timestamp int64    `json:"timestamp"`
}

// dial opens a session at url; opts may be nil.
func dial(t *testing.T, url string, opts *websocket.DialOptions) *client {
	t.Helper()
	c, status, err := tryDial(t, url, opts)
	if err != nil {
		t.Fatalf("dial %s: status %d: %v", url, status, err)
	}
	return c
}

// tryDial is dial for upgrades that may be refused: status is the answer's.
func tryDial(t *testing.T, url string, opts *websocket.DialOptions) (c *client, status int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, url, opts)
	if answer != nil {
		status = answer.StatusCode
	}
	if err != nil {
		return nil, status, err
	}
	t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // often closed already
	conn.SetReadLimit(1 << 20)
	return &client{t: t, conn: conn}, status, nil
}

// withHeader is the dial options with one request header.
func withHeader(name, value string) *websocket.DialOptions {
	return &websocket.DialOptions{HTTPHeader: http.Header{name: {value}}}
}

// send sends v as one text frame of JSON.
func (c *client) send(v any) {
	c.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sendRaw(string(data))
}

// sendRaw sends one text frame as it is.
func (c *client) sendRaw(text string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatalf("send %.80s: %v", text, err)
	}
}

// join enters room and returns its users, as the notice of it lists them.
func (c *client) join(user, room string) []string {
	c.t.Helper()
	c.send(map[string]string{"type": "join", "username": user, "room": room})
	return c.want(message{Type: "system", Text: user + " joined #" + room}).Users
}

func (c *client) leave() { c.t.Helper(); c.send(map[string]string{"type": "leave"}) }
func (c *client) chat(text string) {
	c.t.Helper()
	c.send(map[string]string{"type": "chat", "text": text})
}

// next is the next message that arrives.
func (c *client) next() message {
	c.t.Helper()
	m, err := c.read(patience)
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return m
}

// read is next for connections that may end. When within is over, the library
// closes the connection.
func (c *client) read(within time.Duration) (message, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	var m message
	_, data, err := c.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	return m, err
}

// want is the next message, which must have the type, user and text of w, and
// its users where w names any.
func (c *client) want(w message) message {
	c.t.Helper()
	m := c.next()
	if m.Type != w.Type || m.Username != w.Username || m.Text != w.Text || w.Users != nil && !slices.Equal(m.Users, w.Users) {
		c.t.Fatalf("got %+v, want %+v", m, w)
	}
	return m
}

// wantClose reads until the connection ends, which must be by a close frame
// with code.
func (c *client) wantClose(code websocket.StatusCode) {
	c.t.Helper()
	for {
		_, err := c.read(patience)
		if err == nil {
			continue
		}
		var closed websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != code {
			c.t.Fatalf("the connection ended by %v, want a close with %d", err, code)
		}
		return
	}
}
