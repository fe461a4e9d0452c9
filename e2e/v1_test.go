//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/coder/websocket"
)

// v1 speaks parley.v1 through an independent WebSocket library, and with wire types
// of its own: what it shows of the server, it doesn't owe to our client.
type v1 struct {
	conn    *websocket.Conn
	welcome reply
	ids     int
	held    []reply // read while an answer was waited for
}

// reply is any frame of parley.v1 that a server sends.
type reply struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Code     string    `json:"code"`
	RetryMS  int64     `json:"retry_ms"`
	Text     string    `json:"text"`
	Room     roomState `json:"room"`
	User     struct{ ID, Name string }
	Pass     string  `json:"pass"`
	Seq      uint64  `json:"seq"`
	TS       int64   `json:"ts"`
	Kind     string  `json:"kind"`
	Key      string  `json:"key"`
	Deleted  bool    `json:"deleted"`
	Repeated bool    `json:"repeated"`
	From     uint64  `json:"from"`
	Reset    string  `json:"reset"`
	Events   []reply `json:"events"`
	Rooms    []struct {
		Name  string
		Count int
	} `json:"rooms"`
	Indexed int64 `json:"indexed"`
	Time    int64 `json:"time"` // of a welcome
}

// roomState is a frame's room: of an event the name alone.
type roomState struct {
	Name, Epoch string
	First, Head uint64
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *roomState) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, &r.Name)
	}
	type object roomState
	return json.Unmarshal(b, (*object)(r))
}

// fields are those of a command.
type fields map[string]any

// dialV1 opens a session, and reads the welcome. Without a pass it is a new guest's.
func dialV1(ctx context.Context, s *server, name, pass string) (*v1, error) {
	return dialV1At(ctx, s.WS, name, pass)
}

func dialV1At(ctx context.Context, at, name, pass string) (*v1, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	query := url.Values{"name": {name}}
	if pass != "" {
		query.Set("pass", pass)
	}
	conn, _, err := websocket.Dial(ctx, at+"?"+query.Encode(), &websocket.DialOptions{Subprotocols: []string{"parley.v1"}})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	c := &v1{conn: conn}
	if c.welcome, err = c.read(ctx); err == nil && c.welcome.Type != "welcome" {
		err = fmt.Errorf("begins with %+v, want welcome", c.welcome)
	}
	return c, err
}

// mustDialV1 is dialV1 for sessions that last as long as the test.
func mustDialV1(t *testing.T, s *server, name, pass string) *v1 {
	t.Helper()
	c, err := dialV1(t.Context(), s, name, pass)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.hangUp)
	return c
}

// hangUp ends the connection without a word.
func (c *v1) hangUp() { c.conn.CloseNow() } //nolint:errcheck // often gone already

// read is the next frame.
func (c *v1) read(ctx context.Context) (r reply, err error) {
	_, data, err := c.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	return r, err
}

// next is the next frame that is no signal.
func (c *v1) next(ctx context.Context) (reply, error) {
	if len(c.held) > 0 {
		r := c.held[0]
		c.held = c.held[1:]
		return r, nil
	}
	return c.fresh(ctx)
}

func (c *v1) fresh(ctx context.Context) (reply, error) {
	for {
		r, err := c.read(ctx)
		if err != nil || r.Type != "presence" && r.Type != "typing" {
			return r, err
		}
	}
}

// write sends a command without waiting for its answer.
func (c *v1) write(ctx context.Context, command, id string, f fields) error {
	frame := fields{"type": command, "id": id}
	for name, value := range f {
		frame[name] = value
	}
	data, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return c.conn.Write(ctx, websocket.MessageText, data)
}

// do sends a command and waits for its answer, which may be a refusal. What comes
// meanwhile is kept for next.
func (c *v1) do(ctx context.Context, command string, f fields) (reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New(command+" waits in vain for its answer"))
	defer cancel()
	c.ids++
	id := fmt.Sprint("c", c.ids)
	if err := c.write(ctx, command, id, f); err != nil {
		return reply{}, err
	}
	for {
		r, err := c.fresh(ctx)
		if err != nil {
			return r, errors.Join(err, context.Cause(ctx))
		}
		if r.ID == id {
			return r, nil
		}
		c.held = append(c.held, r)
	}
}

// mustDo is do for what has to be done.
func (c *v1) mustDo(t *testing.T, command string, f fields) reply {
	t.Helper()
	r, err := c.do(t.Context(), command, f)
	if err != nil || r.Type != "ok" {
		t.Fatalf("%s %v: %+v, %v", command, f, r, err)
	}
	return r
}
