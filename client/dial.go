package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/protocol"
)

const (
	dialTimeout = 15 * time.Second
	// maxFrameBytes holds a page of the longest messages.
	maxFrameBytes = 4 << 20
)

// ErrNotParley says that a WebSocket was opened, but parley.v1 is not spoken there.
var ErrNotParley = errors.New("this server does not speak parley.v1")

// HandshakeError is an upgrade that was refused.
type HandshakeError struct {
	Status int           // of HTTP
	Text   string        // what the server, or one in front of it, had to say; it may be HTML
	Retry  time.Duration // it said to wait so long; 0 if it did not
}

func (e *HandshakeError) Error() string {
	text := fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Text != "" && !strings.HasPrefix(e.Text, "<") {
		text += ": " + e.Text
	}
	return text
}

// CloseError is a connection that the server ended, and why.
type CloseError struct {
	Code   protocol.CloseCode
	Reason string
}

func (e *CloseError) Error() string {
	text := fmt.Sprintf("the server closed the connection with %d", e.Code)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// dial opens a connection as whoever the client is.
func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	if c.options.Token != nil {
		token, err := c.options.Token(ctx)
		if err != nil {
			return nil, fmt.Errorf("get the token: %w", err)
		}
		c.token = token
		return c.upgrade(ctx, token, "")
	}
	c.mu.Lock()
	pass, name := c.pass, c.name
	c.mu.Unlock()
	conn, err := c.upgrade(ctx, pass, name)
	var refused *HandshakeError
	if pass != "" && errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		// The pass has expired, or the server has another key: there is no way back to
		// that guest, so a new one comes in.
		c.mu.Lock()
		c.pass, c.dirty = "", true
		c.mu.Unlock()
		return c.upgrade(ctx, "", name)
	}
	return conn, err
}

func (c *Client) upgrade(ctx context.Context, token, name string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	header := http.Header{}
	if c.options.UserAgent != "" {
		header.Set("User-Agent", c.options.UserAgent)
	}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	u := *c.url
	if name != "" {
		query := u.Query()
		query.Set("name", name)
		u.RawQuery = query.Encode()
	}
	conn, answer, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{ //nolint:bodyclose // websocket closes it
		HTTPClient:   c.options.HTTPClient,
		HTTPHeader:   header,
		Subprotocols: []string{protocol.Subprotocol},
	})
	switch {
	case err == nil && conn.Subprotocol() != protocol.Subprotocol:
		_ = conn.CloseNow()
		return nil, ErrNotParley
	case err == nil:
		conn.SetReadLimit(maxFrameBytes)
		return conn, nil
	case answer != nil && answer.StatusCode != http.StatusSwitchingProtocols:
		return nil, handshakeError(answer)
	case answer != nil:
		return nil, ErrNotParley // it switches to something else
	case ctx.Err() != nil:
		return nil, fmt.Errorf("no answer within %s: %w", dialTimeout, ctx.Err())
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err // without the URL, which the caller knows
	}
	return nil, fmt.Errorf("connect: %w", err)
}

func handshakeError(answer *http.Response) *HandshakeError {
	body, _ := io.ReadAll(answer.Body) // websocket keeps its first 1,024 bytes
	e := &HandshakeError{Status: answer.StatusCode, Text: strings.TrimSpace(string(body))}
	if seconds, err := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 16); err == nil {
		e.Retry = time.Duration(seconds) * time.Second
	}
	return e
}

// socketURL is the address of the WebSocket where address may be that of the page.
func socketURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("parse the address: %w", err)
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "ws"
	case "https", "wss":
		u.Scheme = "wss"
	default:
		return nil, fmt.Errorf("address %s: want http, https, ws or wss", u.Redacted())
	}
	if u.Hostname() == "" || u.User != nil {
		return nil, fmt.Errorf("address %s: want a host, and no user", u.Redacted())
	}
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	return u, nil
}
