package client

import (
	"context"
	"time"

	"github.com/parley-chat/parley/protocol"
)

// The methods below ask the server, and wait for its answer. Those whose command
// has fields that may be missing take the protocol's struct, the others its fields.
// The server's refusal is a *protocol.Error, and its Code says which; protocol.
// Commands lists those that each command may meet. rate_limited is none of them:
// the client waits, and asks again.

// Leave ends the presence in a room, and its events.
func (c *Client) Leave(ctx context.Context, room string) error {
	name := roomName(room)
	c.mu.Lock()
	c.unjoin(name)
	delete(c.stored, name)
	c.dirty = true
	c.mu.Unlock()
	err := c.now(ctx, "leave", protocol.Leave{Room: name})
	if refusal := refused(err); refusal != nil && refusal.Code == protocol.CodeNotJoined {
		return nil
	}
	return err
}

// Edit gives a message of one's own another text.
func (c *Client) Edit(ctx context.Context, room string, message protocol.Seq, text string) (protocol.Written, error) {
	return do[protocol.Written](ctx, c, "edit", protocol.Edit{Room: roomName(room), Seq: message, Text: text})
}

// Delete takes a message's text away for good.
func (c *Client) Delete(ctx context.Context, room string, message protocol.Seq) (protocol.Written, error) {
	return do[protocol.Written](ctx, c, "delete", protocol.Delete{Room: roomName(room), Seq: message})
}

// React puts an emoji on a message.
func (c *Client) React(ctx context.Context, room string, message protocol.Seq, emoji string) (protocol.Written, error) {
	return do[protocol.Written](ctx, c, "react", protocol.React{Room: roomName(room), Seq: message, Emoji: emoji})
}

// Unreact takes one's own emoji off a message.
func (c *Client) Unreact(ctx context.Context, room string, message protocol.Seq, emoji string) (protocol.Written, error) {
	return do[protocol.Written](ctx, c, "unreact", protocol.React{Room: roomName(room), Seq: message, Emoji: emoji})
}

// Topic says what a room is about; empty for nothing.
func (c *Client) Topic(ctx context.Context, room, text string) (protocol.Written, error) {
	return do[protocol.Written](ctx, c, "topic", protocol.Topic{Room: roomName(room), Text: text})
}

// History gets a page of a room's events. The room need not be joined.
func (c *Client) History(ctx context.Context, page protocol.History) (protocol.Page, error) {
	page.Room = roomName(page.Room)
	return do[protocol.Page](ctx, c, "history", page)
}

// Search finds messages that have all the words, newest first.
func (c *Client) Search(ctx context.Context, search protocol.Search) (protocol.Found, error) {
	search.Room = roomName(search.Room)
	return do[protocol.Found](ctx, c, "search", search)
}

// Rooms gets the rooms that there are.
func (c *Client) Rooms(ctx context.Context) ([]protocol.RoomSummary, error) {
	list, err := do[protocol.RoomList](ctx, c, "rooms", protocol.Rooms{})
	return list.Rooms, err
}

// Read moves the user's read mark in a room forward.
func (c *Client) Read(ctx context.Context, room string, upTo protocol.Seq) (protocol.Marked, error) {
	return do[protocol.Marked](ctx, c, "read", protocol.Read{Room: roomName(room), Seq: upTo})
}

// Typing says that the user is writing something in a joined room. Without a
// connection nobody needs to know, and it does nothing.
func (c *Client) Typing(ctx context.Context, room string) error {
	return c.now(ctx, "typing", protocol.Typing{Room: roomName(room)})
}

// now does what is about this connection: without one, it is nothing.
func (c *Client) now(ctx context.Context, name string, fields any) error {
	body, err := encode(name, fields)
	if err != nil {
		return err
	}
	c.mu.Lock()
	idle := !c.connected && c.err == nil
	c.mu.Unlock()
	if idle {
		return nil
	}
	_, err = wait[protocol.Nothing](ctx, c, &command{name: name, once: true, body: func() []byte { return body }})
	return err
}

// Rename gives a guest another name.
func (c *Client) Rename(ctx context.Context, name string) (protocol.User, error) {
	renamed, err := do[protocol.Renamed](ctx, c, "rename", protocol.Rename{Name: name})
	if err != nil {
		return protocol.User{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.name, c.dirty = renamed.User.Name, true
	if renamed.Pass != "" {
		c.pass = renamed.Pass
	}
	return renamed.User, nil
}

// Revoke ends what a user was let in with until now, or one token, on every node: one's
// own, or as an admin anybody's. One who revokes themself is closed behind the answer, so
// that Run ends, unless Options.Token has another token by then.
func (c *Client) Revoke(ctx context.Context, what protocol.Revoke) error {
	_, err := do[protocol.Nothing](ctx, c, "revoke", what)
	return err
}

// Ping measures how long the server takes to answer.
func (c *Client) Ping(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	_, err := do[protocol.Pong](ctx, c, "ping", protocol.Ping{})
	return time.Since(start), err
}
